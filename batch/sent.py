"""The batches at a provider as our tables know them: what was sent, and how far it is.

A batch is written down before the provider is asked for it, so that one whose
creation was interrupted is looked for there and not sent twice. Every change
is guarded: a process that slept through one cannot undo it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch import runs
from batch.jobs import Job
from batch.sent_batch import SentBatch, ranges
from core.db import Database
from core.provider_tables import provider_batches
from core.remote_batch import RemoteBatch
from core.schema import jobs, rows
from core.statuses import BatchStatus, JobStatus, RowStatus

#: A batch that was being created is given up only when it has not shown up for so long.
SETTLE_S = 10.0
#: The provider's clock may be wrong by as much.
CLOCK_S = 86_400.0
#: After this a provider has ended a batch in any case.
LIFE_S = 90_000.0
_OPEN = provider_batches.c.status != BatchStatus.COLLECTED


def begin(
    db: Database, job: Job, endpoint: str, numbers: Sequence[int], cost: float = 0.0
) -> SentBatch | None:
    """Note that rows are about to be sent.

    Args:
        numbers: The rows, ascending.
        cost: What they are expected to cost.

    Returns:
        None when they are not to be sent any more: another run has begun, the
        job was stopped, or somebody else is sending one of them or has its result.
    """
    batch_id = secrets.token_hex(8)
    with db.write() as connection:
        # The lock keeps a second process from sending the same rows at the same moment.
        wanted = sa.select(jobs.c.id).where(runs.is_run(job.id, job.run)).with_for_update()
        if connection.execute(wanted).first() is None:
            return None
        if _overlap(_select(connection, job.id, _OPEN), numbers):
            return None
        # Whoever was slow between looking for what is missing and this moment looks again.
        if _ended(connection, job.id, numbers):
            return None
        connection.execute(
            provider_batches.insert().values(
                id=batch_id,
                job_id=job.id,
                run=job.run,
                endpoint=endpoint,
                status=BatchStatus.CREATING,
                row_ranges=ranges(numbers),
                rows=len(numbers),
                cost=cost,
                created_at=time.time(),
            )
        )
        (batch,) = _select(connection, job.id, provider_batches.c.id == batch_id)
        return batch


def _ended(connection: Connection, job_id: str, numbers: Sequence[int]) -> bool:
    """Whether one of these rows has a result or a reason already."""
    query = sa.select(rows.c.row_no).where(
        rows.c.job_id == job_id,
        rows.c.row_no.between(numbers[0], numbers[-1]),
        rows.c.status.in_((RowStatus.DONE, RowStatus.FAILED)),
    )
    return not set(numbers).isdisjoint(connection.execute(query).scalars())


def _overlap(batches: Collection[SentBatch], numbers: Sequence[int]) -> bool:
    wanted = set(numbers)
    first, last = numbers[0], numbers[-1]
    return any(not wanted.isdisjoint(batch.rows_between(first, last)) for batch in batches)


def mark_sent(db: Database, batch: SentBatch, remote: RemoteBatch) -> bool:
    """Note that the provider has it; returns whether it is known as this one from now on."""
    change = {
        "status": BatchStatus.SENT,
        "remote_id": remote.id,
        "remote_status": remote.status,
    }
    if _change(db, batch, change):
        return True
    query = sa.select(provider_batches.c.remote_id).where(provider_batches.c.id == batch.id)
    with db.read() as connection:
        return connection.execute(query).scalar() == remote.id


def drop(db: Database, batch: SentBatch) -> None:
    """Forget a batch that the provider never got."""
    with db.write() as connection:
        connection.execute(
            provider_batches.delete().where(
                provider_batches.c.id == batch.id,
                provider_batches.c.status == BatchStatus.CREATING,
            )
        )


def is_creating(db: Database, batch: SentBatch) -> bool:
    """Whether it is still to be created: nobody has dropped it, deleted its job or found it."""
    query = sa.select(provider_batches.c.status).where(provider_batches.c.id == batch.id)
    with db.read() as connection:
        return connection.execute(query).scalar() == BatchStatus.CREATING


def note(db: Database, batch: SentBatch, remote: RemoteBatch) -> None:
    """Note how far it is, if that has changed."""
    if (remote.status, remote.answered) != (batch.remote_status, batch.answered):
        _change(db, batch, {"remote_status": remote.status, "answered": remote.answered})


def advance(connection: Connection, batch: SentBatch, before: int, to: int) -> bool:
    """Note in the caller's transaction that answers up to a row are stored.

    Returns:
        False when somebody else has stored them meanwhile.
    """
    moved = (
        provider_batches.update()
        .where(
            provider_batches.c.id == batch.id,
            provider_batches.c.collected_to == before,
            provider_batches.c.status == BatchStatus.SENT,
        )
        .values(collected_to=to)
    )
    return connection.execute(moved).rowcount == 1


def close(
    db: Database,
    batch: SentBatch,
    remote_status: str,
    *,
    answered: int,
    problem: str = "",
    room: int | None = None,
) -> bool:
    """Note that nothing more will come of it."""
    change = {
        "status": BatchStatus.COLLECTED,
        "remote_status": remote_status,
        "answered": answered,
        "problem": problem,
        "room": room,
        "ended_at": time.time(),
    }
    return _change(db, batch, change)


def _change(db: Database, batch: SentBatch, change: Mapping[str, object]) -> bool:
    with db.write() as connection:
        changed = (
            provider_batches.update()
            .where(provider_batches.c.id == batch.id, provider_batches.c.status == batch.status)
            .values(change)
        )
        return connection.execute(changed).rowcount == 1


def open_batches(db: Database, job_id: str) -> list[SentBatch]:
    """A job's batches that are not collected yet, of all its runs, the oldest first."""
    with db.read() as connection:
        return _select(connection, job_id, _OPEN)


