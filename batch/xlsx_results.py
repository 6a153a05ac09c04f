"""Results as an Excel workbook: every text a text, never a formula.

The format can only be put together once all rows are known, so it is written to
a temporary file, row by row, and sent from there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from batch.layout import Cell, Layout
from batch.results import ResultRow
from batch.xml_text import legal
from core.errors import CatalogError, ServiceError
from core.formulas import runs
from core.values import Value

#: What Excel itself can hold: rows with the header, columns, characters of a cell.
MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CHARACTERS = 32_767
BLOCK_BYTES = 1 << 20
#: Cells named on the sheet of what was cut.
MAX_CUT = 1_000
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDTHS = (9, 50)


def xlsx_pieces(
    layout: Layout, rows: Iterable[ResultRow], *, guard: bool = True
) -> Generator[bytes, None, None]:
    """A workbook with a header that stays in sight; more sheets where one is not enough.

    Numbers are numbers, yes and no TRUE and FALSE, all else text. What is longer
    than a cell can be is cut, and named on a sheet of its own.

    Args:
        layout: Its columns.
        rows: What to write.
        guard: Whether a text that looks like a formula stays one also when a person edits it.

    Raises:
        CatalogError: There are more columns than Excel knows.
        ServiceError: There is no room for it on this machine's disk.
    """
    if len(layout.names) > MAX_COLUMNS:
        raise CatalogError(
            f"An Excel sheet has at most {MAX_COLUMNS:,} columns, and this file would have "
            f"{len(layout.names):,}. Download it as CSV or Parquet."
        )
    with tempfile.TemporaryDirectory(prefix="shopkeeper-xlsx-") as folder:
        path = Path(folder) / "results.xlsx"
        try:
            _write(path, layout, rows, guard=guard)
        except (OSError, XlsxWriterException) as error:
            raise ServiceError(
                f"The Excel file cannot be put together in {Path(folder).parent}: {error}. "
                "Free some room there, or download the results as CSV."
            ) from error
        with path.open("rb") as file:
            while piece := file.read(BLOCK_BYTES):
                yield piece


def _write(path: Path, layout: Layout, rows: Iterable[ResultRow], *, guard: bool) -> None:
    book = xlsxwriter.Workbook(str(path), {**_OPTIONS, "tmpdir": str(path.parent)})
    try:
        sheets = _Sheets(book, layout.names, guard=guard)
        for row in rows:
            sheets.add(row.row_no, [*layout.original(row), *layout.values(row), *layout.told(row)])
        sheets.finish()
    finally:
        _close(book)


def _close(book: Any) -> None:
    """Put the file together and let go of its temporary ones, also where there is no room."""
    try:
        book.close()
    except (OSError, XlsxWriterException):
        for sheet in book.worksheets():
            for file in filter(None, (sheet.fh, sheet.row_data_fh)):
                with suppress(OSError):
                    file.close()
        raise


class _Sheets:
    """The sheets of a workbook, begun one after the other as they fill."""

    def __init__(self, book: Any, names: Sequence[str], *, guard: bool) -> None:
        self._book = book
        self._names = names
        self._bold = book.add_format({"bold": True})
        # Excel keeps such a cell a text when it is edited, and shows it as it is.
        self._quoted = book.add_format({"quote_prefix": True}) if guard else None
        self._cut: list[tuple[int, str, int]] = []
        self._count = 0
        self._begin()

    def add(self, row_no: int, cells: Sequence[Cell | Value]) -> None:
        """Write a row under the last one."""
        if self._next == MAX_ROWS:
            self._end()
            self._begin()
        for at, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                self._text(row_no, at, cell)
            elif isinstance(cell, Value):
                self._value(row_no, at, cell)
            else:
                self._sheet.write_number(self._next, at, cell)
        self._next += 1

    def finish(self) -> None:
        """Write what only the end tells."""
        self._end()
        if self._cut:
            self._name_what_was_cut()

    def _begin(self) -> None:
        self._count += 1
        name = "Results" if self._count == 1 else f"Results {self._count}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for at, title in enumerate(self._names):
            self._sheet.set_column(at, at, min(max(len(title) + 3, _WIDTHS[0]), _WIDTHS[1]))
            self._sheet.write_string(0, at, legal(title)[:MAX_CHARACTERS], self._bold)
        self._next = 1

    def _end(self) -> None:
        if self._names:
            self._sheet.autofilter(0, 0, self._next - 1, len(self._names) - 1)
            # Ids and prices of the catalog stay texts, as they were: no warning in every cell.
            columns = xlsxwriter.utility.xl_range(0, 0, MAX_ROWS - 1, len(self._names) - 1)
            self._sheet.ignore_errors({"number_stored_as_text": columns})

    def _value(self, row_no: int, at: int, value: Value) -> None:
        if isinstance(value.value, bool):
            self._sheet.write_boolean(self._next, at, value.value)
        elif isinstance(value.value, int | float):
            self._sheet.write_number(self._next, at, value.value)
        else:
            self._text(row_no, at, value.text())

    def _text(self, row_no: int, at: int, text: str) -> None:
        text = legal(text)
        if len(text) > MAX_CHARACTERS:
            self._cut.append((row_no, self._names[at], len(text)))
            text = text[: MAX_CHARACTERS - 1] + "…"
        style = self._quoted if self._quoted is not None and runs(text) else None
        self._sheet.write_string(self._next, at, text, style)

    def _name_what_was_cut(self) -> None:
        sheet = self._book.add_worksheet("Cut cells")
        lines = [(f"Row {row:,}", legal(name), f"{size:,}") for row, name, size in self._cut]
        limit = f"Excel holds {MAX_CHARACTERS:,} characters in a cell. These were longer and "
        sheet.write_string(0, 0, f"{limit}are cut; a CSV has them whole.", self._bold)
        for at, line in enumerate([("Row", "Column", "Characters"), *lines[:MAX_CUT]], start=1):
            for column, text in enumerate(line):
                sheet.write_string(at, column, text)
        if len(lines) > MAX_CUT:
            sheet.write_string(MAX_CUT + 2, 0, f"… and {len(lines) - MAX_CUT:,} more")
