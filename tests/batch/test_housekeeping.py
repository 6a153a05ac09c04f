from __future__ import annotations

import io
import time

import sqlalchemy as sa

from batch import control, housekeeping, jobs, uploads
from batch.housekeeping import DAY_S
from core import schema
from core.db import Database
from core.settings import Settings
from core.statuses import JobStatus
from tests.batch.conftest import MakeJob


def upload(settings: Settings, db: Database) -> str:
    return uploads.store(settings, db, "new.csv", io.BytesIO(b"id,title\n1,Tent\n")).id


def in_days(days: float) -> float:
    return time.time() + days * DAY_S


def stored(db: Database) -> set[str]:
    with db.read() as connection:
        return set(connection.execute(sa.select(schema.uploads.c.id)).scalars())


def test_uploads_that_no_job_needs_go_after_their_time(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    unused, used = upload(settings, db), make_job(1).upload_id
    housekeeping.tidy(settings, db, in_days(29))
    assert stored(db) == {unused, used}
    housekeeping.tidy(settings, db, in_days(31))
    assert stored(db) == {used}
    assert not uploads.folder(settings, unused).exists()


def test_results_are_kept_for_good_unless_a_setting_says_otherwise(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(1)
    control.cancel(db, job.id)
    housekeeping.tidy(settings, db, in_days(3000))
    assert [one.id for one in jobs.listing(db)] == [job.id]
    limited = settings.model_copy(update={"result_days": 90})
    housekeeping.tidy(limited, db, in_days(89))
    assert [one.id for one in jobs.listing(db)] == [job.id]
    housekeeping.tidy(limited, db, in_days(91))
    assert jobs.listing(db) == []


def test_a_job_that_has_not_ended_is_never_too_old(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(1)
    limited = settings.model_copy(update={"result_days": 1})
    housekeeping.tidy(limited, db, in_days(100))
    assert jobs.get(db, job.id).status is JobStatus.QUEUED
