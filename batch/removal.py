"""Removes what is left of deleted jobs, in pieces so small that nobody waits for one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.db import Database
from core.provider_tables import provider_batches
from core.review_tables import corrections, demonstrations
from core.schema import claims, jobs, rows, samples, shards
from core.statuses import BatchStatus, JobStatus
from core.usage_tables import usage

#: A thousand rows: on SQLite nobody else can write meanwhile.
SHARDS_AT_ONCE = 1
RECORDS_AT_ONCE = 2_000


def remove_piece(db: Database) -> bool:
    """Remove a piece of a deleted job; returns whether there was one.

    May be called by several processes at once, and ends anywhere without harm.
    """
    # What a provider is still to be told of, batch.farewell has to find here.
    there = sa.exists().where(
        provider_batches.c.job_id == jobs.c.id,
        provider_batches.c.status != BatchStatus.COLLECTED,
    )
    deleted = sa.select(jobs.c.id).where(jobs.c.status == JobStatus.DELETED, ~there).limit(1)
    with db.read() as connection:
        job_id = connection.execute(deleted).scalar()
    if job_id is None:
        return False
    with db.write() as connection:
        if not (_shards(connection, job_id) or _records(connection, job_id)):
            connection.execute(
                jobs.delete().where(jobs.c.id == job_id, jobs.c.status == JobStatus.DELETED)
            )
    return True


def _shards(connection: Connection, job_id: str) -> int:
    """Remove the first shards with their rows; returns how many."""
    found = connection.execute(
        sa.select(shards.c.shard_no, shards.c.first_row, shards.c.rows)
        .where(shards.c.job_id == job_id)
        .order_by(shards.c.shard_no)
        .limit(SHARDS_AT_ONCE)
    ).all()
    for shard_no, first_row, count in found:
        # By their numbers: looking for what is left would pass all that is gone already.
        extent = rows.c.row_no.between(first_row, first_row + count - 1)
        connection.execute(rows.delete().where(rows.c.job_id == job_id, extent))
        connection.execute(
            shards.delete().where(shards.c.job_id == job_id, shards.c.shard_no == shard_no)
        )
    return len(found)


def _records(connection: Connection, job_id: str) -> int:
    """Remove some of what else is kept of a job; returns how many records.

    What its calls have cost and what was learnt from it are kept, without its name.
    """
    for kept in (usage, demonstrations):
        of_job = sa.select(kept.c.id).where(kept.c.job_id == job_id).limit(RECORDS_AT_ONCE)
        forget = kept.update().where(kept.c.id.in_(of_job)).values(job_id=None)
        if count := connection.execute(forget).rowcount:
            return count
    of_its_own = (
        (samples, samples.c.at),
        (claims, claims.c.input_key),
        (corrections, corrections.c.id),
    )
    for table, key in of_its_own:
        some = sa.select(key).where(table.c.job_id == job_id).limit(RECORDS_AT_ONCE)
        remove = table.delete().where(table.c.job_id == job_id, key.in_(some))
        if count := connection.execute(remove).rowcount:
            return count
    return 0
