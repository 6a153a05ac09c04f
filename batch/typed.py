"""What a person typed, as a value of its field."""

from __future__ import annotations

from typing import Any

from batch.answers import MAX_ITEMS, coerce
from batch.fields import Field, FieldType
from batch.normal.kinds import Kind, kind_of
from batch.normal.measures import measure
from core.errors import ValueRefused
from core.values import Scalar

#: Choices named in a message.
_NAMED = 12


def typed(field: Field, given: Any) -> Scalar | None:
    """The value that was typed; None where the field was emptied.

    Raises:
        ValueRefused: The field does not take it; the message says what it takes.
    """
    found = coerce((field,), {field.name: given})
    value = found.values.get(field.name)
    refused = isinstance(given, list) and len(given) > MAX_ITEMS
    if value is not None and kind_of(field) is Kind.MEASURE:
        value = measure(value, field.unit, {}, ()).value
        refused = refused or value is None
    if found.flags or refused:
        raise ValueRefused(f"“{field.name}” takes {allowed(field)}.")
    if value is None and field.required:
        raise ValueRefused(f"“{field.name}” is required, so it cannot be empty.")
    return None if value is None else value.value


def allowed(field: Field) -> str:
    """What a field takes, in words: ``one of red, blue``."""
    some = ", ".join(field.choices[:_NAMED])
    if len(field.choices) > _NAMED:
        some += f" and {len(field.choices) - _NAMED} more"
    match field.type:
        case FieldType.NUMBER:
            unit = f" of {field.unit}" if field.unit else ""
            return f"one number{unit}, such as 12.5"
        case FieldType.BOOLEAN:
            return "yes or no"
        case FieldType.CHOICE:
            return f"one of {some}"
        case FieldType.LIST:
            at_most = f"at most {MAX_ITEMS} texts"
            return f"{at_most}, each one of {some}" if some else at_most
    return "text"
