"""Reads prices out of a question: "boots under $150" is no matter of similarity.

Only what is surely about money. Currencies are not converted: a limit in one
that the shop sells in is about the goods sold in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.facts import PRICE, Filter
from rag.limit_words import AFTER, AND, BEFORE, BETWEEN, NUMBER, limits_of
from rag.query import FieldFacts
from rag.stated import Reading, in_figures, number_of

_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_SHOWN = {code: sign for sign, code in _SIGNS.items()}
_CODES = {
    "dollar": "USD",
    "dollars": "USD",
    "dólares": "USD",
    "bucks": "USD",
    "euro": "EUR",
    "euros": "EUR",
    "pound": "GBP",
    "pounds": "GBP",
    "quid": "GBP",
    "franken": "CHF",
    "kronor": "SEK",
    **{
        code.lower(): code
        for code in [
            "USD",
            "EUR",
            "GBP",
            "JPY",
            "INR",
            "CHF",
            "CAD",
            "AUD",
            "SEK",
            "NOK",
            "DKK",
            "PLN",
        ]
    },
}
_SIGN = r"(?:us|ca|au)?[$€£¥₹]"
_WORD = rf"(?:{'|'.join(sorted(_CODES, key=len, reverse=True))})\b|[$€£¥₹]"
_AMOUNT = rf"(?:(?P<sign{{n}}>{_SIGN})\s?)?(?P<number{{n}}>{NUMBER})(?:\s?(?P<word{{n}}>{_WORD}))?"
#: Between the words and the number.
_THE = r"\s*(?:(?:the|a|of|price of|los|les|den)\s+)?"
#: A bare number must end the thought, else it may be kilograms or litres.
_GOES_ON = "and|or|for|that|which|please|in|with|und|oder|et|ou|y|o|e"
_ENDS = rf"(?P<ends>(?=\s*(?:$|[?!.,;)]|(?:{_GOES_ON})\b)))?"
_LIMIT = re.compile(
    rf"(?<![\w$€£]){BEFORE}{_THE}{_AMOUNT.format(n='')}(?!\w)(?!\s?%)(?:\s+{AFTER}(?!\w))?{_ENDS}",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(rf"(?<![\w.,]){_AMOUNT.format(n='')}\s?{AFTER}(?!\w)", re.IGNORECASE)
_RANGE = re.compile(
    rf"(?<![\w$€£])(?P<between>(?:{BETWEEN})\s+)?{_AMOUNT.format(n='1')}\s*(?:{AND})\s*"
    rf"{_AMOUNT.format(n='2')}(?!\w)",
    re.IGNORECASE,
)
#: Before a bare number, which then is no price.
_NOT_MONEY = re.compile(
    r"\b(?:age|ages|aged|size|sizes|spf|people|persons|sleeps|weighs|holds|eu|uk|us)\W*$",
    re.IGNORECASE,
)
#: A bare number far below everything in the shop is no price.
_FAR_BELOW = 0.5


def prices(question: str, facts: FieldFacts | None) -> list[Reading]:
    """The price limits that a question states.

    Args:
        question: In the shopper's words.
        facts: What prices the shop has; None where it has none.
    """
    price = facts or FieldFacts(PRICE)
    ranges = list(_ranges(question, price))
    readings = [*ranges]
    for pattern in (_LIMIT, _AFTERWARDS):
        for found in pattern.finditer(question):
            if any(found.start() < one.end and one.start < found.end() for one in readings):
                continue
            if reading := _limit(found, question, price):
                readings.append(reading)
    return readings


def _ranges(question: str, price: FieldFacts) -> Iterator[Reading]:
    for found in _RANGE.finditer(question):
        code = _code(found, "1") or _code(found, "2")
        if not code or _is_weight(found["word2"], price):
            continue
        low, high = sorted((number_of(found["number1"]), number_of(found["number2"])))
        unit = _unit(code, price)
        label = f"{_shown(low, code, price)} to {_shown(high, code, price)}"
        yield Reading(
            Filter(PRICE, low=low, high=high, unit=unit, label=label), found.start(), found.end()
        )


def _limit(found: re.Match[str], question: str, price: FieldFacts) -> Reading | None:
    number, code = number_of(found["number"]), _code(found, "")
    limits = limits_of(found, number)
    if limits is None or _is_weight(found["word"], price):
        return None
    if not code and not _may_be_price(found, question, number, price):
        return None
    label = limits.words.format(_shown(number, code, price))
    condition = Filter(
        PRICE,
        low=limits.low,
        high=limits.high,
        strict=limits.strict,
        unit=_unit(code, price),
        label=label,
    )
    return Reading(condition, found.start(), found.end())


def _may_be_price(found: re.Match[str], question: str, number: float, price: FieldFacts) -> bool:
    said = found.groupdict()
    if said.get("ends") is None or said.get("around") or price.low is None:
        return False
    return number >= price.low * _FAR_BELOW and not _NOT_MONEY.search(question[: found.start()])


def _is_weight(word: str | None, price: FieldFacts) -> bool:
    """Whether "pounds" are no money, as in a shop that sells in dollars."""
    return (word or "").lower().startswith("pound") and "GBP" not in price.units


def _code(found: re.Match[str], which: str) -> str:
    """The currency that stands with an amount; empty without one."""
    if sign := found[f"sign{which}"]:
        return _SIGNS[sign[-1]]
    word = (found[f"word{which}"] or "").lower()
    return _SIGNS.get(word) or _CODES.get(word, "")


def _unit(code: str, price: FieldFacts) -> str:
    """The currency as the shop writes it, where it sells in it; "$" is also another dollar."""
    if code in price.units or not code:
        return code
    dollars = [unit for unit in price.units if code == "USD" and unit.endswith("D")]
    return dollars[0] if len(dollars) == 1 else ""


def _shown(number: float, code: str, price: FieldFacts) -> str:
    if not code and len(price.units) == 1:
        (code,) = price.units
    sign, figures = _SHOWN.get(code), in_figures(number)
    if sign:
        return f"{sign}{figures if number == int(number) else f'{number:,.2f}'}"
    return f"{figures} {code}".strip()
