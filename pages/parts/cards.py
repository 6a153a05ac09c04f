"""A product as a card: picture, title, price, stock, and why it is here."""

from __future__ import annotations

import re
from collections.abc import Collection

from core.products import Product
from core.values import Value
from pages.parts import words
from pages.parts.escape import html, one_line
from pages.parts.pictures import picture, web_address
from rag.exchange import Passage

MAX_VALUES = 3
_CHIP_CHARACTERS = 34
_WORD = re.compile(r"\w{3,}")
_SHORTEST = 4
_MENTIONS = 3


def card(
    passage: Passage, product: Product, question: str, key: str, hosts: Collection[str]
) -> str:
    """One card.

    Args:
        passage: What was found of the product.
        product: The product as it was then.
        question: The shopper's words.
        key: Names the source, to open it by.
        hosts: Servers that pictures may come from.
    """
    return (
        '<li class="sk-card">'
        f"{picture(product, hosts)}"
        f"{source_number(passage, key)}"
        f'<div class="sk-title" dir="auto" title="{html(product.title)}">'
        f"{_title(passage, product, key)}</div>"
        f"{price_and_stock(product)}{_reasons(passage, product, question)}"
        "</li>"
    )


def source_number(passage: Passage, key: str) -> str:
    """The number that opens a source."""
    label = html(f"Source {passage.number}: {passage.title}")
    return (
        f'<button type="button" class="sk-number" data-source="{html(key)}" '
        f'aria-haspopup="dialog" aria-label="{label}">{passage.number}</button>'
    )


def price_and_stock(product: Product) -> str:
    """What it costs and what is left, told by a sign and in words, not by colour alone."""
    price = words.price(product.price, product.currency) or "Price on request"
    left = words.stock(product.stock)
    mark = "sk-out" if product.stock is not None and product.stock <= 0 else "sk-in"
    stock = f'<div class="sk-stock {mark}">{html(left)}</div>' if left else ""
    return f'<div class="sk-price">{html(price)}</div>{stock}'


def _title(passage: Passage, product: Product, key: str) -> str:
    address, title = web_address(product.url), html(product.title)
    if address:
        return f'<a href="{html(address)}" target="_blank" rel="noopener noreferrer">{title}</a>'
    return f'<button type="button" class="sk-bare" data-source="{html(key)}">{title}</button>'


def _reasons(passage: Passage, product: Product, question: str) -> str:
    """What fits the question first, each with a tick; then a few other values."""
    fits = [
        f'<li class="sk-chip sk-fits" dir="auto">{html(one_line(text, _CHIP_CHARACTERS))}</li>'
        for text in passage.matched[: MAX_VALUES + 1]
    ]
    others = [
        f'<li class="sk-chip" dir="auto" title="{html(name)}: {html(text)}">'
        f"{html(one_line(text, _CHIP_CHARACTERS))}</li>"
        for name, text in matching_values(product, question)
        if not _told(text, passage.matched)
    ]
    chips = [*fits, *others][: MAX_VALUES + 1]
    why = "" if fits else _mentions(passage, question)
    drawn = f'<ul class="sk-chips" aria-label="Why it fits">{"".join(chips)}</ul>' if chips else ""
    return drawn + why


def _told(text: str, matched: tuple[str, ...]) -> bool:
    value = text.rpartition(": ")[2].casefold()
    return any(value in fit.casefold() for fit in matched)


def _mentions(passage: Passage, question: str) -> str:
    """The words of the question that stand in what was found."""
    said = {word.casefold() for word in _WORD.findall(f"{passage.title} {passage.text}")}
    asked = dict.fromkeys(_WORD.findall(question))
    shared = [
        word
        for word in asked
        if len(word) >= _SHORTEST and word.casefold() in said and word.casefold() not in _COMMON
    ]
    if not shared:
        return ""
    listed = html(one_line(", ".join(shared[:_MENTIONS]), 60))
    return f'<div class="sk-why" dir="auto">Mentions {listed}</div>'


def matching_values(product: Product, question: str) -> list[tuple[str, str]]:
    """The few values worth showing, those that the question speaks of first."""
    asked = set(_WORD.findall(question.lower()))
    shown = [_shown(name.replace("_", " "), value) for name, value in product.values.items()]
    matches = [bool(asked & set(_WORD.findall(f"{n} {t}".lower()))) for n, t in shown]
    order = sorted(range(len(shown)), key=lambda at: not matches[at])
    return [shown[at] for at in order if shown[at][1]][:MAX_VALUES]


def _shown(name: str, value: Value) -> tuple[str, str]:
    """A value as it is told on a card: numbers and yes or no mean nothing without their name."""
    text = value_text(value)
    bare = isinstance(value.value, str | list)
    return name, text if bare or not text else f"{name}: {text}"


def value_text(value: Value) -> str:
    """A value with its unit."""
    return f"{value.text()} {value.unit}" if value.unit else value.text()


def field_name(name: str) -> str:
    """A field's name for people: ``seo_title`` is “Seo title”."""
    spaced = name.replace("_", " ").strip()
    return spaced[:1].upper() + spaced[1:]


#: Words that say nothing about a product, though they may stand in its text.
_COMMON = frozenset(
    {
        "about",
        "also",
        "anything",
        "best",
        "cost",
        "does",
        "from",
        "good",
        "have",
        "into",
        "just",
        "like",
        "many",
        "more",
        "most",
        "much",
        "need",
        "only",
        "other",
        "over",
        "show",
        "some",
        "something",
        "than",
        "that",
        "their",
        "them",
        "there",
        "these",
        "they",
        "this",
        "under",
        "very",
        "want",
        "what",
        "when",
        "where",
        "which",
        "will",
        "with",
        "would",
        "your",
    }
)
