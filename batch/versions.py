"""Which version of a job counts: the one that a person has kept, else the newest."""

from __future__ import annotations

from collections.abc import Sequence

from batch import publish
from batch.jobs import Job
from core.db import Database, clock
from core.errors import JobError
from core.schema import jobs
from core.settings import Settings
from core.statuses import JobStatus


def current(versions: Sequence[Job]) -> Job | None:
    """The version that counts; None where there is none.

    A version that has been begun since a person decided does not count until somebody
    keeps or publishes it; neither does one that is not finished, where another is.
    """
    kept = [one for one in versions if one.kept_at is not None]
    if kept:
        return max(kept, key=lambda one: one.kept_at or 0.0)
    finished = [one for one in versions if one.status is JobStatus.DONE]
    return max(finished or versions, key=lambda one: one.version, default=None)


def on_the_shelves(versions: Sequence[Job]) -> Job | None:
    """The version that was published last, which is what shoppers see; None where none was."""
    published = [one for one in versions if one.published_at is not None]
    return max(published, key=lambda one: one.published_at or 0.0, default=None)


def keep(db: Database, job: Job) -> None:
    """Decide that this version counts; what shoppers see stays as it is.

    Raises:
        JobError: The job is gone.
    """
    with db.write() as connection:
        change = jobs.update().where(jobs.c.id == job.id).values(kept_at=clock(connection))
        if not connection.execute(change).rowcount:
            raise JobError(f"There is no job {job.id}; it may have been deleted.")


def roll_back(settings: Settings, db: Database, job: Job) -> int:
    """Have this version count, and shoppers see it again; returns how many products.

    Products that only a later version has stay as that one left them.

    Raises:
        JobError: The job is gone, or has no result.
    """
    return publish.publish(settings, db, job.id)
