"""Says what a passage says, in a sentence that no model wrote."""

from __future__ import annotations

from collections.abc import Sequence

from core.money import price
from core.orders import without_orders
from core.products import Product
from rag.excerpt import excerpt
from rag.exchange import Passage

ABOUT_CHARS = 220


def told(passage: Passage, question: str) -> str:
    """One source's facts for a question, cited: what a product costs, what a policy says."""
    text = excerpt(without_orders(passage.text), question, ABOUT_CHARS).strip()
    if passage.product is None:
        return f"{passage.heading or passage.title}: {_ended(text)} [{passage.number}]"
    facts = ", ".join(_facts(passage.product))
    named = f"{passage.title}: {facts}." if facts else f"{passage.title}."
    return " ".join(part for part in (named, _ended(text), f"[{passage.number}]") if part)


def listed(passages: Sequence[Passage]) -> str:
    """Sources named one after the other, each with its price and its number."""
    return "; ".join(map(_named, passages)) + "." if passages else ""


def stock_text(product: Product) -> str:
    """How many there are, as a shopper reads it; empty where that is not known."""
    if product.stock is None:
        return ""
    return f"{product.stock} in stock" if product.stock > 0 else "out of stock"


def _named(passage: Passage) -> str:
    facts = ", ".join(_facts(passage.product)) if passage.product else passage.heading
    return f"{passage.title}{f' ({facts})' if facts else ''} [{passage.number}]"


def _facts(item: Product) -> list[str]:
    facts = (price(item.price, item.currency), stock_text(item))
    return [fact for fact in facts if fact]


def _ended(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else f"{text.rstrip(';:, ')}."
