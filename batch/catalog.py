"""Reading a merchant's CSV into a table, once, as a stream.

Nothing is dropped silently: whatever had to be changed to make rows of the
file is told in a note. Knows nothing of jobs or models.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from batch.dialect import Dialect, sniff
from batch.notes import Note, Notes
from batch.reader import CELL_LIMIT, RowReader
from batch.table import write_table
from core.errors import CatalogError
from core.stored_files import Stored

EXTRA_COLUMN = "extra cells"
#: What has more is no catalog, and every column costs time on every page that shows it.
MOST_COLUMNS, LONGEST_NAME = 2_000, 1_000
_NAMES = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}


@dataclass(frozen=True, slots=True)
class Catalog:
    """What was read.

    Attributes:
        columns: Names in file order, distinct and never blank.
        rows: Number of data rows.
        dialect: How the file is written.
        notes: What was found on the way, at most :data:`batch.notes.MAX_NOTES`.
        size_bytes: Of the source file.
        sha256: Of the source file, in hexadecimal.
    """

    columns: tuple[str, ...]
    rows: int
    dialect: Dialect
    notes: tuple[Note, ...]
    size_bytes: int
    sha256: str


def ingest(
    source: Stored, table: Stored, progress: Callable[[int, int], None] | None = None
) -> Catalog:
    """Read a CSV file into a table for :func:`batch.table.read_table`.

    Args:
        source: The merchant's file; it is left as it is.
        table: Where the table appears once it is complete.
        progress: Told bytes done and bytes in all, every thousand rows.

    Raises:
        CatalogError: The file cannot be read as a catalog; no table is left behind.
    """
    dialect = sniff(source)
    notes = Notes()
    if dialect.encoding in _NAMES:
        notes.add(None, None, _encoding_note(_NAMES[dialect.encoding]))
    # Process-wide in the csv module, so only ever raised.
    csv.field_size_limit(max(CELL_LIMIT, csv.field_size_limit()))
    total = source.size()
    with RowReader(source, dialect, notes) as reader:
        rows = reader.rows()
        header = _header(next(rows, []), notes)

        def tick() -> None:
            if progress:
                progress(reader.bytes_read, total)

        columns, count = _store(header, _fitted(rows, header, dialect, notes), table, tick)
        return Catalog(columns, count, dialect, notes.all(), reader.bytes_read, reader.sha256)


def distinct(name: str, taken: Container[str]) -> str:
    """The name, or ``name (2)``, ``name (3)`` … where it is taken."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name} ({number})"
    return candidate


def _encoding_note(name: str) -> str:
    return (
        f"The file is not UTF-8; it was read as {name}. "
        "If letters look wrong, save it again as “CSV UTF-8”."
    )


def _header(cells: list[str], notes: Notes) -> tuple[str, ...]:
    """Names of the columns: none blank, none twice."""
    if not cells:
        raise CatalogError("This file is empty. Please choose a CSV with a header and products.")
    if len(cells) > MOST_COLUMNS:
        raise CatalogError(
            f"The first row has {len(cells):,} cells; a catalog has at most {MOST_COLUMNS:,} "
            "columns. Leave out those that are not needed, or check that every product is on a "
            "line of its own.",
            row=0,
        )
    names: dict[str, None] = {}
    for position, cell in enumerate(cells, start=1):
        if len(cell) > LONGEST_NAME:
            raise CatalogError(
                f"Column {position:,} has a name of {len(cell):,} characters; the longest may have "
                f"{LONGEST_NAME:,}. The first row has to be the header with the columns' names.",
                row=0,
            )
        name = " ".join(cell.split())
        unique = distinct(name or f"column {position}", names)
        if not name:
            notes.add(0, unique, f"Column {position} has no name; it is called “{unique}” here.")
        elif unique != name:
            notes.add(0, unique, f"A second column “{name}” is called “{unique}” here.")
        names[unique] = None
    return tuple(names)


def _fitted(
    rows: Iterator[list[str]], header: tuple[str, ...], dialect: Dialect, notes: Notes
) -> Iterator[list[str]]:
    """Each row as one cell a column, and one more for what is beyond them."""
    width = len(header)
    for row_no, row in enumerate(rows, start=1):
        size, extra = len(row), ""
        if size < width:
            notes.add(
                row_no, None, f"Row {row_no:,} has {size} of {width} cells; the rest is blank."
            )
            row += [""] * (width - size)
        elif any(row[width:]):
            extra = dialect.delimiter.join(row[width:])
            notes.add(
                row_no,
                None,
                f"Row {row_no:,} has {size} cells for {width} columns; "
                f"what is beyond is kept in “{distinct(EXTRA_COLUMN, header)}”.",
            )
        yield [*row[:width], extra]


def _store(
    header: tuple[str, ...],
    rows: Iterator[list[str]],
    table: Stored,
    tick: Callable[[], None],
) -> tuple[tuple[str, ...], int]:
    """Write the rows; returns the columns that are shown and the number of rows."""
    everything = (*header, distinct(EXTRA_COLUMN, header))
    shown = header
    with write_table(table, everything) as writer:
        for row in rows:
            if row[-1]:
                shown = everything
            if writer.add(row):
                tick()
        if not writer.rows:
            raise CatalogError(
                "This file has a header but no products under it. Add rows and choose it again."
            )
        writer.show(shown)
    tick()
    return shown, writer.rows
