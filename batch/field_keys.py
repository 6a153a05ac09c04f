"""The keys of a field as a file has them: each one read, checked, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from batch.normal.money import currency_of
from core.errors import FieldsError
from core.units import unit_named

MAX_NAME = 60
MAX_UNIT = 20
KEYS = ("name", "type", "manner", "unit", "description", "examples", "choices", "required")
_UNIT = re.compile(r"[^\W\d][\w²³^*/. -]*|[%°]\w*")
#: What the registry of units reads as something else, and what to write instead.
_MISREAD = {"pcs": "Leave it out: pieces are plain numbers."}


class FieldType(StrEnum):
    """What kind of value a field holds."""

    TEXT = "text"  #: words, as short as the field allows
    NUMBER = "number"  #: one number without its unit
    BOOLEAN = "boolean"  #: yes or no
    CHOICE = "choice"  #: exactly one of the field's choices
    LIST = "list"  #: several short texts, of the field's choices if it has any


#: Kinds of value that may have allowed values.
WITH_CHOICES = (FieldType.CHOICE, FieldType.LIST)


class Manner(StrEnum):
    """How a value comes to be."""

    COPY = "copy"  #: taken from the row exactly as it is written there
    WRITE = "write"  #: in the model's own words


def read_item(position: int, item: Any) -> dict[str, Any]:
    """What a field file says of one field, every part of it checked.

    Args:
        position: Its place in the file, from 1.
        item: What stands there.

    Raises:
        FieldsError: It is no usable field; the message names it and its place.
    """
    if not isinstance(item, Mapping):
        raise FieldsError(f'Field {position} must be an object such as {{"name": "color"}}.')
    name = _name(position, item)
    where = f"Field {position} (“{name}”)"
    if unknown := [str(key) for key in item if key not in KEYS]:
        raise FieldsError(
            f"{where} has an unknown key “{unknown[0]}”. Known are {', '.join(KEYS)}."
        )
    kind = _type(where, item.get("type", FieldType.TEXT))
    return {
        "name": name,
        "type": kind,
        "manner": _manner(where, item.get("manner")),
        "unit": _unit(where, kind, item.get("unit")),
        "description": _text(where, "description", item.get("description")),
        "examples": _texts(where, "examples", item.get("examples")),
        "choices": _choices(where, kind, item.get("choices")),
        "required": _required(where, item.get("required", False)),
    }


def _name(position: int, item: Mapping[str, Any]) -> str:
    name = item.get("name")
    if not isinstance(name, str) or not name.strip():
        raise FieldsError(f"Field {position} has no name.")
    name = " ".join(name.split())
    if len(name) > MAX_NAME:
        raise FieldsError(
            f"Field {position} (“{name[:20]}…”): a name has at most {MAX_NAME} characters, "
            f"this one has {len(name)}."
        )
    return name


def _type(where: str, value: Any) -> FieldType:
    try:
        return FieldType(value)
    except ValueError as error:
        known = ", ".join(FieldType)
        raise FieldsError(f"{where} has an unknown type “{value}”. Known are {known}.") from error


def _manner(where: str, value: Any) -> Manner | None:
    if value is None or value == "":
        return None
    try:
        return Manner(value)
    except ValueError as error:
        raise FieldsError(
            f"{where}: “manner” must be copy (as it is written in the row) or write (in the "
            f"model's own words), not “{value}”."
        ) from error


def _unit(where: str, kind: FieldType, value: Any) -> str:
    unit = _text(where, "unit", value)
    if not unit:
        return ""
    if kind is not FieldType.NUMBER:
        raise FieldsError(
            f"{where} has the unit “{unit}” but is of type {kind}: only a number has a unit."
        )
    if hint := _MISREAD.get(unit.casefold()):
        raise FieldsError(f"{where}: “{unit}” would be taken for another unit. {hint}")
    if len(unit) > MAX_UNIT or not _known_unit(unit):
        raise FieldsError(
            f"{where}: “{unit}” is not a unit that is known. Write one such as cm, kg, litre, "
            "W, percent or EUR, or leave it out for a plain number."
        )
    return unit


def _known_unit(unit: str) -> bool:
    written = bool(_UNIT.fullmatch(unit)) and unit_named(unit) is not None
    return written or currency_of(unit) is not None


def _text(where: str, key: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldsError(f"{where}: “{key}” must be text.")
    return value.strip()


def _texts(where: str, key: str, value: Any) -> tuple[str, ...]:
    """Different texts, none of them blank."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise FieldsError(f"{where}: “{key}” must be a list of texts.")
    return tuple(dict.fromkeys(each.strip() for each in value if each.strip()))


def _choices(where: str, kind: FieldType, value: Any) -> tuple[str, ...]:
    choices = _texts(where, "choices", value)
    if kind is FieldType.CHOICE and not choices:
        raise FieldsError(f"{where} is a choice without choices. Say what to choose from.")
    if choices and kind not in WITH_CHOICES:
        raise FieldsError(f"{where} has choices but is of type {kind}. Make it a choice or a list.")
    return choices


def _required(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FieldsError(f"{where}: “required” must be true or false.")
    return value
