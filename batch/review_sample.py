"""A job's random rows, by which a reviewer judges the whole: chosen once, in a lasting order."""

from __future__ import annotations

import random
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.jobs import Job
from core.schema import rows
from core.statuses import Review, RowStatus

#: So many of a job's rows at most.
SAMPLE_ROWS = 1_000


def sample(job: Job) -> list[int]:
    """The job's random rows: chosen once, by its id, in an order that stays."""
    return random.Random(job.id).sample(range(1, job.rows + 1), min(job.rows, SAMPLE_ROWS))


def still_open(job: Job, connection: Connection, after: int) -> Iterator[int]:
    """Those of the random rows that nobody has approved, in their order.

    Args:
        job: The job.
        connection: To our tables.
        after: The one of them after which they begin; 0: at the first.
    """
    numbers = sample(job)
    if after:
        numbers = numbers[numbers.index(after) + 1 :]
    query = sa.select(rows.c.row_no).where(
        rows.c.job_id == job.id,
        rows.c.row_no.in_(numbers),
        rows.c.status == RowStatus.DONE,
        rows.c.review != Review.APPROVED,
    )
    found = set(connection.execute(query).scalars())
    return iter([number for number in numbers if number in found])
