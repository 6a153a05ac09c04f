"""How fast a job goes: its progress over time, as the worker has noted it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from core.db import Database, clock
from core.schema import jobs, samples, shards
from core.statuses import ACTIVE, JobStatus
from core.usage import Tokens

#: Seconds of recent progress that the rate is taken from.
RATE_WINDOW_S = 30.0
#: Progress is noted at most once in so many seconds, however many workers there are.
LEAST_GAP_S = 1.0
#: So far back every sample is kept; before that they are thinned to a gap of this share of
#: the time since the first one. A weekend then leaves hundreds of samples, not 86,000.
RECENT_S = 60.0
GAP_SHARE = 1 / 60

_SUMMED = ("done", "failed", "calls", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, slots=True)
class Sample:
    """Progress at a moment, seconds since the epoch."""

    at: float
    done: int
    failed: int
    calls: int
    tokens: Tokens


def rows_per_s(connection: Connection, row: RowMapping, ended: int) -> float | None:
    """Rows per second: of the last half minute for a running job, else over its whole time.

    Args:
        connection: A connection for reading.
        row: The job's row.
        ended: Rows that are done or failed.
    """
    if row["status"] not in ACTIVE:
        if row["started_at"] and row["finished_at"] and ended:
            return float(ended / max(0.001, row["finished_at"] - row["started_at"]))
        return None
    moment = clock(connection)
    earlier = connection.execute(
        sa.select(samples.c.at, samples.c.done + samples.c.failed)
        .where(samples.c.job_id == row["id"], samples.c.at >= moment - RATE_WINDOW_S)
        .order_by(samples.c.at)
        .limit(1)
    ).first()
    if earlier is None or moment - earlier[0] < 1 or ended <= earlier[1]:
        return None
    return float((ended - earlier[1]) / (moment - earlier[0]))


def sample(db: Database, job_id: str, now: float | None = None) -> None:
    """Note the job's progress at this moment, for the plot and the rate.

    Args:
        now: Seconds since the epoch; by default what the clock of all workers says.
    """
    with db.write() as connection:
        now = clock(connection) if now is None else now
        sums = (
            sa.select(
                sa.literal(job_id),
                sa.literal(now),
                *(sa.func.sum(shards.c[name]) for name in _SUMMED),
            )
            .where(shards.c.job_id == job_id)
            .having(sa.func.count() > 0)
        )
        there = sa.select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.status != JobStatus.DELETED)
        if not connection.execute(there).first():
            return
        first, last = connection.execute(
            sa.select(sa.func.min(samples.c.at), sa.func.max(samples.c.at)).where(
                samples.c.job_id == job_id
            )
        ).one()
        if last is not None and now - last < LEAST_GAP_S:
            return
        connection.execute(samples.insert().from_select(["job_id", "at", *_SUMMED], sums))
        if last is not None:
            grown_old = (last - RECENT_S, now - RECENT_S)
            _thin(connection, job_id, grown_old, (now - first) * GAP_SHARE)


def _thin(
    connection: Connection, job_id: str, grown_old: tuple[float, float], gap_s: float
) -> None:
    """Drop those of the samples between two moments that are too near the one kept before."""
    begin, end = grown_old
    at, of_job = samples.c.at, samples.c.job_id == job_id
    kept = connection.execute(sa.select(sa.func.max(at)).where(of_job, at < begin)).scalar()
    between = sa.select(at).where(of_job, at >= begin, at < end).order_by(at)
    for moment in connection.execute(between).scalars().all():
        if kept is not None and moment - kept < gap_s:
            connection.execute(samples.delete().where(of_job, at == moment))
        else:
            kept = moment


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
