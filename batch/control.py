"""What people decide about a job: pause, resume, cancel, retry, delete.

A decision is one guarded update; the worker sees it within half a second and
obeys. Decisions that came too late change nothing and say so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.jobs import get
from core.db import Database
from core.errors import JobError
from core.schema import ACTIVE, JobStatus, RowStatus, jobs, rows, shards


def pause(db: Database, job_id: str) -> None:
    """Stop for now; rows that are done stay done.

    Raises:
        JobError: The job is not running.
    """
    _change(db, job_id, ACTIVE, {"status": JobStatus.PAUSED}, "is not running, so it cannot pause")


def resume(db: Database, job_id: str) -> None:
    """Go on with the rows that still wait.

    Raises:
        JobError: The job runs already or has nothing left to do.
    """
    stopped = (JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED)
    _change(db, job_id, stopped, _next_run(), "is not stopped, so there is nothing to resume")


def cancel(db: Database, job_id: str) -> None:
    """Stop for good and keep what is done.

    Raises:
        JobError: The job has ended already.
    """
    change = {"status": JobStatus.CANCELLED, "finished_at": time.time()}
    _change(db, job_id, (*ACTIVE, JobStatus.PAUSED), change, "has ended already")


def retry_failed(db: Database, job_id: str) -> int:
    """Extract the failed rows again; returns how many.

    Raises:
        JobError: The job is still running, or no row has failed.
    """
    ended = tuple(status for status in JobStatus if status not in ACTIVE)
    with db.write() as connection:
        if (
            connection.execute(sa.select(jobs.c.status).where(jobs.c.id == job_id)).scalar()
            in ACTIVE
        ):
            raise JobError("Please wait until the job has ended or pause it first.")
        failed = connection.execute(
            rows.update()
            .where(rows.c.job_id == job_id, rows.c.status == RowStatus.FAILED)
            .values(status=RowStatus.RETRY)
        ).rowcount
        if not failed:
            raise JobError("No row of this job has failed.")
        connection.execute(shards.update().where(shards.c.job_id == job_id).values(failed=0))
        _guarded(connection, job_id, ended, _next_run())
    return failed


def delete(db: Database, job_id: str) -> None:
    """Remove a job with its results; one that runs is stopped by it."""
    with db.write() as connection:
        connection.execute(jobs.delete().where(jobs.c.id == job_id))


def _next_run() -> dict[str, Any]:
    return {
        "status": JobStatus.QUEUED,
        "reason": "",
        "run": jobs.c.run + 1,
        "finished_at": None,
    }


def _change(
    db: Database, job_id: str, allowed: Sequence[JobStatus], change: dict[str, Any], refusal: str
) -> None:
    with db.write() as connection:
        changed = _guarded(connection, job_id, allowed, change)
    if not changed:
        raise JobError(f"“{get(db, job_id).name}” {refusal}.")


def _guarded(
    connection: Connection, job_id: str, allowed: Sequence[JobStatus], change: dict[str, Any]
) -> bool:
    result = connection.execute(
        jobs.update().where(jobs.c.id == job_id, jobs.c.status.in_(allowed)).values(change)
    )
    return result.rowcount == 1
