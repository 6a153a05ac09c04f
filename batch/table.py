"""A catalog at rest: a Parquet file of strings that any shard can read at random.

Row groups hold exactly :data:`SHARD_ROWS` rows, so row *n* is found without
reading what comes before it. Knows nothing of CSV.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import CatalogError
from core.stored_files import Stored

SHARD_ROWS = 1000
_DAMAGED = "The stored catalog is damaged. Please upload the file again."
_COLUMNS_KEY = "shopkeeper.columns"


class TableWriter:
    """Writes rows of strings, a row group at a time; see :func:`write_table`.

    Attributes:
        rows: How many rows were added.
    """

    def __init__(self, file: BinaryIO, columns: tuple[str, ...]) -> None:
        self.rows = 0
        self._schema = pa.schema([(name, pa.large_string()) for name in columns])
        self._pending: list[list[str]] = []
        self._shown = columns
        self._writer = pq.ParquetWriter(
            file, self._schema, compression="zstd", write_statistics=False
        )

    def add(self, cells: list[str]) -> bool:
        """Append one row; returns whether it completed a row group."""
        self._pending.append(cells)
        self.rows += 1
        if len(self._pending) < SHARD_ROWS:
            return False
        self._flush()
        return True

    def show(self, columns: tuple[str, ...]) -> None:
        """Show only these first columns to readers; the others stayed empty."""
        self._shown = columns

    def finish(self) -> None:
        """Write what is left and the table's end."""
        self._flush()
        # Which columns are shown is known only now: the last one may have stayed empty.
        self._writer.add_key_value_metadata({_COLUMNS_KEY: json.dumps(self._shown)})
        self._writer.close()

    def abandon(self) -> None:
        """Write nothing more: the file is given up."""
        self._writer.is_open = False

    def _flush(self) -> None:
        if self._pending:
            columns = zip(*self._pending, strict=True)
            arrays = [pa.array(cells, pa.large_string()) for cells in columns]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self._pending = []


@contextmanager
def write_table(table: Stored, columns: tuple[str, ...]) -> Iterator[TableWriter]:
    """Write a table as a stream; nothing is visible before the end, or after an error.

    Args:
        table: Where the finished file appears.
        columns: Distinct names of every column that may be needed.
    """
    with table.create() as file:
        writer = TableWriter(file, columns)
        try:
            yield writer
            writer.finish()
        finally:
            writer.abandon()


def table_info(table: Stored) -> tuple[tuple[str, ...], int]:
    """The columns in file order and the number of rows.

    Raises:
        CatalogError: The table is missing or damaged.
    """
    with _opened(table) as file:
        return _columns(file), file.metadata.num_rows


def read_table(
    table: Stored, first_row: int = 1, count: int | None = None
) -> Generator[tuple[int, dict[str, str]], None, None]:
    """Rows ``first_row`` … with their 1-based numbers, reading only their row groups.

    Args:
        table: A file written by :func:`write_table`.
        first_row: 1-based; a row past the end yields nothing.
        count: How many rows at most; None for all the rest.

    Raises:
        CatalogError: The table is missing or damaged.
    """
    start = max(first_row, 1) - 1
    with _opened(table) as file:
        columns = _columns(file)
        total = file.metadata.num_rows
        stop = total if count is None else min(total, start + max(count, 0))
        for group in range(start // SHARD_ROWS, -(-stop // SHARD_ROWS)):
            base = group * SHARD_ROWS
            wanted = range(max(start - base, 0), min(stop - base, SHARD_ROWS))
            for offset, cells in _group_rows(file, group, len(columns), wanted):
                yield base + offset + 1, dict(zip(columns, cells, strict=True))


def read_rows(
    table: Stored, numbers: Iterable[int]
) -> Generator[tuple[int, dict[str, str]], None, None]:
    """Single rows, by their 1-based numbers in rising order; each row group is read once.

    Raises:
        CatalogError: The table is missing or damaged.
    """
    with _opened(table) as file:
        columns = _columns(file)
        for group, wanted in groupby(numbers, lambda number: (number - 1) // SHARD_ROWS):
            places = [number - 1 - group * SHARD_ROWS for number in wanted]
            for offset, cells in _group_rows(file, group, len(columns), places):
                yield group * SHARD_ROWS + offset + 1, dict(zip(columns, cells, strict=True))


def read_column(table: Stored, column: str) -> Iterator[list[str]]:
    """One column's cells, a row group at a time.

    Raises:
        CatalogError: The table is missing or damaged, or has no such column.
    """
    with _opened(table) as file:
        if column not in _columns(file):
            raise CatalogError(f"There is no column “{column}” in this catalog.", column=column)
        for group in range(file.num_row_groups):
            # Asking for "a" also brings "a.b": pyarrow takes dots for nesting.
            yield file.read_row_group(group, columns=[column]).column(column).to_pylist()


def read_columns(table: Stored, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Some columns, a row group at a time.

    Raises:
        CatalogError: The table is missing or damaged, or has no such column.
    """
    with _opened(table) as file:
        for column in columns:
            if column not in _columns(file):
                raise CatalogError(f"There is no column “{column}” in this catalog.", column=column)
    for _, group in read_groups(table, list(columns)):
        yield group


def read_groups(
    table: Stored, columns: list[str], first_row: int = 1
) -> Iterator[tuple[int, pa.Table]]:
    """Some columns, a row group at a time, each with the number of rows before it.

    Begins with the group that holds ``first_row``.

    Raises:
        CatalogError: The table is missing or damaged.
    """
    with _opened(table) as file:
        for group in range((first_row - 1) // SHARD_ROWS, file.num_row_groups):
            yield group * SHARD_ROWS, file.read_row_group(group, columns=columns).select(columns)


def _group_rows(
    file: Any, group: int, width: int, wanted: range | list[int]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The wanted rows of a group, counted from 0, each with its cells."""
    read = file.read_row_group(group)
    if isinstance(wanted, range):
        picked = read.slice(wanted.start, len(wanted))
    else:
        picked = read.take(wanted)
    columns = picked.columns[:width]
    cells = zip(*(column.to_pylist() for column in columns), strict=True)
    return zip(wanted, cells, strict=True)


def _columns(file: Any) -> tuple[str, ...]:
    stored = (file.metadata.metadata or {}).get(_COLUMNS_KEY.encode())
    return tuple(json.loads(stored)) if stored else tuple(file.schema_arrow.names)


@contextmanager
def _opened(table: Stored) -> Iterator[Any]:
    try:
        end = _end(table, table.version())
        file = table.open()
    except FileNotFoundError as error:
        raise CatalogError(
            "The stored catalog is no longer there. Please upload the file again."
        ) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise CatalogError(_DAMAGED) from error
    # Read ahead within a row group: its columns lie side by side, one request instead of ten.
    try:
        with file, pq.ParquetFile(file, metadata=end, pre_buffer=True) as parquet:
            yield parquet
    except (OSError, pa.ArrowInvalid) as error:
        raise CatalogError(_DAMAGED) from error


@lru_cache(maxsize=8)
def _end(table: Stored, version: str) -> Any:
    """The table's end, which says where everything is: 0.5 MB for a million rows.

    Read once for each version of the file, not again for each shard.
    """
    with table.open() as file:
        return pq.read_metadata(file)
