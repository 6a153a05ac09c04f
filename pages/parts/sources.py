"""The sources of an answer as HTML: product cards and passages of policies.

Everything from the catalog and the documents is escaped; images are never
fetched, a tidy placeholder stands in for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

from core.products import Product
from pages.parts import words
from pages.parts.escape import html, one_line
from rag.exchange import Kind, Passage

MAX_VALUES = 3
_WORD = re.compile(r"\w{3,}")
_SHADES = 5


def sources_html(passages: Sequence[Passage], question: str = "") -> str:
    """Product cards in a row, then the policy passages under each other."""
    cards = [_card(p, p.product, question) for p in passages if p.product is not None]
    policies = [_policy(p) for p in passages if p.product is None]
    row = f'<ul class="sk-cards" aria-label="Products">{"".join(cards)}</ul>' if cards else ""
    return f'<div class="sk-sources">{row}{"".join(policies)}</div>'


def _card(passage: Passage, product: Product, question: str) -> str:
    return (
        '<li class="sk-card">'
        f"{_placeholder(product)}"
        f'<span class="sk-number">{passage.number}</span>'
        f'<div class="sk-title" title="{html(product.title)}">{html(product.title)}</div>'
        f"{_price_and_stock(product)}{_values(product, question)}"
        "</li>"
    )


def _placeholder(product: Product) -> str:
    """The product's initial on a shade that its department always has."""
    initial = next((letter for letter in product.title if letter.isalnum()), "·").upper()
    shade = crc32((product.department or "").encode()) % _SHADES
    return f'<div class="sk-thumb sk-shade-{shade}" aria-hidden="true">{html(initial)}</div>'


def _price_and_stock(product: Product) -> str:
    price = words.price(product.price, product.currency) or "Price on request"
    left = words.stock(product.stock)
    mark = "sk-out" if product.stock == 0 else "sk-in"
    stock = f'<div class="sk-stock {mark}">{html(left)}</div>' if left else ""
    return f'<div class="sk-price">{html(price)}</div>{stock}'


def _values(product: Product, question: str) -> str:
    chips = "".join(
        f'<span class="sk-chip" title="{html(name)}: {html(text)}">'
        f"{html(one_line(text, 28))}</span>"
        for name, text in matching_values(product, question)
    )
    return f'<div class="sk-chips">{chips}</div>' if chips else ""


def matching_values(product: Product, question: str) -> list[tuple[str, str]]:
    """The few values worth showing, those that the question speaks of first."""
    asked = set(_WORD.findall(question.lower()))
    named = [(name.replace("_", " "), value.text()) for name, value in product.values.items()]
    shown = [
        (name, text if text not in ("yes", "no") else f"{name}: {text}") for name, text in named
    ]
    matches = [bool(asked & set(_WORD.findall(f"{n} {t}".lower()))) for n, t in shown]
    order = sorted(range(len(shown)), key=lambda at: not matches[at])
    return [shown[at] for at in order if shown[at][1]][:MAX_VALUES]


def _policy(passage: Passage) -> str:
    return (
        '<details class="sk-policy"><summary>'
        f'<span class="sk-number">{passage.number}</span>'
        f"<span><b>{html(passage.title)}</b>{_heading(passage)}</span></summary>"
        f"<p>{html(passage.text)}</p></details>"
    )


def _heading(passage: Passage) -> str:
    """The path inside the document, without the title that stands before it."""
    parts = [part.strip() for part in passage.heading.split(">")]
    path = " › ".join(part for part in parts if part and part != passage.title)
    return f" · {html(path)}" if path else ""


def tip_html(passage: Passage) -> str:
    """What a citation shows when it is pointed at or tapped."""
    if passage.kind is Kind.PRODUCT and passage.product is not None:
        product = passage.product
        facts = (words.price(product.price, product.currency), words.stock(product.stock))
        below = " · ".join(fact for fact in facts if fact)
    else:
        below = passage.heading
    return (
        f"<b>{html(passage.title)}</b>"
        f'<span class="sk-tip-facts">{html(below)}</span>'
        f"<span>{html(one_line(passage.text, 260))}</span>"
    )
