"""The sources of an answer as HTML: product cards, then passages of policies.

Everything from the catalog and the documents is escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pages.parts import words
from pages.parts.cards import card, source_number
from pages.parts.escape import html, one_line
from rag.exchange import Kind, Passage

_EXCERPT_CHARACTERS = 170
NEAR = "Not what you asked for, but near"


def source_key(message_id: str, number: int) -> str:
    """Names a source of an answer, as the page's script hands it back to open it."""
    return f"{message_id}/{number}"


def sources_html(
    passages: Sequence[Passage],
    question: str = "",
    *,
    message_id: str = "",
    near: bool = False,
    hosts: Collection[str] = (),
) -> str:
    """Product cards in a row, then the policy passages under each other.

    Args:
        passages: In the order to draw.
        question: What was asked, to say why they fit.
        message_id: The answer they belong to.
        near: They are only near to what was asked for.
        hosts: Servers that pictures may come from.
    """
    keyed = [(passage, source_key(message_id, passage.number)) for passage in passages]
    cards = [card(p, p.product, question, key, hosts) for p, key in keyed if p.product is not None]
    policies = [_policy(p, key) for p, key in keyed if p.product is None]
    row = (
        f'<ul class="sk-cards" aria-label="Products" tabindex="0">{"".join(cards)}</ul>'
        if cards
        else ""
    )
    told = f'<p class="sk-near">{NEAR}</p>' if near and passages else ""
    return f'<div class="sk-sources">{told}{row}{"".join(policies)}</div>'


def _policy(passage: Passage, key: str) -> str:
    return (
        f'<section class="sk-policy">{source_number(passage, key)}'
        f'<div><div class="sk-policy-title" dir="auto"><b>{html(passage.title)}</b>'
        f"{heading(passage)}</div>"
        f'<p dir="auto">{html(one_line(passage.text, _EXCERPT_CHARACTERS))}</p></div></section>'
    )


def heading(passage: Passage) -> str:
    """The path inside the document, without the title that stands before it."""
    parts = [part.strip() for part in passage.heading.split(">")]
    path = " › ".join(part for part in parts if part and part != passage.title)
    return f" · {html(path)}" if path else ""


def tip_html(passage: Passage) -> str:
    """What a citation shows when it is pointed at."""
    if passage.kind is Kind.PRODUCT and passage.product is not None:
        product = passage.product
        facts = (words.price(product.price, product.currency), words.stock(product.stock))
        below = " · ".join(fact for fact in facts if fact)
    else:
        below = passage.heading
    return (
        f'<b dir="auto">{html(passage.title)}</b>'
        f'<span class="sk-tip-facts">{html(below)}</span>'
        f'<span dir="auto">{html(one_line(passage.text, 260))}</span>'
    )
