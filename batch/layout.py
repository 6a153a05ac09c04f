"""Which columns a file of results has, and what stands in them.

The catalog's own columns come first, in their order, then one for every field; on
request also where each value came from. Knows nothing of how a file is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from batch.catalog import distinct
from batch.fields import FieldSet, result_columns
from batch.flags import Flag
from batch.results import ResultRow
from core.statuses import RowStatus
from core.values import Value

#: What is told of a whole row, and of each field, beside the values.
ROW_PARTS = ("state", "review", "doubts")
FIELD_PARTS = ("source", "place", "as written", "confidence")

Cell = str | float | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file.

    Attributes:
        columns: The catalog's own, in their order.
        fields: What was extracted.
        added: Field name to the column of its values.
        provenance: Whether it is told where the values came from.
        row_parts: What is told of each row, and in which column.
        field_parts: Field name to the columns for each of :data:`FIELD_PARTS`.
    """

    columns: tuple[str, ...]
    fields: FieldSet
    added: Mapping[str, str]
    provenance: bool
    row_parts: Mapping[str, str]
    field_parts: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        """All columns of a table of texts, from left to right."""
        return [*self.columns, *self.added.values(), *self._told_in()]

    def _told_in(self) -> Iterator[str]:
        if self.provenance:
            yield from self.row_parts.values()
            for columns in self.field_parts.values():
                yield from columns

    def original(self, row: ResultRow) -> list[str]:
        """The merchant's cells."""
        return [row.original.get(column, "") for column in self.columns]

    def values(self, row: ResultRow) -> list[Value | None]:
        """One for each field; none in a row that is not done."""
        if row.status != RowStatus.DONE:
            return [None] * len(self.added)
        return [row.values.get(name) for name in self.added]

    def told(self, row: ResultRow) -> list[Cell]:
        """Where the values came from, if that is to be told."""
        if not self.provenance:
            return []
        cells: list[Cell] = [str(row.status), str(row.review), said(row.flags)]
        for value in self.values(row):
            cells += [None] * len(FIELD_PARTS) if value is None else _told(value, row.original)
        return cells


def layout(columns: Sequence[str], fields: FieldSet, *, provenance: bool = False) -> Layout:
    """The columns of a file of results.

    Args:
        columns: The catalog's own.
        fields: What was extracted.
        provenance: Whether it is told where each value came from.
    """
    added = result_columns(fields, columns)
    taken = [*columns, *added.values()]

    def free(name: str) -> str:
        taken.append(distinct(name, taken))
        return taken[-1]

    return Layout(
        tuple(columns),
        fields,
        added,
        provenance,
        {part: free(part) for part in ROW_PARTS},
        {
            field: tuple(free(f"{column}: {part}") for part in FIELD_PARTS)
            for field, column in added.items()
        },
    )


def said(flags: Iterable[Flag]) -> str:
    """Why a person should look at a row, in one cell."""
    reasons = (": ".join(filter(None, (one.field, one.reason, one.detail))) for one in flags)
    return "; ".join(dict.fromkeys(reasons))


def as_written(value: Value, original: Mapping[str, str]) -> str | None:
    """The row's own words for a value, where it is stated in it."""
    if value.raw is not None:
        return value.raw
    if value.column is None or value.start is None or value.end is None:
        return None
    return original.get(value.column, "")[value.start : value.end] or None


def _told(value: Value, original: Mapping[str, str]) -> list[Cell]:
    place = value.column
    if place and value.start is not None and value.end is not None:
        # Counted from 1 and to the last one, as people do.
        place = f"{place}, characters {value.start + 1} to {value.end}"
    return [str(value.origin), place, as_written(value, original), value.confidence]
