"""Results as files for people and programs: CSV, JSON lines, the failed rows.

Writers are generators of bytes, so a million rows take no memory.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from batch.catalog import distinct
from batch.fields import FieldSet, result_columns
from batch.flags import Flag
from core.statuses import Review
from core.values import Value

_BOM = b"\xef\xbb\xbf"
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of a catalog and what was extracted from it.

    Attributes:
        row_no: 1-based data row.
        original: The merchant's cells by column.
        status: ``done``, ``failed`` or ``waiting``.
        values: By field name.
        error: Why it failed, for the merchandiser.
        notes: What was doubted about its values.
        raw: The model's answer where it could not be used.
        product_type: What kind of product it is; empty where no column says.
        review: What a person has to do with it, or has done.
        flags: Why a person should look at it.
        confidence: The lowest of its values' confidences; None where it is not known.
        revision: Raised with every change by a person.
    """

    row_no: int
    original: Mapping[str, str]
    status: str
    values: Mapping[str, Value]
    error: str = ""
    notes: tuple[str, ...] = ()
    raw: str = ""
    product_type: str = ""
    review: Review = Review.NONE
    flags: tuple[Flag, ...] = ()
    confidence: float | None = None
    revision: int = 0


def csv_lines(
    columns: Sequence[str], fields: FieldSet, rows: Iterable[ResultRow]
) -> Iterator[bytes]:
    """The catalog with a column more for every field, as CSV in UTF-8 with a BOM.

    Original cells stay as they were. New cells that a spreadsheet would run as
    a formula get an apostrophe in front. Rows that are not done have blank new cells.
    """
    added = result_columns(fields, columns)
    line = _CsvLine()
    yield _BOM + line([*columns, *added.values()])
    for row in rows:
        original = [row.original.get(column, "") for column in columns]
        yield line(original + [_new_cell(row, name) for name in added])


def failed_csv_lines(columns: Sequence[str], rows: Iterable[ResultRow]) -> Iterator[bytes]:
    """Only the failed rows, with their number and the reason, as CSV in UTF-8 with a BOM."""
    line = _CsvLine()
    yield _BOM + line([*columns, distinct("row", columns), distinct("reason", columns)])
    for row in rows:
        if row.status == "failed":
            original = [row.original.get(column, "") for column in columns]
            yield line([*original, str(row.row_no), _unarmed(row.error)])


def jsonl_lines(rows: Iterable[ResultRow]) -> Iterator[bytes]:
    """One JSON object a row: original cells, typed values, and where each came from."""
    for row in rows:
        yield orjson.dumps(_json_row(row), option=orjson.OPT_APPEND_NEWLINE)


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file that is either whole or not there.

    Raises:
        OSError: It could not be written; an older file of that name is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as file:
            file.writelines(lines)
        # mkstemp makes it private; a download should be as readable as its neighbours.
        Path(part).chmod(0o644)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def safe_name(text: str, suffix: str) -> str:
    """A file name for a download, safe on every system.

    Args:
        text: What it should be called; any characters.
        suffix: With its dot, such as ``.csv``.
    """
    name = unicodedata.normalize("NFKC", text)
    name = re.sub(r"[^\w.-]+", "-", name)
    name = re.sub(r"-{2,}", "-", name).strip("-._")[:80].rstrip("-._")
    if not name:
        name = "results"
    if _RESERVED.match(name.split(".")[0]):
        name = f"{name.split('.')[0]}-results"
    return f"{name}{suffix}"


def _new_cell(row: ResultRow, name: str) -> str:
    value = row.values.get(name)
    return _unarmed(value.text()) if value is not None and row.status == "done" else ""


def _unarmed(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) and not _PLAIN_NUMBER.match(cell) else cell


def _json_row(row: ResultRow) -> dict[str, Any]:
    parts = {name: value.to_json() for name, value in row.values.items()}
    shown: dict[str, Any] = {"row": row.row_no, "status": row.status}
    if row.error:
        shown["error"] = row.error
    if row.notes:
        shown["notes"] = row.notes
    return shown | {
        "original": dict(row.original),
        "values": {name: part.pop("value") for name, part in parts.items()},
        "sources": parts,
    }


class _CsvLine:
    """Turns cells into one encoded CSV line."""

    def __init__(self) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text)

    def __call__(self, cells: Sequence[str]) -> bytes:
        self._text.seek(0)
        self._text.truncate()
        self._writer.writerow(cells)
        return self._text.getvalue().encode("utf-8", "replace")
