"""Between a field set and a model: the form of its answer, and what it is worth.

Knows no model and no prompt; an answer comes in as a mapping.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from batch.fields import Field, FieldSet, FieldType
from batch.numbers import only_number
from core.values import Scalar

MAX_ITEMS = 8
MAX_ITEM = 60
MAX_TEXT = 200
MAX_LONG_TEXT = 400

_NOTHING_WORDS = """
    n/a|n.a.|none|null|nil|unknown|unspecified|not specified|not stated|not available|
    not applicable|not mentioned|not provided|-|--|–|—|?
"""
_NOTHING = frozenset(word.strip() for word in _NOTHING_WORDS.split("|"))
_YES = frozenset(["yes", "true", "y", "1", "ja", "oui", "sí", "si"])
_NO = frozenset(["no", "false", "n", "0", "nein", "non"])
# Databases refuse NUL, and UTF-8 a lone half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


class _Refused(ValueError):
    """A value that does not fit its field; the text says why, without the field's name."""


def answer_schema(fields: FieldSet, *, sparse: bool = False) -> dict[str, Any]:
    """JSON schema of an answer, for constrained decoding.

    Every field has to be there, in order; one without a value is blank or
    null. A small model that may leave fields out leaves out what it should
    have found, and servers put the fields that must be there first.

    Args:
        fields: What is asked for.
        sparse: Fields without a value are left out, which is shorter; for
            a model that has been shown how.
    """
    return {
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if field.required or not sparse],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    if field.type is FieldType.NUMBER or field.type is FieldType.BOOLEAN:
        return {"type": [str(field.type), "null"]}
    if field.type is FieldType.LIST:
        item = {"enum": list(field.choices)} if field.choices else {"maxLength": MAX_ITEM}
        return {"type": "array", "items": {"type": "string"} | item, "maxItems": MAX_ITEMS}
    if field.choices:
        return {"type": ["string", "null"], "enum": [*field.choices, None]}
    long = field.name.casefold().startswith(("seo", "description"))
    return {"type": "string", "maxLength": MAX_LONG_TEXT if long else MAX_TEXT}


def coerce(fields: FieldSet, answer: Mapping[str, Any]) -> tuple[dict[str, Scalar], list[str]]:
    """The answer's values with their fields' types, and what is wrong with it.

    Values that do not fit are left out and named; blanks ("", "n/a", null)
    are left out.

    Returns:
        Values by field name in the order of the fields, and problems as short
        phrases such as ``colour: "teal" is not one of the choices``.
    """
    given = {key.strip().casefold(): value for key, value in answer.items()}
    known = {field.name.casefold() for field in fields}
    values: dict[str, Scalar] = {}
    problems: list[str] = []
    for field in fields:
        try:
            value = _value(field, given.get(field.name.casefold()), problems)
        except _Refused as refused:
            problems.append(f"{field.name}: {refused}")
            continue
        if value is not None:
            values[field.name] = value
        elif field.required:
            problems.append(f"{field.name}: required but missing")
    problems += [
        f"{key}: not one of the fields" for key in answer if key.strip().casefold() not in known
    ]
    return values, problems


def _value(field: Field, raw: Any, problems: list[str]) -> Scalar | None:
    if field.type is FieldType.LIST and raw is not None:
        return _items(field, raw, problems)
    if isinstance(raw, Mapping):
        raise _Refused("an object is not a value")
    if isinstance(raw, list):
        raw = ", ".join(str(item) for item in raw if not _blank(field, item))
    if _blank(field, raw):
        return None
    match field.type:
        case FieldType.NUMBER:
            return _number(raw)
        case FieldType.BOOLEAN:
            return _boolean(raw)
        case FieldType.CHOICE:
            return _choice(field, raw)
        case _:
            return _words(raw)


def _blank(field: Field, raw: Any) -> bool:
    if raw is None:
        return True
    if not isinstance(raw, str):
        return False
    text = raw.strip().casefold()
    # "None" may be one of the choices, and then it is an answer.
    chosen = any(text == choice.casefold() for choice in field.choices)
    return not text or (text in _NOTHING and not chosen)


def _words(raw: Any) -> str:
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return " ".join(_UNSTORABLE.sub("", str(raw)).split())


def _number(raw: Any) -> float:
    words = _words(raw)
    if isinstance(raw, bool):
        raise _Refused(f"{words} is not a number")
    try:
        number = float(raw) if isinstance(raw, int | float) else only_number(words)
    except (ValueError, OverflowError) as error:
        raise _Refused(f'"{words}" is not one number') from error
    if not math.isfinite(number):
        raise _Refused(f"{words} is not a number")
    return number


def _boolean(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = _words(raw).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _Refused(f'"{_words(raw)}" is neither yes nor no')


def _choice(field: Field, raw: Any) -> str:
    word = _words(raw)
    for choice in field.choices:
        if choice.casefold() == word.casefold():
            return choice
    raise _Refused(f'"{word}" is not one of the choices')


def _items(field: Field, raw: Any, problems: list[str]) -> list[str] | None:
    """The items that fit, once each; one that does not fit never costs the others."""
    if isinstance(raw, Mapping):
        raise _Refused("an object is not a list")
    items: list[Any] = raw if isinstance(raw, list) else re.split(r"[,;\n]", str(raw))
    kept: dict[str, str] = {}
    for item in items:
        if isinstance(item, Mapping | list):
            problems.append(f"{field.name}: its items must be texts")
        elif not _blank(field, item):
            try:
                word = _choice(field, item) if field.choices else _words(item)
                kept.setdefault(word.casefold(), word)
            except _Refused as refused:
                problems.append(f"{field.name}: {refused}")
    return list(kept.values())[:MAX_ITEMS] or None
