"""What people decide about a job: pause, resume, cancel, delete.

A decision is one guarded update; the worker sees it within half a second and
obeys. Decisions that came too late change nothing and say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from batch.allowance import check_budget
from batch.budget import Budget, check_left
from batch.jobs import get
from core.db import Database
from core.errors import JobError
from core.limits import UNLIMITED, JobLimits
from core.schema import jobs
from core.statuses import ACTIVE, JobStatus


def pause(db: Database, job_id: str) -> None:
    """Stop for now; rows that are done stay done.

    Raises:
        JobError: The job is not running.
    """
    _change(db, job_id, ACTIVE, {"status": JobStatus.PAUSED}, "is not running, so it cannot pause")


def resume(
    db: Database, job_id: str, budget: Budget | None = None, limits: JobLimits = UNLIMITED
) -> None:
    """Go on with the rows that still wait.

    Args:
        db: Our tables.
        job_id: The job.
        budget: What it may cost from now on, with what is spent already; None: as before.
        limits: Of who resumes it; a budget that was there before holds all the same.

    Raises:
        JobError: The job runs already, has nothing left to do, its budget is used up, or
            the new one is larger than may be.
    """
    stopped = (JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED)
    change = next_run()
    if budget is not None:
        check_budget(limits, budget)
        change |= {"budget": budget.amount, "currency": budget.currency}
    refusal = "is not stopped, so there is nothing to resume"
    _change(db, job_id, stopped, change, refusal, check=check_left)


def cancel(db: Database, job_id: str) -> None:
    """Stop for good and keep what is done.

    Raises:
        JobError: The job has ended already.
    """
    change = {"status": JobStatus.CANCELLED, "finished_at": time.time()}
    _change(db, job_id, (*ACTIVE, JobStatus.PAUSED), change, "has ended already")


def delete(db: Database, job_id: str) -> None:
    """Delete a job with its results: from now on it is not found; one that runs is stopped.

    What it holds is removed afterwards, piece by piece (:mod:`batch.removal`).
    """
    change = {"status": JobStatus.DELETED, "request_key": None, "finished_at": time.time()}
    with db.write() as connection:
        connection.execute(
            jobs.update()
            .where(jobs.c.id == job_id, jobs.c.status != JobStatus.DELETED)
            .values(change)
        )


def next_run() -> dict[str, Any]:
    """The change that begins another run of a job."""
    return {
        "status": JobStatus.QUEUED,
        "reason": "",
        "run": jobs.c.run + 1,
        "finished_at": None,
    }


def _change(
    db: Database,
    job_id: str,
    allowed: Sequence[JobStatus],
    change: dict[str, Any],
    refusal: str,
    check: Callable[[Connection, str], None] = lambda *_: None,
) -> None:
    """Make a decision; ``check`` may still refuse it, in the same transaction."""
    guarded = jobs.update().where(jobs.c.id == job_id, jobs.c.status.in_(allowed))
    with db.write() as connection:
        changed = connection.execute(guarded.values(change)).rowcount
        if changed:
            check(connection, job_id)
    if not changed:
        raise JobError(f"“{get(db, job_id).name}” {refusal}.")
