"""Jobs: submit, find and list them, with how far each one is.

These tables are the truth about every job: the worker takes up what it finds
here, and nobody else talks to it.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch.columns import Columns
from batch.fields import Field, FieldSet
from batch.table import SHARD_ROWS
from core.db import Database
from core.errors import JobError
from core.schema import JobStatus, jobs, samples, shards, uploads
from core.usage import Tokens

#: Statuses in which the worker may work on a job.
ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
#: Seconds of recent progress that the rate is taken from.
RATE_WINDOW_S = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """A job and how far it is.

    Attributes:
        run: Raised by every resume; what an older run still does is ignored.
        rows: Rows of the catalog; each ends up in ``done`` or ``failed``.
        rows_per_s: Recent speed while it runs, overall speed afterwards.
        left_s: Time left at that speed, where it can be told.
    """

    id: str
    name: str
    upload_id: str
    columns: Columns
    fields: FieldSet
    status: JobStatus
    reason: str
    run: int
    rows: int
    done: int
    failed: int
    calls: int
    tokens: Tokens
    created_at: float
    started_at: float | None
    finished_at: float | None
    published_at: float | None
    rows_per_s: float | None = None
    left_s: float | None = None

    @property
    def waiting(self) -> int:
        """Rows with neither a result nor a reason yet."""
        return self.rows - self.done - self.failed


@dataclass(frozen=True, slots=True)
class Sample:
    """Progress at a moment, seconds since the epoch."""

    at: float
    done: int
    failed: int
    calls: int
    tokens: Tokens


def submit(
    db: Database,
    upload_id: str,
    columns: Columns,
    fields: FieldSet,
    name: str,
    *,
    request_key: str | None = None,
) -> Job:
    """Record a job; once this returns it survives anything, and the worker takes it up.

    Args:
        request_key: Names the request, so that :func:`by_request` finds its job
            again; no two jobs have the same.

    Raises:
        JobError: The upload is gone or has no rows.
    """
    job_id = secrets.token_hex(5)
    with db.write() as connection:
        count = connection.execute(
            sa.select(uploads.c.rows).where(uploads.c.id == upload_id)
        ).scalar()
        if not count:
            raise JobError("The uploaded file is no longer there; please upload it again.")
        connection.execute(
            jobs.insert().values(
                id=job_id,
                name=name,
                upload_id=upload_id,
                columns=columns.to_json(),
                fields=[field.model_dump(mode="json") for field in fields],
                status=JobStatus.QUEUED,
                reason="",
                run=1,
                rows=count,
                request_key=request_key,
                created_at=time.time(),
            )
        )
        connection.execute(shards.insert(), _shards(job_id, count))
    return get(db, job_id)


def _shards(job_id: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "job_id": job_id,
            "shard_no": number,
            "first_row": number * SHARD_ROWS + 1,
            "rows": min(SHARD_ROWS, count - number * SHARD_ROWS),
        }
        for number in range(-(-count // SHARD_ROWS))
    ]


def by_request(db: Database, request_key: str) -> Job | None:
    """The job that was submitted under this key, if there is one."""
    with db.read() as connection:
        found = _select(connection, jobs.c.request_key == request_key)
    return found[0] if found else None


def get(db: Database, job_id: str) -> Job:
    """One job.

    Raises:
        JobError: There is none of this id.
    """
    with db.read() as connection:
        found = _select(connection, jobs.c.id == job_id)
    if not found:
        raise JobError(f"There is no job {job_id}; it may have been deleted.")
    return found[0]


def listing(db: Database, limit: int = 200) -> list[Job]:
    """The newest jobs first."""
    with db.read() as connection:
        return _select(connection, sa.true(), limit)


def _select(
    connection: Connection, condition: sa.ColumnElement[bool], limit: int | None = None
) -> list[Job]:
    counters = ("done", "failed", "calls", "prompt_tokens", "completion_tokens")
    sums = (
        sa.select(
            shards.c.job_id,
            *(sa.func.sum(shards.c[name]).label(f"sum_{name}") for name in counters),
        )
        .group_by(shards.c.job_id)
        .subquery()
    )
    query = (
        sa.select(jobs, sums)
        .join(sums, sums.c.job_id == jobs.c.id)
        .where(condition)
        .order_by(jobs.c.created_at.desc(), jobs.c.id)
        .limit(limit)
    )
    return [_job(connection, row) for row in connection.execute(query).mappings().all()]


def _job(connection: Connection, row: RowMapping) -> Job:
    done, failed = int(row["sum_done"]), int(row["sum_failed"])
    rate = _rate(connection, row, done + failed)
    waiting = row["rows"] - done - failed
    return Job(
        id=row["id"],
        name=row["name"],
        upload_id=row["upload_id"],
        columns=Columns.from_json(row["columns"]),
        fields=tuple(Field.model_validate(stored) for stored in row["fields"]),
        status=JobStatus(row["status"]),
        reason=row["reason"],
        run=row["run"],
        rows=row["rows"],
        done=done,
        failed=failed,
        calls=int(row["sum_calls"]),
        tokens=Tokens(int(row["sum_prompt_tokens"]), int(row["sum_completion_tokens"])),
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        published_at=row["published_at"],
        rows_per_s=rate,
        left_s=waiting / rate if rate and row["status"] == JobStatus.RUNNING else None,
    )


def _rate(connection: Connection, row: RowMapping, ended: int) -> float | None:
    """Rows per second: of the last half minute for a running job, else over its whole time."""
    if row["status"] not in ACTIVE:
        if row["started_at"] and row["finished_at"] and ended:
            return float(ended / max(0.001, row["finished_at"] - row["started_at"]))
        return None
    now = time.time()
    earlier = connection.execute(
        sa.select(samples.c.at, samples.c.done + samples.c.failed)
        .where(samples.c.job_id == row["id"], samples.c.at >= now - RATE_WINDOW_S)
        .order_by(samples.c.at)
        .limit(1)
    ).first()
    if earlier is None or now - earlier[0] < 1 or ended <= earlier[1]:
        return None
    return float((ended - earlier[1]) / (now - earlier[0]))


def history(db: Database, job_id: str) -> list[Sample]:
    """Progress over time, the oldest first."""
    with db.read() as connection:
        found = connection.execute(
            samples.select().where(samples.c.job_id == job_id).order_by(samples.c.at)
        ).all()
    return [
        Sample(
            row.at,
            row.done,
            row.failed,
            row.calls,
            Tokens(row.prompt_tokens, row.completion_tokens),
        )
        for row in found
    ]
