"""Numbers with a unit: found in the row as quantities, and given in the unit of their field.

The unit is read where the number stands, "12 in" in the row, or else in the
column's name, "Weight (kg)"; the model's word for it counts only for a number
that is not in the row at all. The model does no arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from batch.grounding import Span, numbers_in
from batch.numbers import NUMBER, plain
from batch.words import words
from core.units import convert, unit_at, unit_named, unit_of
from core.values import Origin, Value

#: Between the numbers of "240 x 220 cm", which share a unit.
_CHAIN = re.compile(r"(?:\s?[x×*–-]\s?\d[\d.,]*)+")
_SAME = 1e-4

#: What can be doubted about a measure.
NOT_CONVERTIBLE = "The unit does not fit the field"
NO_UNIT = "No unit is stated"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that stands in a text.

    Attributes:
        numbers: What it can mean, the likeliest first.
        unit: pint's name of the unit that stands with it; None where none does.
        span: Where the number stands, to the end of its unit.
        written: The number and its unit as they are written.
    """

    numbers: tuple[float, ...]
    unit: str | None
    span: Span
    written: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure in its field's unit.

    Attributes:
        value: None where the number measures something else.
        doubt: What is to be doubted about it; empty for nothing.
        detail: What is special about that here.
    """

    value: Value | None
    doubt: str = ""
    detail: str = ""


def measure(given: Value, unit: str, row: Mapping[str, str], columns: Sequence[str]) -> Measured:
    """A number in its field's unit, with its place.

    Args:
        given: The number as answered, with the answer's words in ``raw``.
        unit: The field's unit, as a person wrote it.
        row: Cells by column name, as they stand in the catalog.
        columns: Columns the model read, in the order to search.
    """
    to = unit_named(unit)
    wanted = _answered(given, to or "")
    found = _best(wanted, to, unit, row, columns)
    if found is None:
        return _in_unit(replace(given, raw=None), wanted, to, unit)
    column, quantity = found
    value = replace(
        given,
        origin=Origin.STATED,
        column=column,
        start=quantity.span[0],
        end=quantity.span[1],
        raw=None,
    )
    if quantity.unit is None:
        quantity = replace(quantity, unit=_unit_in_name(column, to or ""))
    measured = _in_unit(value, quantity, to, unit)
    if quantity.unit is None and to is not None:
        return replace(measured, doubt=NO_UNIT)
    return measured


def quantities(text: str, like: str = "") -> Iterator[Quantity]:
    """The numbers of a text with the units that they stand with."""
    for (start, end), numbers in numbers_in(text):
        chain = _CHAIN.match(text, end)
        found = unit_at(text, chain.end() if chain else end, like)
        if found is None:
            yield Quantity(numbers, None, (start, end), text[start:end])
        else:
            yield Quantity(numbers, found[0], (start, found[1]), text[start : found[1]])


def _answered(given: Value, like: str) -> Quantity:
    """What the answer says, in the terms of the row."""
    number = given.value if isinstance(given.value, float) else 0.0
    written = given.raw or plain(number)
    found = next(quantities(written, like), None)
    unit = found.unit if found else None
    return Quantity((number,), unit, (0, 0), written)


def _best(
    wanted: Quantity,
    to: str | None,
    unit: str,
    row: Mapping[str, str],
    columns: Sequence[str],
) -> tuple[str, Quantity] | None:
    """The quantity of the row that was meant: rather one that measures what the field does."""
    ranked = [
        (rank, order, column, quantity)
        for order, column in enumerate(columns)
        for quantity in quantities(row.get(column, ""), to or "")
        if (rank := _rank(wanted, quantity, to, unit)) is not None
    ]
    if not ranked:
        return None
    _, _, column, quantity = min(ranked, key=lambda one: (one[0], one[1], one[3].span))
    return column, quantity


def _rank(wanted: Quantity, found: Quantity, to: str | None, unit: str) -> int | None:
    """How well a quantity of the row is what was answered; None for another one."""
    same = wanted.numbers[0] in found.numbers
    if found.unit is None:
        return 2 if same else None
    if to is None or convert(found.numbers[0], found.unit, to) is None:
        return 3 if same else None
    if same:
        return 0
    meant = convert(wanted.numbers[0], wanted.unit or to, to)
    there = convert(found.numbers[0], found.unit, to)
    close = meant is not None and there is not None and abs(meant - there) <= _SAME * abs(there)
    return 1 if close else None


def _in_unit(value: Value, quantity: Quantity, to: str | None, unit: str) -> Measured:
    """The value converted; its number as the row has it, rather than as it was answered."""
    answered = value.value
    number = answered if answered in quantity.numbers else quantity.numbers[0]
    if not isinstance(number, float):
        return Measured(None)
    if quantity.unit is None or to is None:
        return Measured(_with_raw(replace(value, value=number), quantity.written))
    converted = convert(number, quantity.unit, to)
    if converted is None:
        return Measured(None, NOT_CONVERTIBLE, f"“{quantity.written}” is not in {unit}")
    value = replace(value, value=converted)
    same = quantity.unit == to and _number_of(quantity.written) == value.text()
    return Measured(value if same else _with_raw(value, quantity.written))


def _with_raw(value: Value, written: str) -> Value:
    """The value with the words of the row, where they are not the same."""
    return value if written == value.text() else replace(value, raw=written)


def _number_of(written: str) -> str:
    match = NUMBER.search(written)
    return match[0] if match else written


def _unit_in_name(column: str, like: str) -> str | None:
    """The unit that a column's name ends with: "weight_kg", "Weight (kg)"."""
    named = [word.fold for word in words(column.replace("_", " ")).all]
    return unit_of(named[-1], like) if len(named) > 1 else None
