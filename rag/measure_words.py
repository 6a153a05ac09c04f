"""Reads measures out of a question: "under 3 kg", "sleeps four", "SPF 50", "a 2 litre kettle".

A number becomes a condition only where it is clear which field it is about:
its unit fits one field only, or the words beside it name the field. Otherwise
the words are searched for like any others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from core.facts import Filter
from core.units import convert, unit_at, unit_named
from rag.limit_words import AFTER, AND, BEFORE, BETWEEN, NUMBER, Limits, limits_of
from rag.plain_speech import CHATTER
from rag.shop_words import COUNTED, Word, keys_of, listed, words_of
from rag.stated import Reading, in_figures, number_of, overlaps
from rag.vocabulary import Vocabulary

_ANY = rf"(?P<minus>minus\s+|(?<!\w)[-−])?(?P<number>{NUMBER}|\b(?:{'|'.join(COUNTED)})\b)"
_MEASURE = re.compile(
    rf"(?:(?<!\w)(?:{BEFORE}|(?P<between>{BETWEEN}))\s*(?:(?:the|a|of)\s+)?)?{_ANY}", re.IGNORECASE
)
_OTHER_END = re.compile(rf"\s*(?:{AND})\s*(?P<number>{NUMBER})", re.IGNORECASE)
_AFTER = re.compile(rf"\s*{AFTER}(?!\w)", re.IGNORECASE)
_DEGREES = re.compile(r"\s*degrees?\b(?:\s*(?P<scale>celsius|fahrenheit|[cf])\b)?", re.IGNORECASE)
#: Of several fields in one unit, the one that is meant when nothing else is said.
_USUAL = listed("weight capacity battery")
#: What is said about things, and the words of field names that it is about.
_SAID = {
    "sleep": "sleep",
    "berth": "sleep",
    "hold": "load capacity",
    "carry": "load capacity",
    "support": "load",
    "weigh": "weight",
    "tall": "height",
    "high": "height",
    "long": "length",
    "wide": "width diameter",
    "deep": "depth",
    "across": "diameter",
    "last": "battery",
    "watt": "power",
    "lumen": "brightness",
    "piece": "piece",
    "cup": "cup serve",
    "serve": "serve",
}
#: How many people it is for; said of fields that count them.
_PEOPLE = listed("people person man adult berth camper personen personne persona")
_SLEEPING = listed("sleep tent berth bed camping")
_PEOPLE_FIELDS = listed("sleep people person berth seat serve")
#: Words of the same thought, before a number and after it.
_LEADING = listed("sleep weigh last hold carry support can that which family group")
_FOLLOWING = listed("tall high long wide deep across life")
#: At least as much is wanted by who says that something holds or lasts so much.
_AT_LEAST = listed("hold carry support last")
_AGE = re.compile(
    r"\b(?P<number>\d{1,2})[- ](?P<unit>year|month)s?[- ]olds?\b|\baged?\s+(?P<years>\d{1,2})\b",
    re.IGNORECASE,
)
#: A measure without words of comparison is met by what comes near it, as a part of it.
_NEAR = 0.05
#: Nobody asks for more numbers at once.
MOST_NUMBERS = 20
#: Words to either side of a number among which a field's name is looked for.
_REACH = 3


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of a question with what stands around it."""

    value: float
    other: float | None
    unit: str
    limits: Limits | None
    start: int
    end: int
    written: str


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
    for number in islice(_numbers(question), MOST_NUMBERS):
        if overlaps(number.start, number.end, [*taken, *readings]):
            continue
        fields = _fields(number, question, words, vocabulary)
        if len(fields) == 1:
            readings.extend(_reading(number, fields[0], words, vocabulary))
        clear = clear and len(fields) < 2
    return readings, clear


def _numbers(question: str) -> Iterator[_Number]:
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
        yield _Number(value, other, unit, limits, start, end, written)


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


def _fields(number: _Number, question: str, words: list[Word], vocabulary: Vocabulary) -> list[str]:
    """The fields that a number may be of; one when it is clear, none when it is of none."""
    before = [word for word in words if word.end <= number.start][-_REACH:]
    after = [word for word in words if word.start >= number.end][:_REACH]
    # The number's own words too: "at least", and units that a field is named after.
    inside = [word for word in words if number.start <= word.start and word.end <= number.end]
    near = {word.key for word in [*before, *after, *inside]}
    if not number.unit:
        return _counting(before, after, words, vocabulary)
    fitting = [name for name in vocabulary.numeric if _fits(name, number.unit, vocabulary)]
    if len(fitting) < 2:
        return fitting if _within(number, fitting, vocabulary) else []
    meant = set().union(*(_SAID.get(key, "").split() for key in near)) | near
    named = [name for name in fitting if not meant.isdisjoint(keys_of(name))]
    if not named and number.unit in ("watt", "lumen"):
        named = fitting
    usual = [name for name in fitting if not _USUAL.isdisjoint(keys_of(name))]
    chosen = named or usual or fitting
    return chosen[:1] if len(named) == 1 or (not named and len(usual) == 1) else chosen


def _counting(
    before: list[Word], after: list[Word], words: list[Word], vocabulary: Vocabulary
) -> list[str]:
    """Fields of bare numbers whose name stands beside it: "SPF 50", "7 pieces", "4-person"."""
    # "The Halden 4 sleep" is no number of sleepers.
    beside = {word.key for word in before[-1:]}
    beside |= {word.key for word in after[:1] if word.key != "sleep"}
    bare = [name for name in vocabulary.numeric if not any(vocabulary.fields[name].units)]
    for name in bare:
        keys = keys_of(name)
        if keys and keys[-1] in beside:
            return [name]
    if not _counts_people(before, after):
        return []
    counting = [name for name in bare if not _PEOPLE_FIELDS.isdisjoint(keys_of(name))]
    sleeping = [name for name in counting if "sleep" in keys_of(name)]
    said = {word.key for word in words}
    return sleeping if sleeping and not _SLEEPING.isdisjoint(said) else counting


