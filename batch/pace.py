"""How fast a job goes: its progress over time, as the worker has noted it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from core.db import Database
from core.schema import ACTIVE, samples
from core.usage import Tokens

#: Seconds of recent progress that the rate is taken from.
RATE_WINDOW_S = 30.0


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
