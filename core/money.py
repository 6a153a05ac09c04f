"""Money in words: amounts with their currency, as people write them."""

from __future__ import annotations

from decimal import Decimal

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_NO_DECIMALS = frozenset({"JPY", "KRW", "VND", "CLP"})


def price(amount: Decimal | None, currency: str | None) -> str:
    """Money with its currency; empty when no price is known."""
    if amount is None:
        return ""
    code = (currency or "").strip()
    number = f"{amount:,.0f}" if code in _NO_DECIMALS else f"{amount:,.2f}"
    if code in _SIGNS:
        return f"{_SIGNS[code]}{number}"
    if not code:
        return number
    return f"{number} {code}" if code.isalpha() else f"{code}{number}"


def money(amount: float, currency: str) -> str:
    """What something has cost; never nothing when it was a little."""
    if 0 < amount < 0.01:
        return f"under {price(Decimal('0.01'), currency)}"
    return price(Decimal(str(round(amount, 2))), currency)
