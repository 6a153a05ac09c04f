"""Reads a price limit out of a question: "boots under $150" is no matter of similarity.

Only limits that are surely about money. Currencies are not converted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core.products import Product

NUMBER = r"[$€£]?\s*\d[\d,]*(?:\.\d+)?"
MONEY = r"\s*(?:dollars?|bucks|usd|euros?|eur|pounds?|gbp)\b"
#: A bare number must end the thought, else it may be kilograms or litres.
ENDS = r"\s*(?:$|[?!.,;]|and\b|or\b|for\b|that\b|which\b|please\b)"
BELOW = r"under|below|less than|cheaper than|up to|at most|no more than|maximum(?: of)?|max"
ABOVE = r"over|above|more than|at least|from"
LIMIT = re.compile(
    rf"\b(?P<side>{BELOW}|{ABOVE})\s+(?P<amount>{NUMBER})(?P<money>{MONEY})?(?P<ends>{ENDS})?",
    re.IGNORECASE,
)
BETWEEN = re.compile(rf"\bbetween\s+({NUMBER})\s+and\s+({NUMBER})({MONEY})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PriceLimit:
    """Lowest and highest price asked for; None where there is no such limit."""

    low: Decimal | None = None
    high: Decimal | None = None

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None

    def words(self) -> str:
        """The limits as said of a product within them, such as ``under 150``."""
        low = f"over {self.low}" if self.low is not None else ""
        high = f"under {self.high}" if self.high is not None else ""
        return " and ".join(part for part in (low, high) if part)

    def admits(self, product: Product) -> bool:
        """Whether a product's price is known and within the limits."""
        if product.price is None:
            return not self
        low = self.low is None or product.price >= self.low
        return low and (self.high is None or product.price <= self.high)


def price_limit(question: str) -> PriceLimit:
    """The price limit that a question states; an empty one without any."""
    between = BETWEEN.search(question)
    if between and _is_money(between[1] + between[2], between[3]):
        return PriceLimit(_amount(between[1]), _amount(between[2]))
    low = high = None
    for found in LIMIT.finditer(question):
        if not (_is_money(found["amount"], found["money"]) or found["ends"] is not None):
            continue
        if re.fullmatch(BELOW, found["side"], re.IGNORECASE):
            high = _amount(found["amount"])
        else:
            low = _amount(found["amount"])
    return PriceLimit(low, high)


def _is_money(amounts: str, unit: str | None) -> bool:
    return unit is not None or any(sign in amounts for sign in "$€£")


def _amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", text))
