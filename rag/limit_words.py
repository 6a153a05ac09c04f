"""How shoppers say that a number is a limit, in the languages in which they do most.

One table for money and for measures; the words are matched without regard to
case, as they are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.stated import alternatives

#: The limit itself is left out by these.
_UNDER = """
    under|below|less than|cheaper than|lighter than|smaller than|shorter than|fewer than|lower than
    |not over|unter|weniger als|billiger als|günstiger als|leichter als|moins de|moins cher que
    |à moins de|sous|menos de|por menos de|por debajo de|más barato que|meno di|a meno di|sotto i
    |sotto ai|sotto|minder dan|onder|onder de|goedkoper dan|abaixo de|por menos de|<
"""
_UP_TO = """
    up to|at most|no more than|not more than|maximum|maximum of|max|max.|within|budget of
    |budget is|bis|bis zu|höchstens|maximal|jusqu'à|jusqu’à|au maximum|hasta|como máximo
    |fino a|al massimo|massimo|tot|hoogstens|até|no máximo|<=
"""
_OVER = """
    over|above|more than|greater than|heavier than|longer than|bigger than|larger than|exceeding
    |über|mehr als|teurer als|plus de|más de|por encima de|più di|oltre|meer dan|boven|mais de
    |acima de|>
"""
_FROM = """
    at least|from|starting at|minimum|minimum of|min|no less than|not less than|mindestens|ab
    |à partir de|au moins|desde|al menos|a partir de|almeno|vanaf|minstens|pelo menos|>=
"""
_AROUND = """
    around|about|roughly|approximately|approx|approx.|circa|ca.|ca|~|environ|autour de|etwa
    |ungefähr|alrededor de|unos|intorno a|ongeveer|rond|cerca de
"""
_BETWEEN = "between|from|zwischen|von|entre|de|tra|fra|da|tussen|van"
_AND = "and|to|und|bis|et|à|y|a|e|en|tot|–|-"
#: After the number.
_OR_LESS = """
    or less|or under|or below|or lighter|or smaller|or cheaper|or fewer|or colder|or cooler|maximum
    |max|oder weniger|ou moins|o menos|o meno|of minder|ou menos|at most|at the most
"""
_OR_MORE = """
    or more|or over|or above|or heavier|or bigger|or larger|or longer|or warmer|or higher|and up
    |and more|minimum|oder mehr|ou plus|o más|o più|of meer|ou mais|at least|+
"""

UNDER, UP_TO, OVER, FROM, AROUND = map(alternatives, (_UNDER, _UP_TO, _OVER, _FROM, _AROUND))
BETWEEN, AND, OR_LESS, OR_MORE = map(alternatives, (_BETWEEN, _AND, _OR_LESS, _OR_MORE))
BEFORE = (
    rf"(?:(?P<under>{UNDER})|(?P<up_to>{UP_TO})|(?P<over>{OVER})|(?P<from_>{FROM})"
    rf"|(?P<around>{AROUND}))"
)
AFTER = rf"(?:(?P<or_less>{OR_LESS})|(?P<or_more>{OR_MORE}))"
NUMBER = r"\d(?:[\d.,]*\d)?"
#: How far "around" goes to either side, as a part of the number.
NEARLY = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Lowest and highest number that are meant, and how that is said.

    Attributes:
        words: With ``{}`` for the number, such as ``under {}``.
    """

    low: float | None
    high: float | None
    strict: bool
    words: str


def limits_of(found: re.Match[str], number: float) -> Limits | None:
    """The limits that the words around a number state; None for none.

    Args:
        found: A match of an expression with :data:`BEFORE` and :data:`AFTER` in it.
        number: The number.
    """
    said = {name for name, text in found.groupdict().items() if text}
    if "around" in said:
        near = abs(number) * NEARLY
        return Limits(round(number - near, 6), round(number + near, 6), False, "around {}")
    if said & {"up_to", "or_less"}:
        return Limits(None, number, False, "up to {}")
    if said & {"from_", "or_more"}:
        return Limits(number, None, False, "from {}")
    if "under" in said:
        return Limits(None, number, True, "under {}")
    return Limits(number, None, True, "over {}") if "over" in said else None