def is_there(connection: Connection, job_id: str) -> bool:
    """Whether a provider may still be at work for a job."""
    fresh = provider_batches.c.created_at > time.time() - LIFE_S
    query = sa.select(provider_batches.c.id).where(
        provider_batches.c.job_id == job_id, _OPEN, fresh
    )
    return connection.execute(query).first() is not None


def left_behind(db: Database) -> list[str]:
    """Deleted jobs that still have batches at a provider."""
    query = (
        sa.select(provider_batches.c.job_id)
        .join(jobs, jobs.c.id == provider_batches.c.job_id)
        .where(jobs.c.status == JobStatus.DELETED, _OPEN)
        .distinct()
    )
    with db.read() as connection:
        return list(connection.execute(query).scalars())


def of_run(db: Database, job_id: str, run: int) -> list[SentBatch]:
    """Every batch of one run, the oldest first."""
    with db.read() as connection:
        return _select(connection, job_id, provider_batches.c.run == run)


def rows_there(db: Database, endpoint: str) -> int:
    """Rows of all jobs that an endpoint's provider has at this moment."""
    query = sa.select(sa.func.sum(provider_batches.c.rows)).where(
        provider_batches.c.endpoint == endpoint, provider_batches.c.status == BatchStatus.SENT
    )
    with db.read() as connection:
        return int(connection.execute(query).scalar() or 0)


def _select(
    connection: Connection, job_id: str, condition: sa.ColumnElement[bool]
) -> list[SentBatch]:
    found = connection.execute(
        provider_batches.select()
        .where(provider_batches.c.job_id == job_id, condition)
        .order_by(provider_batches.c.created_at, provider_batches.c.id)
    ).mappings()
    return [_batch(row) for row in found]


def _batch(row: RowMapping) -> SentBatch:
    return SentBatch(
        id=row["id"],
        job_id=row["job_id"],
        run=row["run"],
        endpoint=row["endpoint"],
        status=BatchStatus(row["status"]),
        remote_id=row["remote_id"],
        remote_status=row["remote_status"],
        ranges=tuple((first, last) for first, last in row["row_ranges"]),
        rows=row["rows"],
        answered=row["answered"],
        cost=row["cost"],
        collected_to=row["collected_to"],
        room=row["room"],
        problem=row["problem"],
        created_at=row["created_at"],
    )
