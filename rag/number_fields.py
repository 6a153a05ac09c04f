"""Which field of the shop a number of a question is about, and the number in that field's unit.

Its unit fits one field only, or the words beside it name the field; otherwise it
is about none of them, or may be about several.
"""

from __future__ import annotations

from functools import lru_cache

from core.units import convert, unit_named
from rag.number_words import Number
from rag.plain_speech import CHATTER
from rag.shop_words import Word, keys_of, listed
from rag.vocabulary import Vocabulary

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
PEOPLE = listed("people person man adult berth camper personen personne persona")
_SLEEPING = listed("sleep tent berth bed camping")
_PEOPLE_FIELDS = listed("sleep people person berth seat serve")
#: A measure without words of comparison is met by what comes near it, as a part of it.
NEAR = 0.05
#: Words to either side of a number among which a field's name is looked for.
_REACH = 3


def fields_of(number: Number, words: list[Word], vocabulary: Vocabulary) -> list[str]:
    """The fields that a number may be of; one when it is clear, none when it is of none.

    Args:
        number: The number.
        words: All words of the question that it stands in.
        vocabulary: The shop's words.
    """
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
    if (after and after[0].key in PEOPLE) or last[-1:] == ["sleep"]:
        return True
    ends = not after or after[0].key in CHATTER
    return ends and (last[-1:] == ["for"] or last in (["family", "of"], ["group", "of"]))


def _fits(name: str, unit: str, vocabulary: Vocabulary) -> bool:
    units = [unit_named(one) for one in vocabulary.fields[name].units if one]
    return any(one is not None and _is_convertible(unit, one) for one in units)


@lru_cache(1024)
def _is_convertible(unit: str, to: str) -> bool:
    return convert(1.0, unit, to) is not None


def _within(number: Number, fields: list[str], vocabulary: Vocabulary) -> bool:
    """Whether a number without words of comparison is one that the field may have."""
    if number.limits or number.other is not None or not fields:
        return True
    facts = vocabulary.fields[fields[0]]
    converted = in_field_unit(number.value, number.unit, fields[0], vocabulary)
    if converted is None or facts.low is None or facts.high is None:
        return False
    return facts.low * (1 - NEAR) <= converted[0] <= facts.high * (1 + NEAR)


def in_field_unit(
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