def _counts_people(before: list[Word], after: list[Word]) -> bool:
    """Whether a number is one of people: "4 people", "sleeps 4", "for two", "a family of five"."""
    last = [word.key for word in before[-2:]]
    if (after and after[0].key in _PEOPLE) or last[-1:] == ["sleep"]:
        return True
    ends = not after or after[0].key in CHATTER
    return ends and (last[-1:] == ["for"] or last in (["family", "of"], ["group", "of"]))


def _fits(name: str, unit: str, vocabulary: Vocabulary) -> bool:
    units = [unit_named(one) for one in vocabulary.fields[name].units if one]
    return any(one is not None and _is_convertible(unit, one) for one in units)


@lru_cache(1024)
def _is_convertible(unit: str, to: str) -> bool:
    return convert(1.0, unit, to) is not None


def _within(number: _Number, fields: list[str], vocabulary: Vocabulary) -> bool:
    """Whether a number without words of comparison is one that the field may have."""
    if number.limits or number.other is not None or not fields:
        return True
    facts = vocabulary.fields[fields[0]]
    converted = _converted(number.value, number.unit, fields[0], vocabulary)
    if converted is None or facts.low is None or facts.high is None:
        return False
    return facts.low * (1 - _NEAR) <= converted[0] <= facts.high * (1 + _NEAR)


def _converted(
    value: float, unit: str, field: str, vocabulary: Vocabulary
) -> tuple[float, str] | None:
    """A number in a unit in which the field stands, and that unit as the shop writes it."""
    if not unit:
        return value, ""
    for written in sorted(vocabulary.fields[field].units):
        named = unit_named(written) if written else None
        converted = convert(value, unit, named) if named else None
        if converted is not None:
            return converted, written
    return None


def _reading(
    number: _Number, field: str, words: list[Word], vocabulary: Vocabulary
) -> Iterator[Reading]:
    converted = _converted(number.value, number.unit, field, vocabulary)
    if converted is None:
        return
    value, unit = converted
    start = _start(number, field, words)
    limits = number.limits or _implied(number, value, words, field)
    low = high = None
    if number.other is not None:
        other = _converted(number.other, number.unit, field, vocabulary)
        low, high = sorted((value, other[0] if other else value))
        label = f"{in_figures(number.value)} to {number.written.rpartition(' and ')[2]}"
    else:
        low = _limit(limits.low, number, field, vocabulary)
        high = _limit(limits.high, number, field, vocabulary)
        label = limits.words.format(_shown(number))
    label = f"{field.replace('_', ' ')}: {label}"
    condition = Filter(field, low=low, high=high, strict=limits.strict, unit=unit, label=label)
    end = _end(number, field, words)
    yield Reading(condition, start, end, describes=number.limits is None)


def _limit(
    limit: float | None, number: _Number, field: str, vocabulary: Vocabulary
) -> float | None:
    converted = None if limit is None else _converted(limit, number.unit, field, vocabulary)
    return converted[0] if converted else None


def _implied(number: _Number, value: float, words: list[Word], field: str) -> Limits:
    """The limits of a number that is said without words of comparison."""
    before = {word.key for word in words if word.end <= number.start}
    if number.unit and before & _AT_LEAST:
        return Limits(number.value, None, False, "from {}")
    if number.unit.startswith("degree"):
        return Limits(None, number.value, False, "down to {}")
    near = abs(number.value) * _NEAR if number.unit else 0.0
    return Limits(number.value - near, number.value + near, False, "{}")


def _start(number: _Number, field: str, words: list[Word]) -> int:
    """Where the words begin, those before the number that only lead up to it included."""
    keys = {*keys_of(field), *_LEADING}
    start = number.start
    for word in reversed([word for word in words if word.end <= number.start]):
        if word.key not in keys and word.key != "of":
            break
        start = start if word.key == "of" else word.start
    return start


def _end(number: _Number, field: str, words: list[Word]) -> int:
    """Where the words end, what is counted or measured included: "4 people", "1 m tall"."""
    keys = {*keys_of(field), *_PEOPLE, *_FOLLOWING}
    end = number.end
    for word in [word for word in words if word.start >= number.end]:
        if word.key not in keys and word.key != "of":
            break
        end = end if word.key == "of" else word.end
    return end


def _shown(number: _Number) -> str:
    sign = "−" if number.value < 0 else ""
    bare = _AFTER.sub("", number.written).strip()
    return sign + (bare if number.unit else in_figures(abs(number.value)))


def _ages(question: str, vocabulary: Vocabulary) -> Iterator[Reading]:
    """For whom it has to be old enough: "for a 3 year old", where there is a youngest age."""
    fields = [name for name in vocabulary.numeric if {"age", "from"} <= set(keys_of(name))]
    fields += [name for name in vocabulary.numeric if {"age", "min"} <= set(keys_of(name))]
    found = _AGE.search(question) if fields else None
    if found is None:
        return
    age = float(found["number"] or found["years"])
    unit = found["unit"] or "year"
    converted = _converted(age, unit.lower(), fields[0], vocabulary)
    if converted:
        label = f"for age {in_figures(age)}" + (" months" if unit.lower() == "month" else "")
        condition = Filter(fields[0], high=converted[0], unit=converted[1], label=label)
        yield Reading(condition, *found.span(), describes=True)
