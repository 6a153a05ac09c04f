"""Numbers of a question with what stands around them: sign, unit, words of comparison.

Knows nothing of the shop: which field a number is about is told elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.units import unit_at
from rag.limit_words import AFTER, AND, BEFORE, BETWEEN, NUMBER, Limits, limits_of
from rag.shop_words import COUNTED
from rag.stated import in_figures, number_of

_ANY = rf"(?P<minus>minus\s+|(?<!\w)[-−])?(?P<number>{NUMBER}|\b(?:{'|'.join(COUNTED)})\b)"
_MEASURE = re.compile(
    rf"(?:(?<!\w)(?:{BEFORE}|(?P<between>{BETWEEN}))\s*(?:(?:the|a|of)\s+)?)?{_ANY}", re.IGNORECASE
)
_OTHER_END = re.compile(rf"\s*(?:{AND})\s*(?P<number>{NUMBER})", re.IGNORECASE)
_AFTER = re.compile(rf"\s*{AFTER}(?!\w)", re.IGNORECASE)
_DEGREES = re.compile(r"\s*degrees?\b(?:\s*(?P<scale>celsius|fahrenheit|[cf])\b)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a question with what stands around it."""

    value: float
    other: float | None
    unit: str
    limits: Limits | None
    start: int
    end: int
    written: str


def numbers(question: str) -> Iterator[Number]:
    """The numbers of a question, in the order in which they are said."""
    for found in _MEASURE.finditer(question):
        start, end = found.span()
        value, other = _value(found), None
        ending = _OTHER_END.match(question, end) if found["between"] else None
        if ending:
            other, end = number_of(ending["number"]), ending.end()
        elif found["between"]:
            start = found.start("minus") if found["minus"] else found.start("number")
        unit, end = _unit(question, end)
        after = _AFTER.match(question, end)
        limits = limits_of(after or found, value)
        end = after.end() if after else end
        written = question[found.start("number") : end].strip()
        yield Number(value, other, unit, limits, start, end, written)


def _value(found: re.Match[str]) -> float:
    number = found["number"].lower()
    value = COUNTED[number] if number in COUNTED else number_of(number)
    return -value if found["minus"] else value


def _unit(question: str, at: int) -> tuple[str, int]:
    if degrees := _DEGREES.match(question, at):
        fahrenheit = (degrees["scale"] or "c")[0].lower() == "f"
        return "degree_Fahrenheit" if fahrenheit else "degree_Celsius", degrees.end()
    found = unit_at(question, at)
    if found is None or question[found[1] : found[1] + 1].isalnum():
        return "", at
    return found


def shown(number: Number) -> str:
    """A number as it was written, without words of comparison after it."""
    sign = "−" if number.value < 0 else ""
    bare = _AFTER.sub("", number.written).strip()
    return sign + (bare if number.unit else in_figures(abs(number.value)))
