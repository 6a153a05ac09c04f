"""Rows with what is stored of them, beside the catalog's own cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

import sqlalchemy as sa

from batch.flags import Flag
from batch.jobs import Job
from batch.results import ResultRow
from batch.rows import ENDED
from batch.table import SHARD_ROWS, read_rows, read_table
from batch.uploads import table_path
from core.db import Database
from core.schema import rows
from core.settings import Settings
from core.statuses import Review, RowStatus
from core.values import Value

#: What :func:`result` looks at: reading the other columns, too, takes twice as long.
_READ = sa.select(
    *(rows.c[name] for name in ("row_no", "status", "values", "error", "raw", "notes")),
    *(rows.c[name] for name in ("product_type", "review", "flags", "confidence", "revision")),
)


def page(
    settings: Settings,
    db: Database,
    job: Job,
    first_row: int,
    count: int,
    status: RowStatus | None = None,
    reason: str | None = None,
) -> list[ResultRow]:
    """A page of rows with their results, in the catalog's order.

    Args:
        first_row: 1-based row to begin with.
        status: Only rows that ended like this; then ``first_row`` is where the search begins.
        reason: Only rows that failed for this reason.
    """
    if status is None:
        return list(iterate(settings, db, job, first_row, count))
    query = _READ.where(
        rows.c.job_id == job.id, rows.c.status == status, rows.c.row_no >= first_row
    )
    if reason is not None:
        query = query.where(rows.c.reason == reason)
    with db.read() as connection:
        found = connection.execute(query.order_by(rows.c.row_no).limit(count)).mappings()
        stored = {row["row_no"]: row for row in found}
    originals = read_rows(table_path(settings, job.upload_id), stored)
    return [result(number, original, stored[number]) for number, original in originals]


def picked(
    settings: Settings,
    db: Database,
    job: Job,
    condition: sa.ColumnElement[bool],
    first_row: int = 1,
) -> Iterator[ResultRow]:
    """The ended rows that meet a condition, in the catalog's order, read block by block.

    Of the catalog only the blocks are read that have such a row.

    Args:
        condition: On the table of rows.
        first_row: 1-based row to begin with.
    """
    pending: dict[int, Any] = {}

    def numbers() -> Iterator[int]:
        for start in range(first_row, job.rows + 1, SHARD_ROWS):
            found = ended(db, job.id, start, SHARD_ROWS, condition)
            pending.update(found)
            yield from sorted(found)

    with closing(read_rows(table_path(settings, job.upload_id), numbers())) as originals:
        for number, original in originals:
            yield result(number, original, pending.pop(number))


def iterate(
    settings: Settings, db: Database, job: Job, first_row: int = 1, count: int | None = None
) -> Iterator[ResultRow]:
    """Rows in the catalog's order with what was extracted so far, read block by block."""
    last = job.rows if count is None else min(job.rows, first_row + count - 1)
    originals = read_table(table_path(settings, job.upload_id), first_row, last - first_row + 1)
    with closing(originals):
        for start in range(first_row, last + 1, SHARD_ROWS):
            size = min(SHARD_ROWS, last - start + 1)
            found = ended(db, job.id, start, size)
            for number, original in islice(originals, size):
                yield result(number, original, found.get(number))


def ended(
    db: Database,
    job_id: str,
    first_row: int,
    count: int,
    condition: sa.ColumnElement[bool] | None = None,
) -> dict[int, Any]:
    """What is stored of the rows of a range that have ended, by their numbers.

    Args:
        condition: Another one than having ended.
    """
    query = _READ.where(
        rows.c.job_id == job_id, rows.c.row_no.between(first_row, first_row + count - 1)
    )
    query = query.where(rows.c.status.in_(ENDED) if condition is None else condition)
    with db.read() as connection:
        return {row["row_no"]: row for row in connection.execute(query).mappings()}


def result(number: int, original: dict[str, str], stored: Any) -> ResultRow:
    """A row's cells with what is stored of it; None: nothing is yet."""
    if stored is None:
        return ResultRow(row_no=number, original=original, status="waiting", values={})
    return ResultRow(
        row_no=number,
        original=original,
        status=stored["status"],
        values={name: Value.from_json(value) for name, value in stored["values"].items()},
        error=stored["error"],
        raw=stored["raw"],
        notes=tuple(stored["notes"]),
        product_type=stored["product_type"],
        review=Review(stored["review"]),
        flags=tuple(Flag.from_json(one) for one in stored["flags"]),
        confidence=stored["confidence"],
        revision=stored["revision"],
    )
