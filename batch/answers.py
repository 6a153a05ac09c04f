"""Between a field set and a model: the form of its answer, and what it is worth.

Knows no model and no prompt; an answer comes in as a mapping.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batch.fields import Field, FieldSet, FieldType
from batch.flags import Flag
from batch.normal.choices import match
from batch.normal.kinds import forms_of
from batch.numbers import EXPONENT, only_number
from core.values import Value

MAX_ITEMS = 8
MAX_ITEM = 60
MAX_MEASURE = 40
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


#: Why an answer, or a part of one, was left out.
NOT_A_CHOICE = "Not one of the choices"
NOT_A_NUMBER = "Not one number"
NOT_YES_OR_NO = "Neither yes nor no"
NOT_A_VALUE = "Not a single value"
#: Why one that was taken is to be doubted.
MAPPED = "Answered in other words than the choices"


class _Refused(ValueError):
    """A value that does not fit its field: why, and what was answered."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


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
    if field.type is FieldType.NUMBER and field.unit:
        # With its unit, as it is written: turning it into another one is not the model's task.
        return {"type": "string", "maxLength": MAX_MEASURE}
    if field.type is FieldType.NUMBER or field.type is FieldType.BOOLEAN:
        return {"type": [str(field.type), "null"]}
    if field.type is FieldType.LIST:
        item = {"enum": list(field.choices)} if field.choices else {"maxLength": MAX_ITEM}
        return {"type": "array", "items": {"type": "string"} | item, "maxItems": MAX_ITEMS}
    if field.choices:
        return {"type": ["string", "null"], "enum": [*field.choices, None]}
    long = field.name.casefold().startswith(("seo", "description"))
    return {"type": "string", "maxLength": MAX_LONG_TEXT if long else MAX_TEXT}


@dataclass(frozen=True, slots=True)
class Typed:
    """What an answer says, with the types of its fields.

    Attributes:
        values: By field name, in the order of the fields. Of a value that was
            written otherwise ("12 in", a choice in other words), ``raw`` has that.
        flags: What did not fit its field, and what fits only by a guess.
        notes: What else is wrong with the answer, in words.
    """

    values: dict[str, Value]
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()


def coerce(fields: FieldSet, answer: Mapping[str, Any]) -> Typed:
    """The answer's values with their fields' types, and what is wrong with it.

    Values that do not fit are left out and flagged, with what was answered as
    the detail; blanks ("", "n/a", null) are left out.
    """
    given = {key.strip().casefold(): value for key, value in answer.items()}
    known = {field.name.casefold() for field in fields}
    values: dict[str, Value] = {}
    flags: list[Flag] = []
    for field in fields:
        try:
            value = _value(field, given.get(field.name.casefold()), flags)
        except _Refused as refused:
            flags.append(Flag(field.name, refused.reason, refused.detail))
            continue
        if value is not None:
            values[field.name] = value
    unknown = [key for key in answer if key.strip().casefold() not in known]
    notes = [f"{_words(key)[:MAX_ITEM]}: not one of the fields" for key in unknown]
    return Typed(values, tuple(flags), tuple(notes))


def _value(field: Field, raw: Any, flags: list[Flag]) -> Value | None:
    if field.type is FieldType.LIST and raw is not None:
        return _items(field, raw, flags)
    if isinstance(raw, Mapping):
        raise _Refused(NOT_A_VALUE)
    if isinstance(raw, list):
        raw = ", ".join(str(item) for item in raw if not _blank(field, item))
    if _blank(field, raw):
        return None
    match field.type:
        case FieldType.NUMBER:
            return _with_unit(raw) if field.unit else Value(_number(raw))
        case FieldType.BOOLEAN:
            return Value(_boolean(raw))
        case FieldType.CHOICE:
            return _choice(field, raw, flags)
        case _:
            return Value(_words(raw))


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
    try:
        if isinstance(raw, bool):
            raise ValueError
        number = float(raw) if isinstance(raw, int | float) else only_number(words)
    except (ValueError, OverflowError) as error:
        raise _Refused(NOT_A_NUMBER, words) from error
    if not math.isfinite(number):
        raise _Refused(NOT_A_NUMBER, words)
    return number


def _with_unit(raw: Any) -> Value:
    """The number of "12 in", with those words; what its unit means is not known here."""
    words = _words(raw)
    number = _number(EXPONENT.sub(r"\1", words) if isinstance(raw, str) else raw)
    return Value(number, raw=words)


def _boolean(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = _words(raw).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _Refused(NOT_YES_OR_NO, _words(raw))


def _choice(field: Field, raw: Any, flags: list[Flag]) -> Value:
    word = _words(raw)
    if word in field.choices:
        return Value(word)
    found = match(word, field.choices, forms_of(field))
    if found is None:
        raise _Refused(NOT_A_CHOICE, word)
    if not found.sure:
        flags.append(Flag(field.name, MAPPED, word))
    return Value(found.choice, raw=word)


def _items(field: Field, raw: Any, flags: list[Flag]) -> Value | None:
    """The items that fit, once each; one that does not fit never costs the others."""
    if isinstance(raw, Mapping):
        raise _Refused(NOT_A_VALUE)
    items: list[Any] = raw if isinstance(raw, list) else re.split(r"[,;\n]", str(raw))
    kept: dict[str, str] = {}
    written: list[str] = []
    for item in items:
        if isinstance(item, Mapping | list):
            flags.append(Flag(field.name, NOT_A_VALUE))
        elif not _blank(field, item):
            try:
                value = _choice(field, item, flags) if field.choices else Value(_words(item))
            except _Refused as refused:
                flags.append(Flag(field.name, refused.reason, refused.detail))
                continue
            kept.setdefault(value.text().casefold(), value.text())
            written.append(value.raw or value.text())
    found = list(kept.values())[:MAX_ITEMS]
    as_written = ", ".join(written)
    mapped = bool(field.choices) and as_written != ", ".join(kept.values())
    return Value(found, raw=as_written if mapped else None) if found else None
