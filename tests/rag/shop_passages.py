"""Passages of a small shop, for tests of what is said about them."""

from __future__ import annotations

from decimal import Decimal

from core.products import Product
from core.values import Value
from rag.exchange import Kind, Passage


def product_passage(number: int, product: Product) -> Passage:
    """A product as a source."""
    return Passage(
        number=number,
        id=f"product:{product.id}",
        kind=Kind.PRODUCT,
        title=product.title,
        heading="",
        text=product.description,
        score=0.5,
        product=product,
    )


TENT = product_passage(
    1,
    Product(
        "t1",
        "Halden 4 Tent",
        "A dome tent that sleeps four people. Moss green.",
        price=Decimal("289.00"),
        currency="USD",
        stock=14,
        values={"weight": Value(4.2, unit="kg"), "material": Value("nylon")},
    ),
)
BOOTS = product_passage(
    2,
    Product(
        "b1",
        "Fell Boots",
        "Waterproof leather hiking boots. IP67. Worn by 3 of 4 guides.",
        price=Decimal("139"),
        currency="USD",
        stock=0,
    ),
)
RETURNS = Passage(
    number=3,
    id="policy:returns#1",
    kind=Kind.POLICY,
    title="Returns",
    heading="Refunds",
    text=(
        "Return within 60 days for a full refund. Shipping is free over $50. "
        "Express | 12.50. Call +1 555 010 0199 or write to help@halden.example, 9:00–17:00. "
        "A restocking fee of 15% applies to opened items."
    ),
    score=0.4,
)
PASSAGES = (TENT, BOOTS, RETURNS)
