"""What the worker notes about a job: that a run began, goes on, and how it ended.

A run is one go at a job's missing rows. Pausing and resuming start another
run, and every note is guarded by the run's number, so that a worker which
slept through the change cannot undo it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch import approval
from core import events
from core.db import Database, clock
from core.events import EventKind
from core.schema import jobs, rows, shards
from core.statuses import ACTIVE, JobStatus, RowStatus


@dataclass(frozen=True, slots=True)
class JobRun:
    """What the worker has to know of a job to begin or to leave it.

    Attributes:
        provider: The endpoint whose provider takes its rows, if they are sent there.
    """

    job_id: str
    run: int
    status: JobStatus
    provider: str | None


def active_runs(db: Database) -> list[JobRun]:
    """The runs that the worker should be working on, the oldest first.

    Asked several times a second, so it counts nothing.
    """
    query = (
        sa.select(jobs.c.id, jobs.c.run, jobs.c.status, jobs.c.provider)
        .where(jobs.c.status.in_(ACTIVE))
        .order_by(jobs.c.created_at)
    )
    with db.read() as connection:
        return [
            JobRun(job_id, run, JobStatus(status), provider)
            for job_id, run, status, provider in connection.execute(query)
        ]


def begin(db: Database, job_id: str, run: int) -> list[int]:
    """Mark the job as running; returns the numbers of the shards with rows missing."""
    with db.write() as connection:
        changed = connection.execute(
            jobs.update()
            .where(is_run(job_id, run))
            .values(
                status=JobStatus.RUNNING,
                started_at=sa.func.coalesce(jobs.c.started_at, clock(connection)),
            )
        ).rowcount
        return _unfinished(connection, job_id) if changed else []


def is_current(db: Database, job_id: str, run: int) -> bool:
    """Whether this run is still the one that should work on the job."""
    with db.read() as connection:
        return (
            connection.execute(sa.select(jobs.c.id).where(is_run(job_id, run))).first() is not None
        )


def look(db: Database, job_id: str) -> JobRun | None:
    """How a job is now, also when nobody should work on it; None when it is deleted."""
    query = sa.select(jobs.c.run, jobs.c.status, jobs.c.provider).where(jobs.c.id == job_id)
    with db.read() as connection:
        found = connection.execute(query).first()
    if found is None or found.status == JobStatus.DELETED:
        return None
    return JobRun(job_id, found.run, JobStatus(found.status), found.provider)


def goes_to_provider(db: Database, job_id: str) -> bool:
    """Whether a job's rows are sent to a provider."""
    found = look(db, job_id)
    return found is not None and found.provider is not None


def unfinished(db: Database, job_id: str) -> list[int]:
    """The shards of a job that miss rows."""
    with db.read() as connection:
        return _unfinished(connection, job_id)


def end_shard(db: Database, job_id: str, run: int, shard_no: int) -> list[int]:
    """Note that a shard was gone through in this run.

    Returns:
        When it was the last one, the shards that still miss rows: those had to
        wait for equal rows in other shards.
    """
    with db.write() as connection:
        # One shard after the other, or the last two would each take the other for unfinished.
        current = sa.select(jobs.c.id).where(is_run(job_id, run)).with_for_update()
        if connection.execute(current).first() is None:
            return []
        connection.execute(
            shards.update()
            .where(shards.c.job_id == job_id, shards.c.shard_no == shard_no)
            .values(run=run)
        )
        unfinished = _unfinished(connection, job_id)
        to_come = connection.execute(
            sa.select(shards.c.shard_no)
            .where(
                shards.c.job_id == job_id,
                shards.c.shard_no.in_(unfinished),
                shards.c.run < run,
            )
            .limit(1)
        ).first()
        return [] if to_come else unfinished


def settle(db: Database, job_id: str, run: int) -> bool:
    """Mark the job as done if no row is missing any more; returns whether it is."""
    with db.write() as connection:
        if _unfinished(connection, job_id):
            return False
        change = {"status": JobStatus.DONE, "finished_at": clock(connection)}
        ended = connection.execute(jobs.update().where(is_run(job_id, run)).values(change))
        if ended.rowcount:
            events.record(connection, EventKind.JOB_DONE, job_id)
            approval.note_end(connection, job_id)
        return True


def fail(db: Database, job_id: str, run: int, reason: str) -> None:
    """Stop the job with a reason that a person can act on; what is done is kept."""
    with db.write() as connection:
        stopped = connection.execute(
            jobs.update()
            .where(is_run(job_id, run))
            .values(status=JobStatus.FAILED, reason=reason, finished_at=clock(connection))
        )
        if stopped.rowcount:
            events.record(connection, EventKind.JOB_FAILED, job_id, {"reason": reason})


def tell(db: Database, job_id: str, run: int, trouble: str) -> None:
    """Say what keeps a run from going on for the moment; nothing when all is well again."""
    others = (JobStatus.FAILED, JobStatus.DELETED)
    with db.write() as connection:
        connection.execute(
            jobs.update()
            .where(jobs.c.id == job_id, jobs.c.run == run, jobs.c.status.not_in(others))
            .values(reason=trouble)
        )


def stop_if_hopeless(db: Database, job_id: str, run: int, limit: int) -> bool:
    """Stop a job none of whose rows could be done, once so many have failed.

    Returns:
        Whether there is still a reason to look: False as soon as a row is done.
    """
    with db.read() as connection:
        done, failed = connection.execute(
            sa.select(sa.func.sum(shards.c.done), sa.func.sum(shards.c.failed)).where(
                shards.c.job_id == job_id
            )
        ).one()
        if done or not failed or failed < limit:
            return not done
        last = connection.execute(
            sa.select(rows.c.error)
            .where(rows.c.job_id == job_id, rows.c.status == RowStatus.FAILED)
            .order_by(rows.c.finished_at.desc())
            .limit(1)
        ).scalar()
    fail(db, job_id, run, f"The first {failed:,} rows all failed, the last one so: {last}")
    return False


def begin_next(db: Database, job_id: str, run: int) -> bool:
    """Have another run begun with the rows that this one has left; returns whether it was."""
    with db.write() as connection:
        changed = connection.execute(
            jobs.update()
            .where(is_run(job_id, run))
            .values(status=JobStatus.QUEUED, run=jobs.c.run + 1)
        )
        return changed.rowcount == 1


def mark_published(db: Database, job_id: str) -> None:
    """Note that the job's results have been put on the shelves: of its versions it counts now."""
    with db.write() as connection:
        now = clock(connection)
        change = jobs.update().where(jobs.c.id == job_id)
        connection.execute(change.values(published_at=now, kept_at=now))


def mark_withdrawn(db: Database, job_id: str) -> None:
    """Note that the job's results have left the shelves; whatever else a person decided holds."""
    of_job = jobs.c.id == job_id
    by_publishing = sa.and_(of_job, jobs.c.kept_at == jobs.c.published_at)
    with db.write() as connection:
        connection.execute(jobs.update().where(by_publishing).values(kept_at=None))
        connection.execute(jobs.update().where(of_job).values(published_at=None))


def is_run(job_id: str, run: int) -> sa.ColumnElement[bool]:
    """The condition under which a run is the one that should work on its job."""
    return sa.and_(jobs.c.id == job_id, jobs.c.run == run, jobs.c.status.in_(ACTIVE))


def _unfinished(connection: Connection, job_id: str) -> list[int]:
    found = connection.execute(
        sa.select(shards.c.shard_no)
        .where(shards.c.job_id == job_id, shards.c.done + shards.c.failed < shards.c.rows)
        .order_by(shards.c.shard_no)
    )
    return list(found.scalars())
