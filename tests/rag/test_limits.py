from __future__ import annotations

from decimal import Decimal

import pytest

from core.products import Product
from rag.limits import PriceLimit, price_limit


@pytest.mark.parametrize(
    ("question", "low", "high"),
    [
        ("boots under $150?", None, 150),
        ("boots under 150", None, 150),
        ("boots for less than 1,500 dollars", None, 1500),
        ("a tent over €99.50 and under €200", 99.5, 200),
        ("something between $20 and $30 for a child", 20, 30),
        ("boots under 150 for men", None, 150),
        ("a bag under 2 kg", None, None),
        ("mats from 5 cm", None, None),
        ("tents for over 4 people", None, None),
        ("between 5 and 8 litres", None, None),
        ("is it under warranty", None, None),
    ],
)
def test_only_prices_are_limits(question: str, low: float | None, high: float | None) -> None:
    found = price_limit(question)
    assert (found.low and float(found.low), found.high and float(found.high)) == (low, high)


def test_limit_admits_what_is_within() -> None:
    limit = PriceLimit(high=Decimal(150))
    assert limit.admits(Product("a", "A", price=Decimal("150")))
    assert not limit.admits(Product("a", "A", price=Decimal("150.01")))
    assert not limit.admits(Product("a", "A"))
    assert PriceLimit().admits(Product("a", "A"))
    assert limit.words() == "under 150"
    assert PriceLimit(Decimal(20), Decimal(30)).words() == "over 20 and under 30"
