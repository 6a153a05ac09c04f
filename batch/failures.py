"""The failed rows of a job: why they failed, how many for each reason, and what came back."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from batch.jobs import Job
from core.db import Database
from core.schema import rows
from core.statuses import RowStatus

#: Reasons told apart; what is rarer is counted together.
MOST_REASONS = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """A kind of failure and how many rows it met."""

    reason: str
    rows: int


def reasons(db: Database, job: Job) -> list[Failure]:
    """The kinds of failure of a job, the commonest first."""
    count = sa.func.count()
    query = (
        sa.select(rows.c.reason, count)
        .where(rows.c.job_id == job.id, rows.c.status == RowStatus.FAILED)
        .group_by(rows.c.reason)
        .order_by(count.desc(), rows.c.reason)
        .limit(MOST_REASONS)
    )
    with db.read() as connection:
        return [Failure(reason, number) for reason, number in connection.execute(query)]
