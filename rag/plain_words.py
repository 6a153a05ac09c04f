"""Says what a passage says, in a sentence that no model wrote."""

from __future__ import annotations

from collections.abc import Sequence

from core.orders import without_orders
from core.products import Product
from rag.excerpt import excerpt
from rag.exchange import Passage
from rag.prompts import price_text

ABOUT_CHARS = 220


def told(passage: Passage, question: str) -> str:
    """One source's facts for a question, cited: what a product costs, what a policy says."""
    text = excerpt(without_orders(passage.text), question, ABOUT_CHARS).strip()
    if passage.product is None:
        return f"{passage.heading or passage.title}: {_ended(text)} [{passage.number}]"
    facts = ", ".join(part for part in (price_text(passage.product), stock_text(passage)) if part)
    named = f"{passage.title}: {facts}." if facts else f"{passage.title}."
    return " ".join(part for part in (named, _ended(text), f"[{passage.number}]") if part)


def listed(passages: Sequence[Passage]) -> str:
    """Sources named one after the other, each with its price and its number."""
    return "; ".join(map(_named, passages)) + "." if passages else ""


def stock_text(passage: Passage) -> str:
    """How many there are, as a shopper reads it; empty where that is not known."""
    product = passage.product
    if product is None or product.stock is None:
        return ""
    return f"{product.stock} in stock" if product.stock > 0 else "out of stock"


def _named(passage: Passage) -> str:
    parts: Sequence[str] = (passage.heading,)
    if isinstance(passage.product, Product):
        parts = (price_text(passage.product), stock_text(passage))
    facts = ", ".join(part for part in parts if part)
    return (
        f"{passage.title} ({facts}) [{passage.number}]"
        if facts
        else (f"{passage.title} [{passage.number}]")
    )


def _ended(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else f"{text.rstrip(';:, ')}."
