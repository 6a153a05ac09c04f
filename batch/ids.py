"""How a row is named, and whether those names are fit to be told apart."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from batch.columns import Columns
from batch.notes import Note, Notes
from batch.table import SHARD_ROWS, read_column, table_info
from core.stored_files import Stored


def row_key(row_no: int, row: Mapping[str, str], columns: Columns) -> str:
    """The row's id as the merchant wrote it, or ``row-17`` where there is none."""
    written = row.get(columns.id, "").strip() if columns.id else ""
    return written or f"row-{row_no}"


def check_ids(
    table: Stored, id_column: str, progress: Callable[[int, int], None] | None = None
) -> tuple[Note, ...]:
    """Find ids that occur twice and rows without one.

    Args:
        table: A stored catalog.
        id_column: The column to look at.
        progress: Told rows done and rows in all.

    Raises:
        CatalogError: There is no such column or no such table.
    """
    notes = Notes()
    _, total = table_info(table)
    hashes, missing = array("q"), array("q")
    for row_no, written in _numbered(table, id_column):
        if written:
            hashes.append(hash(written))
        else:
            missing.append(row_no)
        if progress and row_no % SHARD_ROWS == 0:
            progress(row_no, total)
    if progress:
        progress(total, total)
    _note_missing(missing, id_column, notes)
    _note_twice(table, id_column, _repeated(hashes), notes)
    return notes.all()


def _numbered(table: Stored, column: str) -> Iterator[tuple[int, str]]:
    stripped = (cell.strip() for group in read_column(table, column) for cell in group)
    return enumerate(stripped, start=1)


def _repeated(hashes: array[int]) -> set[int]:
    """Hashes that occur more than once: 8 bytes a row, where a set of ids takes 100."""
    ordered = np.sort(np.frombuffer(hashes, dtype=np.int64)) if hashes else np.empty(0, np.int64)
    return set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


def _note_missing(missing: Sequence[int], id_column: str, notes: Notes) -> None:
    if missing:
        first = missing[0]
        which = f"Row {first:,} has" if len(missing) == 1 else f"{len(missing):,} rows have"
        message = f"{which} no “{id_column}” (first: row {first:,}); “row-{first}” is used instead."
        notes.add(first, id_column, message)


def _note_twice(table: Stored, id_column: str, repeated: set[int], notes: Notes) -> None:
    if not repeated:
        return
    found: dict[str, list[int]] = {}
    for row_no, written in _numbered(table, id_column):
        if written and hash(written) in repeated:
            # First row, second row, and how many there are in all.
            seen = found.setdefault(written, [row_no, row_no, 0])
            seen[1] = row_no if seen[2] == 1 else seen[1]
            seen[2] += 1
    for written, (first, second, times) in found.items():
        # Two different ids may share a hash.
        if times > 1:
            more = f" (and {times - 2:,} more)" if times > 2 else ""
            where = f"row {first:,} and of row {second:,}{more}"
            notes.add(first, id_column, f"“{written}” is the “{id_column}” of {where}.")
