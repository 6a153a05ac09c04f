"""A row's values as they go on sale: with their units, and placed in the product's own text.

What a row has is a merchant's cell, often HTML; what shoppers see is its plain
text. A value that is stated is looked for again there, so that its place can
be shown to whoever asks where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from batch.cells import plain_text
from batch.columns import Columns
from batch.fields import FieldSet
from batch.results import ResultRow
from batch.verify import NOT_IN_TEXT
from core.statuses import Review
from core.values import Origin, Value


def shop_values(
    row: ResultRow, fields: FieldSet, columns: Columns, texts: Mapping[str, str]
) -> dict[str, Value]:
    """A row's values for shoppers.

    What should have been copied from the row, is not in it and was approved by
    nobody is left out.

    Args:
        row: A row that is done.
        fields: The fields of the row's product type.
        columns: Which column became the title and which the description.
        texts: The product's own ``title`` and ``description``.
    """
    units = {field.name: field.unit for field in fields if field.unit}
    shown = {columns.title: "title", columns.description: "description"}
    found = {}
    for name, value in _grounded(row):
        if isinstance(value.value, float) and name in units:
            value = replace(value, unit=units[name])
        part = shown.get(value.column) if value.column else None
        found[name] = _placed(value, row.original, part, texts.get(part or "", ""))
    return found


def _grounded(row: ResultRow) -> Iterator[tuple[str, Value]]:
    made_up: dict[str | None, set[str]] = {}
    if row.review is not Review.APPROVED:
        for flag in row.flags:
            if flag.reason == NOT_IN_TEXT:
                made_up.setdefault(flag.field, set()).add(flag.detail)
    for name, value in row.values.items():
        if name not in made_up or value.origin is not Origin.INFERRED:
            yield name, value
        elif isinstance(value.value, list):
            rest = [item for item in value.value if item not in made_up[name]]
            if rest:
                yield name, replace(value, value=rest)


def _placed(value: Value, cells: Mapping[str, str], part: str | None, text: str) -> Value:
    """A stated value at its place in the product's text, or only with its words and column."""
    if value.column is None or value.start is None or value.end is None:
        return value
    cell = cells.get(value.column, "")
    written = plain_text(cell[value.start : value.end])
    kept = replace(value, start=None, end=None, raw=value.raw or written or None)
    if part is None:
        return kept
    before = len(plain_text(cell[: value.start]))
    start = _nearest(text, written, before)
    if start is None:
        return replace(kept, column=part)
    return replace(kept, column=part, start=start, end=start + len(written))


def _nearest(text: str, written: str, expected: int) -> int | None:
    """Where some words stand in a text: of several places the one closest to the expected."""
    places = []
    at = text.find(written) if written else -1
    while at >= 0:
        places.append(at)
        at = text.find(written, at + 1)
    return min(places, key=lambda place: abs(place - expected), default=None)
