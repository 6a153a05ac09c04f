"""Jobs: find and list them, with how far each one is.

These tables are the truth about every job: the worker takes up what it finds
here, and nobody else talks to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch.budget import Budget
from batch.columns import Columns
from batch.fields import FieldSet
from batch.pace import rows_per_s
from batch.plan import Plan
from core.db import Database
from core.errors import JobError
from core.schema import jobs, shards
from core.statuses import ACTIVE, JobStatus
from core.usage import Tokens


@dataclass(frozen=True, slots=True)
class Job:
    """A job and how far it is.

    Attributes:
        run: Raised by every resume; what an older run still does is ignored.
        rows: Rows of the catalog; each ends up in ``done`` or ``failed``.
        reused: Of the done ones, those that took no call.
        origin_id: The first job of the versions that this one is of.
        version: From 1, over all versions of the same origin.
        fresh: Whether every row is read anew, whatever earlier jobs have found.
        endpoint: The only endpoint to ask; None: any that serves jobs.
        patience: How many times the usual length and time an answer may take.
        provider: The endpoint whose provider takes the rows as batches; None: one by one.
        budget: What it may cost; it stops when that is reached. None: no limit.
        cost: What its calls have cost so far, in their endpoints' currency.
        learns: Whether approved rows are shown to the model as demonstrations.
        kept_at: When a person decided that of its versions this one counts.
        rows_per_s: Recent speed while it runs, overall speed afterwards.
        left_s: Time left at that speed, where it can be told.
    """

    id: str
    name: str
    upload_id: str
    columns: Columns
    plan: Plan
    status: JobStatus
    reason: str
    run: int
    rows: int
    done: int
    failed: int
    reused: int
    calls: int
    tokens: Tokens
    origin_id: str
    version: int
    fresh: bool
    endpoint: str | None
    patience: float
    provider: str | None
    budget: Budget | None
    cost: float
    learns: bool
    created_at: float
    started_at: float | None
    finished_at: float | None
    published_at: float | None
    kept_at: float | None
    rows_per_s: float | None = None
    left_s: float | None = None

    @property
    def fields(self) -> FieldSet:
        """Every field that some row of it may have."""
        return self.plan.all_fields

    @property
    def active(self) -> bool:
        """Whether a worker may work on it."""
        return self.status in ACTIVE

    @property
    def waiting(self) -> int:
        """Rows with neither a result nor a reason yet."""
        return self.rows - self.done - self.failed


def by_request(db: Database, request_key: str) -> Job | None:
    """The job that was submitted under this key, if there is one."""
    with db.read() as connection:
        found = _select(connection, jobs.c.request_key == request_key)
    return found[0] if found else None


def give_up_request(db: Database, job_id: str) -> None:
    """Let a later job have this one's request key."""
    with db.write() as connection:
        connection.execute(jobs.update().where(jobs.c.id == job_id).values(request_key=None))


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


def versions(db: Database, job: Job) -> list[Job]:
    """All versions of a job that are there, the first one first."""
    with db.read() as connection:
        found = _select(connection, jobs.c.origin_id == job.origin_id)
    return sorted(found, key=lambda one: one.version)


def _select(
    connection: Connection, condition: sa.ColumnElement[bool], limit: int | None = None
) -> list[Job]:
    counters = (
        "done",
        "failed",
        "reused",
        "calls",
        "prompt_tokens",
        "completion_tokens",
        "cost",
    )
    newest_first = (jobs.c.created_at.desc(), jobs.c.id)
    there = sa.and_(condition, jobs.c.status != JobStatus.DELETED)
    # First which jobs, then their sums: a large job has a thousand shards.
    chosen = sa.select(jobs.c.id).where(there).order_by(*newest_first).limit(limit).cte("chosen")
    sums = (
        sa.select(
            shards.c.job_id,
            *(sa.func.sum(shards.c[name]).label(f"sum_{name}") for name in counters),
        )
        .where(shards.c.job_id.in_(sa.select(chosen.c.id)))
        .group_by(shards.c.job_id)
        .subquery()
    )
    query = sa.select(jobs, sums).join(sums, sums.c.job_id == jobs.c.id).order_by(*newest_first)
    return [_job(connection, row) for row in connection.execute(query).mappings().all()]


def _job(connection: Connection, row: RowMapping) -> Job:
    done, failed = int(row["sum_done"]), int(row["sum_failed"])
    rate = rows_per_s(connection, row, done + failed)
    waiting = row["rows"] - done - failed
    return Job(
        id=row["id"],
        name=row["name"],
        upload_id=row["upload_id"],
        columns=Columns.from_json(row["columns"]),
        plan=Plan.from_json(row["fields"], row["types"]),
        status=JobStatus(row["status"]),
        reason=row["reason"],
        run=row["run"],
        rows=row["rows"],
        done=done,
        failed=failed,
        reused=int(row["sum_reused"]),
        calls=int(row["sum_calls"]),
        tokens=Tokens(int(row["sum_prompt_tokens"]), int(row["sum_completion_tokens"])),
        origin_id=row["origin_id"],
        version=row["version"],
        fresh=row["fresh"],
        endpoint=row["endpoint"],
        patience=row["patience"],
        provider=row["provider"],
        budget=None if row["budget"] is None else Budget(row["budget"], row["currency"]),
        cost=float(row["sum_cost"]),
        learns=row["learns"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        published_at=row["published_at"],
        kept_at=row["kept_at"],
        rows_per_s=rate,
        left_s=waiting / rate if rate and row["status"] == JobStatus.RUNNING else None,
    )
