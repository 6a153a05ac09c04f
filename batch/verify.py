"""One typed value checked against its row: found there, mended, and in its field's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from batch.fields import Field, FieldType, Manner
from batch.flags import Flag
from batch.grounding import placed
from batch.normal.kinds import FORMS, Kind, forms_of, kind_of
from batch.normal.measures import measure
from batch.normal.money import other_currency
from batch.repair import repair
from batch.words import words
from core.values import Origin, Value

NOT_IN_TEXT = "Not in the product's text"
OTHER_CURRENCY = "Another currency than the field's"
#: Kinds whose single words mean one of them wherever they stand in a text.
_TOLD_BY_WORDS = (Kind.COLOUR, Kind.LANGUAGE)


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of a value.

    Attributes:
        value: With its place, in its field's form; None where it cannot be one.
        flags: What is to be doubted about it.
    """

    value: Value | None
    flags: tuple[Flag, ...] = ()


def verify(field: Field, given: Value, row: Mapping[str, str], columns: Sequence[str]) -> Verified:
    """A value as it goes into the result.

    Args:
        field: What it is a value of.
        given: Typed, as answered.
        row: Cells by column name, as they stand in the catalog.
        columns: Columns the model read, in the order to search.
    """
    match field.type:
        case FieldType.NUMBER:
            verified = _number(field, given, row, columns)
        case FieldType.CHOICE:
            verified = Verified(_choice(field, given, row, columns))
        case FieldType.BOOLEAN:
            verified = Verified(given)
        case _ if field.copied:
            return _copied(field, given, row, columns)
        case _:
            verified = Verified(_in_form(field, placed(given, given.value, row, columns)))
    value = verified.value
    if value and value.origin is Origin.INFERRED and _has_to_be_stated(field):
        flag = Flag(field.name, NOT_IN_TEXT, value.raw or value.text())
        return Verified(value, (*verified.flags, flag))
    return verified


def _has_to_be_stated(field: Field) -> bool:
    """Copied values, and numbers unless the field says that they are worked out."""
    return field.copied or (field.type is FieldType.NUMBER and field.manner is not Manner.WRITE)


def _copied(field: Field, given: Value, row: Mapping[str, str], columns: Sequence[str]) -> Verified:
    """Exactly what the row has, item by item; what it does not have is kept and flagged."""
    items = given.value if isinstance(given.value, list) else [given.text()]
    found = [(item, repair(item, row, columns)) for item in items]
    flags = [Flag(field.name, NOT_IN_TEXT, item) for item, there in found if there is None]
    if not isinstance(given.value, list):
        value = found[0][1] or given
        return Verified(replace(value, confidence=given.confidence), tuple(flags))
    mended = [there.text() if there else item for item, there in found]
    first = found[0][1]
    if flags or first is None:
        return Verified(replace(given, value=mended), tuple(flags))
    return Verified(replace(first, value=mended, confidence=given.confidence))


def _number(field: Field, given: Value, row: Mapping[str, str], columns: Sequence[str]) -> Verified:
    kind = kind_of(field)
    if kind is Kind.MEASURE:
        measured = measure(given, field.unit, row, columns)
        doubts = (Flag(field.name, measured.doubt, measured.detail),) if measured.doubt else ()
        return Verified(measured.value, doubts)
    value = _as_written(placed(replace(given, raw=None), given.value, row, columns), row)
    if kind is Kind.MONEY and (sign := other_currency(field.unit, value, row)):
        return Verified(value, (Flag(field.name, OTHER_CURRENCY, f"{sign}, not {field.unit}"),))
    return Verified(value)


def _as_written(value: Value, row: Mapping[str, str]) -> Value:
    """A stated number with the row's way of writing it, where that is another."""
    if value.column is None:
        return value
    written = row[value.column][value.start : value.end]
    return value if written == value.text() else replace(value, raw=written)


def _choice(field: Field, given: Value, row: Mapping[str, str], columns: Sequence[str]) -> Value:
    """An allowed value, at its own words or at those that mean it: blue at "navy"."""
    for written in filter(None, (given.raw, given.text())):
        found = placed(given, written, row, columns)
        if found.origin is Origin.STATED:
            return found
    if kind_of(field) not in _TOLD_BY_WORDS:
        return given
    for form in forms_of(field):
        meant = form(given.text())
        for column in columns if meant else ():
            cell = row.get(column, "")
            for word in words(cell).all:
                if form(written := cell[word.start : word.end]) == meant:
                    return Value(
                        given.value,
                        Origin.STATED,
                        column,
                        word.start,
                        word.end,
                        raw=written,
                        confidence=given.confidence,
                    )
    return given


def _in_form(field: Field, value: Value) -> Value:
    """A text of the model's own words, or each of a list, in the one spelling of its kind."""
    form = FORMS.get(kind_of(field))
    if form is None or field.choices:
        return value
    if isinstance(value.value, list):
        formed = list(dict.fromkeys(form(item) or item for item in value.value))
        return value if formed == value.value else replace(value, value=formed, raw=value.text())
    text = form(value.text()) or value.text()
    return value if text == value.value else replace(value, value=text, raw=value.text())
