"""From words to the allowed value that they mean; what is not clearly one of them is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.fuzz import ratio

from batch.normal.kinds import Form
from batch.words import words

#: "Men's" is "mens".
_OWNER = re.compile(r"(?<=\w)['’]s\b")
#: How alike a slip and the choice that it means are, of 100.
ALIKE = 88.0
#: How much less alike the next choice has to be.
MARGIN = 8.0
#: Below so many letters, one slip makes another word.
FEWEST_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Match:
    """The choice that words mean.

    Attributes:
        choice: The allowed value, as it is allowed.
        sure: Whether the words are the choice's own, up to their spelling and form.
    """

    choice: str
    sure: bool


def match(text: str, choices: Sequence[str], forms: Sequence[Form] = ()) -> Match | None:
    """The choice that a text means.

    Tried in turn, and only a single choice counts: the same up to case; the
    same words; singular or plural; the same in a form of the field's kind
    ("Medium" is "M"); alike but for a slip; the only choice whose words stand in the
    text ("navy blue wool" is "Navy blue").

    Args:
        text: As it was answered.
        choices: The allowed values.
        forms: See :func:`batch.normal.kinds.forms_of`.

    Returns:
        None where no choice, or more than one, can be meant.
    """
    text = _OWNER.sub("s", text)
    wanted = words(text)
    same: list[Callable[[str], bool]] = [
        lambda choice: choice.casefold() == text.casefold(),
        lambda choice: bool(wanted.all) and words(choice).compact == wanted.compact,
        lambda choice: bool(wanted.all) and words(choice).stems == wanted.stems,
    ]
    for looks_same in same:
        if found := _only(filter(looks_same, choices)):
            return Match(found, sure=True)
    for form in forms:
        if found := _same_in(form, text, choices):
            return Match(found, sure=True)
    found = _alike(text, choices) or _within(text, choices)
    return Match(found, sure=False) if found else None


def _only(found: Iterable[str]) -> str | None:
    all_of_them = list(found)
    return all_of_them[0] if len(all_of_them) == 1 else None


def _same_in(form: Form, text: str, choices: Sequence[str]) -> str | None:
    wanted = form(text)
    return _only(one for one in choices if form(one) == wanted) if wanted else None


def _alike(text: str, choices: Sequence[str]) -> str | None:
    wanted = words(text)
    if len(wanted.compact) < FEWEST_LETTERS or any(word.is_number for word in wanted.all):
        return None
    alike = sorted((ratio(wanted.compact, words(one).compact), one) for one in choices)
    best, choice = alike[-1]
    next_best = alike[-2][0] if len(alike) > 1 else 0.0
    return choice if best >= ALIKE and best - next_best >= MARGIN else None


def _within(text: str, choices: Sequence[str]) -> str | None:
    there = words(text)
    found = [one for one in choices if any(there.places(words(one)))]
    # Of "navy" and "navy blue", the longer one is meant.
    longest = [
        one
        for one in found
        if not any(one != other and any(words(other).places(words(one))) for other in found)
    ]
    return _only(longest)
