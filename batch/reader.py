"""From a file's bytes to rows of cells, mending or refusing what is broken.

Knows how rows are written, not what the columns mean or where rows go.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING

from batch.dialect import Dialect, cells, repair
from batch.notes import Notes
from core.errors import CatalogError
from core.stored_files import Stored

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CELL_LIMIT = 10_000_000
_LINE_LIMIT = 50_000_000
_BUFFER_BYTES = 1 << 20

_BLANK = "Blank lines were skipped: {times} (the first before row {row})."
_NUL = "NUL characters were removed from lines: {times} (the first in row {row})."
_REPAIRED = (
    "Lines with characters that are not {encoding}: {{times}} (the first in row {{row}}). "
    "Those characters were read as Windows-1252."
)


class RowReader:
    """Reads one file once, as a stream.

    Args:
        source: The merchant's file.
        dialect: How it is written.
        notes: Takes what had to be mended.

    Attributes:
        row_no: The row being read; 0 is the header.
    """

    def __init__(self, source: Stored, dialect: Dialect, notes: Notes) -> None:
        self.row_no = 0
        self._dialect = dialect
        self._notes = notes
        self._taken: list[str] = []
        self._ended = False
        self._raw = _Digest(source.stream())
        self._text = io.TextIOWrapper(
            io.BufferedReader(self._raw, _BUFFER_BYTES),
            encoding=dialect.encoding,
            errors=dialect.decode_errors,
            newline="",
        )

    def __enter__(self) -> RowReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._text.close()

    @property
    def bytes_read(self) -> int:
        """How much of the source was read, in bytes."""
        return self._raw.count

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        return self._raw.digest.hexdigest()

    def rows(self) -> Iterator[list[str]]:
        """The header, then every row that is not blank.

        Raises:
            CatalogError: A row cannot be told from the next; it names the row.
        """
        lines = self._lines()
        parsed = cells(self._dialect, lines)
        while (row := self._next(parsed, lines)) is not None:
            if any(cell.strip() for cell in row):
                yield row
                self.row_no += 1
            else:
                self._notes.count(self.row_no, _BLANK)

    def _next(self, parsed: Iterator[list[str]], lines: Iterator[str]) -> list[str] | None:
        self._taken.clear()
        try:
            return next(parsed, None)
        except csv.Error as error:
            return self._leniently(error, lines)
        except UnicodeDecodeError as error:
            raise self._error(
                f"holds bytes that are not {self._dialect.encoding.upper()}. "
                "Save the file again as “CSV UTF-8”."
            ) from error

    def _leniently(self, error: csv.Error, lines: Iterator[str]) -> list[str]:
        """Read a row with a stray quote again, if it ends where its line ends."""
        if "limit" in str(error):
            raise self._error(
                f"holds a cell of more than {CELL_LIMIT:,} characters. "
                'Probably a quote (") is opened there and not closed.'
            ) from error
        line = self._taken.pop(0)
        lenient = cells(self._dialect, chain([line], self._taken, lines), strict=False)
        try:
            row = next(lenient, [])
        except csv.Error:
            row = []
        # More lines than one: rows may have been swallowed, and nobody would notice.
        if self._ended or self._taken or not row:
            raise self._error(
                'opens a quote (") that is not closed, or has one inside a quoted cell that '
                "is not doubled. Correct that row and choose the file again."
            ) from error
        where = self._where()
        self._notes.add(self.row_no, None, f'{where} has a stray quote ("); please check it.')
        return row

    def _lines(self) -> Iterator[str]:
        for _ in range(self._dialect.skip_lines):
            self._text.readline(_LINE_LIMIT)
        repaired_note = _REPAIRED.format(encoding=self._dialect.encoding.upper())
        while line := self._text.readline(_LINE_LIMIT):
            if len(line) == _LINE_LIMIT:
                raise self._error("has no end. This is probably not a CSV file.")
            if "\0" in line:
                line = line.replace("\0", "")
                self._notes.count(self.row_no, _NUL)
            line, repaired = repair(line)
            if repaired:
                self._notes.count(self.row_no, repaired_note)
            self._taken.append(line)
            yield line
        self._ended = True

    def _where(self) -> str:
        return f"Row {self.row_no:,}" if self.row_no else "The header"

    def _error(self, message: str) -> CatalogError:
        return CatalogError(f"{self._where()} {message}", row=self.row_no)


class _Digest(io.RawIOBase):
    """Counts and hashes a file's bytes as they are read, to read them only once."""

    def __init__(self, file: io.RawIOBase) -> None:
        super().__init__()
        self._file = file
        self.count = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        size = self._file.readinto(view) or 0
        self.count += size
        self.digest.update(view[:size])
        return size

    def close(self) -> None:
        self._file.close()
        super().close()
