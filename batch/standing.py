"""Where a job stands that is done by a provider, for the people who wait for it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from batch.jobs import Job
from core.db import Database
from core.provider_tables import provider_batches
from core.statuses import BatchStatus, JobStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a job is at its provider now.

    Attributes:
        batches: Those it has, and that are not collected yet.
        rows: The rows in them.
        answered: Of these, those that have an answer there.
    """

    batches: int = 0
    rows: int = 0
    answered: int = 0


def standing(db: Database, job_id: str) -> Standing:
    """How much of a job is at its provider, and how far it is there."""
    query = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(provider_batches.c.rows), 0),
        sa.func.coalesce(sa.func.sum(provider_batches.c.answered), 0),
    ).where(provider_batches.c.job_id == job_id, provider_batches.c.status == BatchStatus.SENT)
    with db.read() as connection:
        batches, rows, answered = connection.execute(query).one()
    return Standing(batches, int(rows), int(answered))


def told(db: Database, job: Job) -> str:
    """The same in a sentence; empty for a job that is none of a provider's, or has ended."""
    if job.provider is None or job.status is JobStatus.DONE:
        return ""
    there = standing(db, job.id)
    if there.batches and job.active:
        batches = "1 batch" if there.batches == 1 else f"{there.batches:,} batches"
        answered = f"{there.answered:,} of {there.rows:,} answered there"
        return f"Sent to {job.provider} in {batches} · {answered}"
    if there.batches:
        return f"Being cancelled at {job.provider}; what was answered there is kept"
    return f"Being sent to {job.provider}" if job.active else ""
