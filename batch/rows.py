"""Row results: record them, and read them back beside the catalog's own cells."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from batch.budget import cost
from batch.extract import Outcome
from batch.flags import Flag
from batch.jobs import Job
from batch.results import ResultRow
from batch.table import SHARD_ROWS, read_rows, read_table
from batch.uploads import table_path
from core.db import Database
from core.schema import jobs, rows, shards
from core.settings import Settings
from core.statuses import JobStatus, Review, RowStatus
from core.usage import record as record_usage
from core.values import Value

ENDED = (RowStatus.DONE, RowStatus.FAILED)
REASON_CHARACTERS = 120
#: What a row keeps of its earlier result when it fails at being read again.
_AS_IT_WAS = (
    *("values", "extracted", "text_key", "notes", "flags", "confidence", "review"),
    *("reason", "raw", "model", "run"),
)
_SUMMED = ("attempts", "prompt_tokens", "completion_tokens")


def missing(db: Database, job_id: str, first_row: int, count: int) -> list[int]:
    """The rows of a range that have no result and no reason yet."""
    with db.read() as connection:
        ended = connection.execute(
            sa.select(rows.c.row_no).where(
                rows.c.job_id == job_id,
                rows.c.row_no.between(first_row, first_row + count - 1),
                rows.c.status.in_(ENDED),
            )
        )
        known = set(ended.scalars())
    return [number for number in range(first_row, first_row + count) if number not in known]


def to_read_again(db: Database, job_id: str, first_row: int, count: int) -> set[int]:
    """The rows of a range that had ended, and that a person wants to have read again."""
    with db.read() as connection:
        return set(
            connection.execute(
                sa.select(rows.c.row_no).where(
                    rows.c.job_id == job_id,
                    rows.c.row_no.between(first_row, first_row + count - 1),
                    rows.c.status == RowStatus.RETRY,
                )
            ).scalars()
        )


def record(
    db: Database,
    job_id: str,
    shard_no: int,
    outcomes: Sequence[Outcome],
    run: int,
    only_if: Callable[[Connection], bool] = lambda _: True,
    *,
    at: float | None = None,
) -> bool:
    """Store outcomes of one shard together with the progress and usage they mean.

    All in one transaction, so a kill leaves either everything or nothing. A
    row that is done already is never overwritten. Others that record or decide
    meanwhile wait for it: what is counted and which run is current holds to the end.

    Args:
        only_if: Asked in the same transaction; nothing is stored unless it says yes.
        at: When they ended, where that has to be known; see :func:`is_recorded`.

    Returns:
        False when nothing was stored, also since the job has been deleted meanwhile.
    """
    place = {"job": job_id, "number": shard_no}
    with db.write() as connection:
        current = connection.execute(_CURRENT_RUN, place).scalar()
        if current is None or not only_if(connection):
            return False
        connection.execute(_SHARD_HELD, place)
        # What an earlier run has got is kept; what it failed at is the current run's to try.
        stored = [one for one in outcomes if run == current or one.status is RowStatus.DONE]
        if stored:
            moment = at or time.time()
            connection.execute(
                _upsert(connection.dialect.name),
                [_stored(job_id, outcome, run, moment) for outcome in stored],
            )
            recount(connection, job_id, shard_no)
        calls = [call for outcome in outcomes for call in outcome.calls]
        record_usage(connection, calls, job_id=job_id)
        if paid := cost(outcomes):
            connection.execute(_PAID, place | {"paid": paid})
    return True


# Built once: building a statement takes as long as running it. The job is held first, by
# whoever changes it, too: no two of us can wait for each other. SQLite has one writer anyway.
_CURRENT_RUN = (
    sa.select(jobs.c.run)
    .where(jobs.c.id == sa.bindparam("job"), jobs.c.status != JobStatus.DELETED)
    .with_for_update(read=True)
)
_SHARD_HELD = (
    sa.select(shards.c.rows)
    .where(shards.c.job_id == sa.bindparam("job"), shards.c.shard_no == sa.bindparam("number"))
    .with_for_update()
)


def is_recorded(db: Database, job_id: str, outcomes: Sequence[Outcome], at: float) -> bool:
    """Whether these outcomes were stored already, by a transaction whose end was not heard."""
    numbers = [one.row_no for one in outcomes]
    with db.read() as connection:
        stored = sa.select(rows.c.row_no).where(
            rows.c.job_id == job_id, rows.c.row_no.in_(numbers), rows.c.finished_at == at
        )
        return connection.execute(stored).first() is not None


@cache
def _upsert(dialect: str) -> sa.Insert:
    """Stores outcomes; built once, since building it takes as long as running it.

    A row that had a result and fails when it is read again keeps that result,
    with the error beside it.
    """
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(rows)
    new = statement.excluded
    kept = sa.and_(rows.c.model != "", new.status != RowStatus.DONE)
    change: dict[str, Any] = {
        name: sa.case((kept, rows.c[name]), else_=new[name]) for name in _AS_IT_WAS
    }
    # What a person has approved stays approved where those values are what it got again.
    approved = sa.and_(rows.c.review == Review.APPROVED, new.text_key.is_not(None))
    change["review"] = sa.case((sa.or_(kept, approved), rows.c.review), else_=new.review)
    change |= {name: new[name] for name in ("error", "input_key", "product_type", "finished_at")}
    change |= {name: rows.c[name] + new[name] for name in _SUMMED}
    in_vain = sa.and_(kept, new.status == RowStatus.FAILED)
    change["revision"] = rows.c.revision + 1
    change["status"] = sa.case((in_vain, RowStatus.DONE), else_=new.status)
    undone = rows.c.status != RowStatus.DONE
    built: sa.Insert = statement.on_conflict_do_update(
        index_elements=["job_id", "row_no"], set_=change, where=undone
    )
    return built


def _stored(job_id: str, outcome: Outcome, run: int, at: float) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "row_no": outcome.row_no,
        "status": outcome.status,
        "values": _dumped(outcome.values),
        "notes": list(outcome.notes),
        "error": outcome.error,
        "reason": outcome.reason[:REASON_CHARACTERS],
        "raw": outcome.raw,
        "input_key": outcome.key,
        "product_type": outcome.product_type,
        "review": Review.FLAGGED if outcome.flags else Review.NONE,
        "flags": [flag.to_json() for flag in outcome.flags],
        "confidence": outcome.confidence,
        "text_key": outcome.text_key,
        "extracted": None if outcome.extracted is None else _dumped(outcome.extracted),
        "model": outcome.model,
        "attempts": outcome.attempts,
        "prompt_tokens": outcome.tokens.prompt,
        "completion_tokens": outcome.tokens.completion,
        "run": run,
        "finished_at": at,
    }


def _dumped(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: value.to_json() for name, value in values.items()}


def recount(connection: Connection, job_id: str, shard_no: int) -> None:
    """Count the shard's rows again: cheaper than being wrong, at a thousand rows."""
    first = shard_no * SHARD_ROWS + 1
    extent = {"job": job_id, "first": first, "last": first + SHARD_ROWS - 1}
    counts = connection.execute(_COUNTS, extent).mappings().one()
    connection.execute(_COUNTED, {"job": job_id, "number": shard_no, **counts})


