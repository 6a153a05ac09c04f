"""A field for a property that was seen in products: a template's, or one told by its values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from batch.field_templates import template, template_names
from batch.field_words import same_name
from batch.fields import Field, FieldType, Manner
from batch.suggest_texts import MEASURES

_NUMBER = re.compile(r"[-+]?\d[\d.,]*")
_MEASURED = re.compile(r"[-+]?\d[\d.,]*\s?([^\W\d]{1,12}|%|°C)")
_YES_NO = frozenset(["yes", "no", "true", "false", "ja", "nein", "oui", "non"])
_UNITS = {unit.casefold(): units[0] for units in MEASURES.values() for unit in units}


def made_field(seen_as: str, values: Sequence[str]) -> Field:
    """The field for a property.

    Args:
        seen_as: What it is mostly called in the products.
        values: What was seen of it.
    """
    name = re.sub(r"[\W_]+", "_", seen_as.casefold()).strip("_")
    return _known(name, values) or _guessed(name, values)


def _known(name: str, values: Sequence[str]) -> Field | None:
    """The field of a template that means the same, where such values fit it."""
    known = [one for kind in template_names() for one in template(kind)]
    # The very name first: "capacity" is nearer to itself than to "volume".
    for each in sorted(known, key=lambda one: one.name != name):
        if same_name(each.name, name) and _fits(each, values):
            return each.model_copy(update={"name": name})
    return None


def _fits(field_: Field, values: Sequence[str]) -> bool:
    if field_.choices:
        allowed = {choice.casefold() for choice in field_.choices}
        return all(value.casefold() in allowed for value in values)
    numeric = all(_NUMBER.match(value) for value in values)
    return numeric == (field_.type is FieldType.NUMBER)


def _guessed(name: str, values: Sequence[str]) -> Field:
    """A field whose kind is told by its values."""
    words = name.replace("_", " ")
    if all(value.casefold() in _YES_NO for value in values):
        text = f"Whether the text says yes or no to {words}."
        return Field(name=name, type=FieldType.BOOLEAN, description=text)
    text = f"The {words} of the product, as the text states it."
    if all(_NUMBER.fullmatch(value) for value in values):
        return Field(name=name, type=FieldType.NUMBER, description=text)
    if unit := _unit(values):
        return Field(name=name, type=FieldType.NUMBER, unit=unit, description=text)
    return Field(name=name, manner=Manner.COPY, description=text)


def _unit(values: Sequence[str]) -> str:
    """The unit of values that are one number each, if they all have one that is known."""
    found = [_MEASURED.fullmatch(value) for value in values]
    units = {_UNITS.get(one.group(1).casefold(), "") if one else "" for one in found}
    return next(iter(units)) if len(units) == 1 else ""
