"""Results as CSV: our own, in the dialect of the upload, and the failed rows."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable, Generator, Iterable, Sequence

from batch.catalog import distinct
from batch.dialect import NO_DELIMITER, Dialect
from batch.layout import Cell, Layout
from batch.results import ResultRow
from core.formulas import harmless
from core.statuses import RowStatus

#: What every spreadsheet opens with the right letters.
OURS = Dialect("utf-8-sig", line_end="\r\n")
_NEAREST = "shopkeeper.nearest"
#: Those that Unicode does not take apart into a letter and an accent.
_ALIKE = {"–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"'}
_ALIKE |= {"Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "Đ": "D", "đ": "d", "ı": "i", "ẞ": "SS"}
_ALIKE |= {"ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "€": "EUR", "×": "x"}


def csv_lines(
    layout: Layout, rows: Iterable[ResultRow], dialect: Dialect = OURS, *, guard: bool = True
) -> Generator[bytes, None, None]:
    """The catalog with a column more for every field, as CSV.

    Rows that are not done have blank new cells.

    Args:
        layout: Its columns.
        rows: What to write.
        dialect: How it is written; letters that its encoding lacks become the nearest.
        guard: Whether cells that a spreadsheet would run get an apostrophe in front.
    """
    line = CsvLine(dialect, guard=guard)
    yield line.start() + line(layout.names)
    for row in rows:
        new = [value.text() if value is not None else "" for value in layout.values(row)]
        yield line([*layout.original(row), *new, *map(_text, layout.told(row))])


def failed_csv_lines(
    columns: Sequence[str], rows: Iterable[ResultRow], *, guard: bool = True
) -> Generator[bytes, None, None]:
    """Only the failed rows, with their number and the reason, as CSV in UTF-8 with a BOM."""
    line = CsvLine(OURS, guard=guard)
    yield line([*columns, distinct("row", columns), distinct("reason", columns)])
    for row in rows:
        if row.status == RowStatus.FAILED:
            original = [row.original.get(column, "") for column in columns]
            yield line([*original, str(row.row_no), row.error])


class CsvLine:
    """Turns cells into one encoded line.

    Args:
        dialect: How it is written.
        guard: Whether cells that a spreadsheet would run are made harmless.
    """

    def __init__(self, dialect: Dialect, *, guard: bool) -> None:
        self._dialect = dialect
        self._guard = guard
        self._text = io.StringIO(newline="")
        delimiter = dialect.delimiter if dialect.delimiter != NO_DELIMITER else ","
        # Written with both kinds of line ends in mind, so that cells with either are quoted.
        self._writer = csv.writer(
            self._text,
            delimiter=delimiter,
            quotechar=dialect.quotechar,
            escapechar=dialect.escapechar,
            doublequote=dialect.escapechar is None,
            quoting=csv.QUOTE_ALL if dialect.quote_all else csv.QUOTE_MINIMAL,
            lineterminator="\r\n",
        )
        self._delimiter = delimiter
        self._encode: Callable[[str], bytes] = codecs.getincrementalencoder(dialect.encoding)(
            _NEAREST
        ).encode

    def start(self) -> bytes:
        """What stands before the header: nothing, or the line that tells Excel the separator."""
        if not self._dialect.skip_lines:
            return b""
        return self._encode(f"sep={self._delimiter}{self._dialect.line_end}")

    def __call__(self, cells: Sequence[str]) -> bytes:
        """The line of these cells."""
        self._text.seek(0)
        self._text.truncate()
        self._writer.writerow(map(harmless, cells) if self._guard else cells)
        line = self._text.getvalue()
        return self._encode(line[:-2] + self._dialect.line_end)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else f"{cell:.4g}"


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """For what an encoding cannot write: the letter without its accent, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    near = (_ALIKE.get(one) or unicodedata.normalize("NFKD", one) for one in lacking)
    plain = (text.encode("ascii", "ignore").decode() or "?" for text in near)
    return "".join(plain), error.end


codecs.register_error(_NEAREST, _nearest)
