from __future__ import annotations

from batch import control, runs
from batch.extract import Outcome
from batch.rows import record
from core import events
from core.db import Database
from core.events import EventKind
from core.statuses import RowStatus
from tests.batch.conftest import MakeJob
from tests.conftest import on_both


def happened(db: Database) -> list[tuple[str, str]]:
    return [(one.kind, one.subject) for one in events.unhandled(db, "test")]


@on_both
def test_the_end_of_a_job_is_an_event_once(db: Database, make_job: MakeJob) -> None:
    assert happened(db) == []
    job = make_job(1)
    runs.begin(db, job.id, 1)
    assert not runs.settle(db, job.id, 1)
    assert happened(db) == []
    record(db, job.id, 0, [Outcome(1, RowStatus.DONE)], 1)
    assert runs.settle(db, job.id, 1)
    assert runs.settle(db, job.id, 1)
    assert happened(db) == [(EventKind.JOB_DONE, job.id)]


def test_a_job_that_is_stopped_by_an_error_says_why(db: Database, make_job: MakeJob) -> None:
    events.unhandled(db, "test")
    job = make_job(1)
    runs.begin(db, job.id, 1)
    runs.fail(db, job.id, 1, "The key is wrong.")
    [event] = events.unhandled(db, "test")
    assert (event.kind, event.details) == (EventKind.JOB_FAILED, {"reason": "The key is wrong."})


def test_what_an_outdated_run_tells_is_no_event(db: Database, make_job: MakeJob) -> None:
    events.unhandled(db, "test")
    job = make_job(1)
    control.pause(db, job.id)
    runs.fail(db, job.id, 1, "too late")
    assert happened(db) == []
