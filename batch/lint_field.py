"""What will go wrong with one field, told in words that a merchandiser acts on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from batch.fields import Field, FieldType, Manner

MANY_CHOICES = 100
#: With so few there is mostly no third case: yes and no, left and right.
FEW_CHOICES = 2
#: How many characters make a token, about; true for English, and near enough to warn.
CHARACTERS_A_TOKEN = 4
_CATCH_ALL = """
    other others none any all unknown unisex misc miscellaneous various mixed andere sonstige
    autre autres otro otros
"""
CATCH_ALL = frozenset(_CATCH_ALL.split())
_EXAMPLE = re.compile(
    r"\b(?:such as|e\. ?g\.|eg\.|for (?:example|instance)|for ex\.|z\. ?b\.|par exemple)|\bex\.:",
    re.I,
)
_UNIT = re.compile(
    r"\b(?:in|as)\s+(mm|cm|m|km|in|inch(?:es)?|ft|feet|g|kg|grams?|kilograms?|kilos|oz|ounces|lbs?|"
    r"pounds?|ml|l|lit(?:er|re)s?|millilit(?:er|re)s?|(?:milli|centi|kilo)?met(?:er|re)s?|watts?|w|"
    r"volts?|v|amps?|hours?|minutes?|seconds?|days|months|years|percent|degrees|lumens?|mah|hz|"
    r"gb|gigabytes?|inches)\b|\b(mm|cm|kg|ml|mah|kwh)\b",
    re.I,
)


def advice(field: Field) -> Iterator[str]:
    """Each thing that is better changed, in a sentence or two that name the field."""
    name = f"“{field.name}”"
    if not field.description:
        yield f"{name} has no description. Say in a sentence what to look for: it helps the most."
    elif found := _EXAMPLE.search(field.description):
        yield (
            f"{name}: small models copy the values that follow “{found.group().strip()}” into "
            "their answers. Move them from the description to the examples."
        )
    yield from _of_unit(name, field)
    yield from _of_manner(name, field)
    yield from _of_choices(name, field)


def written(field: Field) -> bool:
    """Whether its values are the model's own words, so that a product cannot lack them."""
    return field.manner is Manner.WRITE or (field.type is FieldType.TEXT and not field.copied)


def _of_unit(name: str, field: Field) -> Iterator[str]:
    plain = field.type is FieldType.NUMBER and not field.unit
    if plain and (found := _UNIT.search(field.description)):
        unit = found.group(1) or found.group(2)
        yield (
            f"{name} is a number without a unit, but its description speaks of {unit}. Set the "
            "unit, and values in other units are converted."
        )


def _of_manner(name: str, field: Field) -> Iterator[str]:
    if field.required and written(field):
        yield (
            f"{name} is written by the model, so it is never missing in the product. Take "
            "“required” away: it only makes products fail whose answer was cut short."
        )
    if field.manner is Manner.COPY and field.choices:
        yield (
            f"{name} is copied exactly as written, but has allowed values: a product that words "
            "it differently gets none. Take “copy” away, or the allowed values."
        )


def _of_choices(name: str, field: Field) -> Iterator[str]:
    count = len(field.choices)
    if count > MANY_CHOICES:
        tokens = len(", ".join(field.choices)) // CHARACTERS_A_TOKEN
        yield (
            f"{name}: {count} allowed values take about {tokens:,} tokens in every row. Group "
            "them, or give each product type its own shorter list."
        )
    spelt = Counter(choice.casefold() for choice in field.choices)
    for choice in (one for one, times in spelt.items() if times > 1):
        alike = ", ".join(f"“{one}”" for one in field.choices if one.casefold() == choice)
        yield f"{name}: the allowed values {alike} differ only in case. Keep one."
    single = field.type is FieldType.CHOICE and count > FEW_CHOICES
    if single and not any(CATCH_ALL & set(choice.casefold().split()) for choice in field.choices):
        yield (
            f"{name} has no value for a product that fits none of its {count}. Add one, for "
            "instance “other”: without it models tend to pick a wrong one."
        )
