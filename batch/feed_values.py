"""A merchant's cells in the form that feeds want: addresses, prices, availability, codes.

Each function reads one cell and never fails; what it cannot read is left out.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision

from batch.cells import parse_price, parse_stock, plain_text
from batch.normal.money import currency_of

_NEXT_ADDRESS = re.compile(r"[\s,;|]+(?=(?:https?:)?//)")
_ADDRESS = re.compile(r"(https?:)?//[^\s<>\"]+\.?[^\s<>\"]*", re.IGNORECASE)
_THERE = re.compile(
    r"\b(in[\s_-]*stock|available|yes|true|auf lager|lieferbar|verfügbar|vorrätig|ja|"
    r"en stock|disponible|disponibile|op voorraad|sí|oui)\b",
    re.IGNORECASE,
)
_LATER = {"pre": "preorder", "back": "backorder"}
_LATER_WORD = re.compile(r"\b(pre|back)[\s_-]*order", re.IGNORECASE)
_GTIN_DIGITS = (8, 12, 13, 14)


def addresses(cell: str) -> tuple[str, ...]:
    """The full web addresses of a cell that may hold several."""
    found = []
    for part in _NEXT_ADDRESS.split(cell.strip()):
        address = part.strip(" ,;|").replace(" ", "%20")
        if _ADDRESS.fullmatch(address):
            found.append(f"https:{address}" if address.startswith("//") else address)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def amount(cell: str) -> tuple[Decimal | None, str | None]:
    """A price and the ISO 4217 code that is written beside it, where one certainly is."""
    number, sign = parse_price(cell)
    return number, currency_of(sign) if sign else None


def money(cell: str, currency: str) -> str:
    """An amount with its code, such as ``1299.00 EUR``; empty where either is not known.

    Args:
        cell: The price as the merchant wrote it.
        currency: What it is in, where the price itself does not say.
    """
    number, written = amount(cell)
    code = written or currency_of(currency)
    if number is None or code is None:
        return ""
    return f"{number:.{get_currency_precision(code)}f} {code}"


def availability(cell: str) -> str:
    """What Google calls the state of a stock: ``in_stock``, ``out_of_stock``, …"""
    if later := _LATER_WORD.search(cell):
        return _LATER[later[1].lower()]
    stock = parse_stock(cell)
    if stock is not None:
        return "in_stock" if stock else "out_of_stock"
    return "in_stock" if _THERE.search(cell.replace("_", " ")) else ""


def gtin(cell: str) -> str:
    """A global trade item number whose check digit is right."""
    digits = re.sub(r"[\s-]", "", cell)
    if not (digits.isascii() and digits.isdigit() and len(digits) in _GTIN_DIGITS):
        return ""
    weighted = (int(one) * (3 if at % 2 else 1) for at, one in enumerate(reversed(digits)))
    return digits if sum(weighted) % 10 == 0 else ""


def text(cell: str, limit: int = 0) -> str:
    """The words of a cell, without HTML; cut at a word where they are longer than the limit."""
    words = plain_text(cell)
    if not limit or len(words) <= limit:
        return words
    cut = words[:limit]
    return cut[: cut.rfind(" ")].rstrip() if " " in cut[limit // 2 :] else cut
