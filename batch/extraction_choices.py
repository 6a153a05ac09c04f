"""What a schedule may extract: as earlier jobs did, or what a saved set says."""

from __future__ import annotations

from batch import field_sets, jobs
from batch.jobs import Job
from batch.plan_file import plan_object
from batch.schedule_task import Extraction
from core.db import Database

#: So many of the newest jobs are looked at.
JOBS = 60


def choices(db: Database) -> list[Extraction]:
    """What can be chosen: jobs first, the newest first; of those that are alike, one."""
    found: list[Extraction] = []
    for job in jobs.listing(db, JOBS):
        one = like(job)
        if not any(same(one, other) for other in found):
            found.append(one)
    saved = [Extraction(saved_set=one.name) for one in field_sets.listing(db)]
    return [*found, *saved]


def like(job: Job) -> Extraction:
    """The way in which a job has extracted, whatever becomes of it later."""
    return Extraction(
        like=job.name,
        columns=job.columns.to_json(),
        plan=plan_object(job.plan),
        learns=job.learns,
    )


def same(one: Extraction, other: Extraction) -> bool:
    """Whether two extract the same, in whatever way and for whatever money."""
    return (one.columns, one.plan, one.saved_set) == (other.columns, other.plan, other.saved_set)