def _ended_as(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


# Built once: building a statement takes as long as running it.
_DONE = rows.c.status == RowStatus.DONE
#: How many rows ended in which way.
ENDS: dict[str, sa.ColumnElement[int]] = {
    "done": _ended_as(_DONE),
    "failed": _ended_as(rows.c.status == RowStatus.FAILED),
    "reused": _ended_as(sa.and_(_DONE, rows.c.attempts == 0)),
}
_COUNTERS: dict[str, sa.ColumnElement[int]] = {
    **ENDS,
    "calls": sa.func.coalesce(sa.func.sum(rows.c.attempts), 0),
    "prompt_tokens": sa.func.coalesce(sa.func.sum(rows.c.prompt_tokens), 0),
    "completion_tokens": sa.func.coalesce(sa.func.sum(rows.c.completion_tokens), 0),
}
_COUNTS = sa.select(*(count.label(name) for name, count in _COUNTERS.items())).where(
    rows.c.job_id == sa.bindparam("job"),
    rows.c.row_no.between(sa.bindparam("first"), sa.bindparam("last")),
)
_COUNTED = (
    shards.update()
    .where(shards.c.job_id == sa.bindparam("job"), shards.c.shard_no == sa.bindparam("number"))
    .values({name: sa.bindparam(name) for name in _COUNTERS})
)

_PAID = (
    shards.update()
    .where(shards.c.job_id == sa.bindparam("job"), shards.c.shard_no == sa.bindparam("number"))
    .values(cost=shards.c.cost + sa.bindparam("paid"))
)


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
