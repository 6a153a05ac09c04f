"""Amounts and currencies: what a sign, a code or a name means. Nothing here knows rates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from batch.cells import parse_price
from batch.words import fold
from core.values import Value

#: Languages in which currencies have names here.
LOCALES = ("en", "de", "fr", "es", "it", "nl", "pl", "pt")
#: Short names that the lists of names do not have, or give to several countries.
_SHORT = {"dollars": "USD", "us dollars": "USD", "pounds": "GBP", "euros": "EUR", "yen": "JPY"}
_SIGN = r"(?P<sign>[A-Z]{3}|[A-Z]{0,2}\$|[€£₹₺₽₩₫₪¥]|zł|Kč)"
_BEFORE = re.compile(rf"(?<![A-Za-z]){_SIGN}\s?$")
_AFTER = re.compile(rf"\s?{_SIGN}(?![A-Za-z])")


def currency_of(text: str) -> str | None:
    """The ISO 4217 code that a text means: "€", "eur" and "Schweizer Franken".

    None for what is no currency, and for a sign of several ("$", "¥").
    """
    word = fold(text).strip(" .")
    if word in _SHORT:
        return _SHORT[word]
    if text.strip().upper() in _codes():
        return text.strip().upper()
    _, sign = parse_price(f"1 {text.strip()}")
    return sign if sign in _codes() else _names().get(word)


def currency_beside(cell: str, start: int, end: int) -> str | None:
    """The currency sign or code that stands next to a number, as it is written."""
    before = _BEFORE.search(cell[max(0, start - 5) : start])
    after = _AFTER.match(cell[end : end + 6])
    signs = [match["sign"] for match in (before, after) if match]
    return next((sign for sign in signs if not sign.isalpha() or currency_of(sign)), None)


def may_be(sign: str, code: str) -> bool:
    """Whether a sign or code can mean this currency; "$" is any dollar."""
    known = currency_of(sign)
    return known == code or (known is None and (sign != "$" or code.endswith("D")))


def other_currency(unit: str, found: Value, row: Mapping[str, str]) -> str:
    """The sign beside a stated amount that means another currency than the field's; or "".

    Args:
        unit: The field's currency, as a person wrote it.
        found: The amount with its place.
        row: Cells by column name, as they stand in the catalog.
    """
    code = currency_of(unit)
    if code is None or found.column is None or found.start is None or found.end is None:
        return ""
    sign = currency_beside(row.get(found.column, ""), found.start, found.end)
    return sign if sign and not may_be(sign, code) else ""


@cache
def _codes() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


@cache
def _names() -> dict[str, str]:
    from babel import Locale

    names: dict[str, str] = {}
    for locale in LOCALES:
        for code, name in Locale(locale).currencies.items():
            names.setdefault(fold(str(name)), str(code))
    return names
