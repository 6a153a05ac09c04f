"""Row results: what is missing, what is recorded, and how many ended in which way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from batch.budget import cost
from batch.extract import Outcome
from batch.table import SHARD_ROWS
from core.db import Database
from core.schema import jobs, rows, shards
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
