"""When a job counts as approved, for those who wait for that."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from batch import review, runs, undoing
from batch.flags import Flag
from batch.jobs import Job
from batch.review import Reviewer
from batch.review_rows import load
from core import events
from core.db import Database
from core.events import EventKind
from core.schema import jobs
from core.settings import Settings
from tests.batch.reviewing import NOT_THERE, reviewed_job, tent
from tests.conftest import on_both

DOUBT = Flag("brand", NOT_THERE)


def approved(db: Database) -> list[str]:
    """The jobs that have become approved since a test has begun."""
    found = events.unhandled(db, "test")
    return [one.subject for one in found if one.kind is EventKind.JOB_APPROVED]


@pytest.fixture(autouse=True)
def _listening(db: Database) -> None:
    events.unhandled(db, "test")


def reviewer(settings: Settings, db: Database, job: Job, name: str = "ann") -> Reviewer:
    return Reviewer(settings, db, job, name)


def approve(who: Reviewer, row_nos: Sequence[int]) -> None:
    review.approve(who, load(who.settings, who.db, who.job, row_nos))


@on_both
def test_a_job_is_approved_with_the_last_doubtful_row_and_told_of_once(
    settings: Settings, db: Database
) -> None:
    job = reviewed_job(settings, db, [tent(1, DOUBT), tent(2, DOUBT), tent(3)])
    who = reviewer(settings, db, job)
    approve(who, [1])
    assert approved(db) == []
    approve(who, [2])
    assert approved(db) == [job.id]
    approve(who, [3])
    assert approved(db) == [job.id]


def test_what_was_opened_again_makes_it_approved_again(settings: Settings, db: Database) -> None:
    job = reviewed_job(settings, db, [tent(1, DOUBT), tent(2)])
    who = reviewer(settings, db, job)
    approve(who, [1])
    (row,) = load(settings, db, job, [1])
    review.reopen(who, row)
    assert approved(db) == [job.id]
    undoing.undo(who)
    assert approved(db) == [job.id, job.id]
    undoing.undo(who)
    assert approved(db) == [job.id, job.id], "taking an approval back approves nothing"


def test_a_job_without_doubts_is_approved_when_a_person_has_looked(
    settings: Settings, db: Database
) -> None:
    job = reviewed_job(settings, db, [tent(1), tent(2)])
    assert approved(db) == []
    who = reviewer(settings, db, job)
    approve(who, [1])
    approve(who, [2])
    assert approved(db) == [job.id]


@on_both
def test_two_people_who_approve_the_last_rows_at_once_approve_the_job(
    settings: Settings, db: Database
) -> None:
    for turn in range(5):
        job = reviewed_job(settings, db, [tent(1, DOUBT), tent(2, DOUBT)])
        people = [reviewer(settings, db, job, name) for name in ("ann", "bob")]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(approve, people, [[1], [2]]))
        assert len(approved(db)) == turn + 1


def test_a_job_that_is_not_done_is_approved_at_its_end(settings: Settings, db: Database) -> None:
    job = reviewed_job(settings, db, [tent(1, DOUBT)])
    reopened = runs_again(db, job)
    approve(reviewer(settings, db, job), [1])
    assert approved(db) == []
    runs.settle(db, job.id, reopened)
    assert approved(db) == [job.id]


def runs_again(db: Database, job: Job) -> int:
    """The job's next run, in which nothing is missing."""
    with db.write() as connection:
        again = jobs.update().where(jobs.c.id == job.id)
        connection.execute(again.values(status="running", run=jobs.c.run + 1))
        run = connection.execute(sa.select(jobs.c.run).where(jobs.c.id == job.id)).scalar_one()
    return int(run)
