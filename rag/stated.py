"""What was read out of a question's words: a condition, and where it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.facts import Filter

#: Nothing is asked for in higher numbers.
HIGHEST = 1e12


@dataclass(frozen=True, slots=True)
class Reading:
    """A condition that some words of a question state.

    Attributes:
        start: Where the words begin in the question.
        end: One past their last character.
        describes: Whether the words also say what the thing is like, so that a search by
            words is better with them.
    """

    condition: Filter
    start: int
    end: int
    describes: bool = False


def alternatives(words: str) -> str:
    """A regular expression for any of the phrases that ``|`` separates, the longest first."""
    phrases = sorted((" ".join(phrase.split()) for phrase in words.split("|")), key=len)
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in reversed(phrases))


def overlaps(start: int, end: int, readings: Iterable[Reading]) -> bool:
    """Whether any of these readings stands on some of these characters."""
    return any(start < one.end and one.start < end for one in readings)


def number_of(written: str) -> float:
    """A number as people write it: ``1,500``, ``99.50``, ``1.500,00``."""
    text = re.sub(r"\s", "", written)
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point:
        decimal = point >= 0 or not re.fullmatch(r"\d{1,3}(,\d{3})+", text)
        text = text.replace(".", "").replace(",", "." if decimal else "")
    elif comma >= 0 or text.count(".") > 1:
        text = text.replace(",", "") if comma >= 0 else text.replace(".", "")
    try:
        return min(float(text), HIGHEST)
    except ValueError:
        return min(float(re.sub(r"\D", "", text) or 0), HIGHEST)


def in_figures(number: float) -> str:
    """A number as a shopper reads it: without decimals where it has none."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}".rstrip("0")
