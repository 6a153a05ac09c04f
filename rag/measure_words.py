"""Reads measures out of a question: "under 3 kg", "sleeps four", "SPF 50", "a 2 litre kettle".

A number becomes a condition only where it is clear which field it is about:
its unit fits one field only, or the words beside it name the field. Otherwise
the words are searched for like any others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from core.facts import Filter
from rag.limit_words import Limits
from rag.number_fields import NEAR, PEOPLE, fields_of, in_field_unit
from rag.number_words import Number, numbers, shown
from rag.shop_words import Word, keys_of, listed, words_of
from rag.stated import Reading, in_figures, overlaps
from rag.vocabulary import Vocabulary

#: Words of the same thought, before a number and after it.
_LEADING = listed("sleep weigh last hold carry support can that which family group")
_FOLLOWING = listed("tall high long wide deep across life")
#: At least as much is wanted by who says that something holds or lasts so much.
_AT_LEAST = listed("hold carry support last")
_AGE = re.compile(
    r"\b(?P<number>\d{1,2})[- ](?P<unit>year|month)s?[- ]olds?\b|\baged?\s+(?P<years>\d{1,2})\b",
    re.IGNORECASE,
)
#: Nobody asks for more numbers at once.
MOST_NUMBERS = 20


def measures(
    question: str, vocabulary: Vocabulary, taken: Sequence[Reading]
) -> tuple[list[Reading], bool]:
    """The measures that a question asks for, and whether it is clear what each is of.

    Args:
        question: In the shopper's words.
        vocabulary: The shop's words.
        taken: What was read before, such as prices: their numbers are no measures.
    """
    readings, clear = list(_ages(question, vocabulary)), True
    if not vocabulary.numeric:
        return readings, clear
    words = words_of(question)
    for number in islice(numbers(question), MOST_NUMBERS):
        if overlaps(number.start, number.end, [*taken, *readings]):
            continue
        fields = fields_of(number, words, vocabulary)
        if len(fields) == 1:
            readings.extend(_reading(number, fields[0], words, vocabulary))
        clear = clear and len(fields) < 2
    return readings, clear


def _reading(
    number: Number, field: str, words: list[Word], vocabulary: Vocabulary
) -> Iterator[Reading]:
    converted = in_field_unit(number.value, number.unit, field, vocabulary)
    if converted is None:
        return
    value, unit = converted
    start = _start(number, field, words)
    limits = number.limits or _implied(number, value, words, field)
    low = high = None
    if number.other is not None:
        other = in_field_unit(number.other, number.unit, field, vocabulary)
        low, high = sorted((value, other[0] if other else value))
        label = f"{in_figures(number.value)} to {number.written.rpartition(' and ')[2]}"
    else:
        low = _limit(limits.low, number, field, vocabulary)
        high = _limit(limits.high, number, field, vocabulary)
        label = limits.words.format(shown(number))
    label = f"{field.replace('_', ' ')}: {label}"
    condition = Filter(field, low=low, high=high, strict=limits.strict, unit=unit, label=label)
    end = _end(number, field, words)
    yield Reading(condition, start, end, describes=number.limits is None)


def _limit(limit: float | None, number: Number, field: str, vocabulary: Vocabulary) -> float | None:
    converted = None if limit is None else in_field_unit(limit, number.unit, field, vocabulary)
    return converted[0] if converted else None


def _implied(number: Number, value: float, words: list[Word], field: str) -> Limits:
    """The limits of a number that is said without words of comparison."""
    before = {word.key for word in words if word.end <= number.start}
    if number.unit and before & _AT_LEAST:
        return Limits(number.value, None, False, "from {}")
    if number.unit.startswith("degree"):
        return Limits(None, number.value, False, "down to {}")
    near = abs(number.value) * NEAR if number.unit else 0.0
    return Limits(number.value - near, number.value + near, False, "{}")


def _start(number: Number, field: str, words: list[Word]) -> int:
    """Where the words begin, those before the number that only lead up to it included."""
    keys = {*keys_of(field), *_LEADING}
    start = number.start
    for word in reversed([word for word in words if word.end <= number.start]):
        if word.key not in keys and word.key != "of":
            break
        start = start if word.key == "of" else word.start
    return start


def _end(number: Number, field: str, words: list[Word]) -> int:
    """Where the words end, what is counted or measured included: "4 people", "1 m tall"."""
    keys = {*keys_of(field), *PEOPLE, *_FOLLOWING}
    end = number.end
    for word in [word for word in words if word.start >= number.end]:
        if word.key not in keys and word.key != "of":
            break
        end = end if word.key == "of" else word.end
    return end


def _ages(question: str, vocabulary: Vocabulary) -> Iterator[Reading]:
    """For whom it has to be old enough: "for a 3 year old", where there is a youngest age."""
    fields = [name for name in vocabulary.numeric if {"age", "from"} <= set(keys_of(name))]
    fields += [name for name in vocabulary.numeric if {"age", "min"} <= set(keys_of(name))]
    found = _AGE.search(question) if fields else None
    if found is None:
        return
    age = float(found["number"] or found["years"])
    unit = found["unit"] or "year"
    converted = in_field_unit(age, unit.lower(), fields[0], vocabulary)
    if converted:
        label = f"for age {in_figures(age)}" + (" months" if unit.lower() == "month" else "")
        condition = Filter(fields[0], high=converted[0], unit=converted[1], label=label)
        yield Reading(condition, *found.span(), describes=True)
