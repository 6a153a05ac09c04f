"""What schedules do when they come due, without the processes that see to it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from batch import (
    budget,
    control,
    deliveries,
    delivery_runs,
    jobs,
    runs,
    schedule_delivering,
    schedule_runs,
    schedule_starts,
    schedules,
    timing,
)
from batch.delivering import Delivering
from batch.destination_options import DestinationKind
from batch.jobs import Job
from batch.schedule_runs import RunStatus
from batch.schedule_taking import Taking
from batch.schedule_task import Extraction, Outlet, Task, Trigger
from batch.schedule_wanted import Wanted
from batch.schedules import Schedule
from core import events, products, releases, schema
from core.db import Database
from core.errors import DatabaseAway
from core.events import Event, EventKind
from core.roles import Role
from core.schedule_tables import schedules as schedule_table
from core.settings import Settings, load_settings
from core.statuses import JobStatus
from tests.batch.conftest import new_job
from tests.batch.delivering import destination
from tests.batch.scheduling import BOTTLES, EXTRACTION, NIGHTLY, Scheduling, finish, put
from tests.conftest import on_both

BERLIN = ZoneInfo("Europe/Berlin")
TWO = datetime(2027, 5, 3, 2, tzinfo=BERLIN).timestamp()
DAY_S = 86_400.0
WATCHING = Wanted(
    "Watch", Trigger.CATALOG, BOTTLES.model_copy(update={"place": "*.csv"}), "*/5 * * * *"
)


@pytest.fixture
def scheduling(settings: Settings, db: Database) -> Scheduling:
    events.unhandled(db, "schedules")
    events.unhandled(db, "test")
    return Scheduling(settings, db)


@pytest.fixture
def nightly(db: Database) -> Schedule:
    return schedules.create(db, NIGHTLY)


def failures(db: Database) -> list[Event]:
    return [one for one in events.unhandled(db, "test") if one.kind is EventKind.SCHEDULE_FAILED]


def long_ago(settings: Settings, name: str) -> None:
    """A file that nobody is still copying."""
    at = time.time() - 60
    os.utime(settings.imports / name, (at, at))


@on_both
def test_a_nightly_schedule_takes_the_catalog_extracts_it_and_publishes(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    put(settings, 1, 2)
    task = BOTTLES.model_copy(update={"publish": True})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    scheduling.due(nightly, TWO)
    run = scheduling.newest(nightly)
    assert (run.status, run.path, run.due_at) == (RunStatus.EXTRACTING, "bottles.csv", TWO)
    assert run.job_id is not None
    job = jobs.get(db, run.job_id)
    assert (job.rows, job.plan.fields[0].name, job.columns.title) == (2, "brand", "title")
    scheduling.end_job(run)
    run = scheduling.newest(nightly)
    assert (run.status, run.said) == (
        RunStatus.DONE,
        "2 of 2 rows extracted. 2 products published to the chat.",
    )
    assert set(products.get(db, ["P1", "P2"])) == {"P1", "P2"}


def test_a_time_that_is_not_the_schedules_starts_nothing(
    settings: Settings, scheduling: Scheduling, nightly: Schedule
) -> None:
    put(settings, 1)
    scheduling.due(nightly, TWO + 60)
    assert scheduling.statuses(nightly) == []


def test_a_catalog_that_is_the_same_as_last_night_is_left_alone(
    settings: Settings, db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    put(settings, 1)
    scheduling.due(nightly, TWO)
    scheduling.end_job(scheduling.newest(nightly))
    scheduling.due(nightly, TWO + DAY_S)
    put(settings, 1)  # touched, and the same
    scheduling.due(nightly, TWO + 2 * DAY_S)
    put(settings, 1, 2)
    scheduling.due(nightly, TWO + 3 * DAY_S)
    assert scheduling.statuses(nightly) == ["done", "unchanged", "unchanged", "extracting"]
    assert len(jobs.listing(db)) == 2
    scheduling.end_job(scheduling.newest(nightly))
    schedule_starts.now(db, nightly)
    scheduling.step()
    assert scheduling.newest(nightly).status is RunStatus.EXTRACTING, "asked for, it is done anyway"


def test_a_schedule_may_do_the_same_catalog_every_night(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    put(settings, 1)
    task = BOTTLES.model_copy(update={"only_new": False})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    for number in range(2):
        scheduling.due(nightly, TWO + number * DAY_S)
        scheduling.end_job(scheduling.newest(nightly))
    assert scheduling.statuses(nightly) == ["done", "done"]


def test_after_a_night_that_failed_the_same_catalog_is_tried_again(
    settings: Settings, db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    put(settings, 1)
    scheduling.due(nightly, TWO)
    run = scheduling.newest(nightly)
    control.cancel(db, str(run.job_id))
    scheduling.step()
    assert "cancelled" in scheduling.newest(nightly).said
    scheduling.due(nightly, TWO + DAY_S)
    assert scheduling.newest(nightly).status is RunStatus.EXTRACTING


def test_missed_nights_are_caught_up_with_once(
    settings: Settings, db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    put(settings, 1)
    three_nights_on = TWO + 2 * DAY_S + 3600
    with db.write() as connection:
        connection.execute(schedule_table.update().values(since=TWO - 3600))
    scheduling.keeper.catch_up(three_nights_on)
    scheduling.keeper.catch_up(three_nights_on)
    (run,) = schedule_runs.history(db, nightly.id)
    assert run.due_at == TWO + 2 * DAY_S
    scheduling.due(nightly, TWO + 2 * DAY_S)  # the engine, late
    assert len(schedule_runs.history(db, nightly.id)) == 1


def test_what_came_due_before_a_schedule_was_made_or_switched_on_was_not_missed(
    db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    assert nightly.timing is not None
    before = timing.latest(nightly.timing, nightly.created_at)
    assert before is not None
    scheduling.keeper.catch_up(nightly.created_at + 1)
    schedules.pause(db, nightly.id)
    scheduling.keeper.catch_up(nightly.created_at + 3 * DAY_S)
    assert scheduling.statuses(nightly) == []


def test_a_time_that_has_only_just_passed_is_left_to_the_engine(
    db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    with db.write() as connection:
        connection.execute(schedule_table.update().values(since=TWO - 3600))
    scheduling.keeper.catch_up(TWO + 20)
    assert scheduling.statuses(nightly) == []
    scheduling.keeper.catch_up(TWO + 61)
    assert len(scheduling.statuses(nightly)) == 1


@pytest.mark.parametrize(
    ("catalog", "said"),
    [
        (None, "There is no bottles.csv in"),
        ("", "empty"),
        ("name,price\nx,1", "There is no column “id” in this file. Its columns are “name”"),
    ],
)
def test_a_catalog_that_cannot_be_taken_is_told_and_the_next_night_goes_on(
    settings: Settings,
    db: Database,
    scheduling: Scheduling,
    nightly: Schedule,
    catalog: str | None,
    said: str,
) -> None:
    settings.imports.mkdir(parents=True)
    if catalog is not None:
        (settings.imports / "bottles.csv").write_text(catalog)
    scheduling.due(nightly, TWO)
    run = scheduling.newest(nightly)
    assert run.status is RunStatus.FAILED
    assert said in run.said
    (told,) = failures(db)
    assert (told.subject, told.details["reason"]) == (nightly.id, run.said)
    put(settings, 1)
    scheduling.due(nightly, TWO + DAY_S)
    assert scheduling.newest(nightly).status is RunStatus.EXTRACTING


@pytest.mark.parametrize(
    ("extraction", "said"),
    [
        (Extraction(saved_set="Gone"), "no saved field set “Gone”"),
        (EXTRACTION.model_copy(update={"budget": 5.0}), "no model that may read its rows"),
        (EXTRACTION.model_copy(update={"provider": "away"}), "“away” does not offer batches"),
    ],
)
def test_what_keeps_a_job_from_beginning_is_told_and_leaves_no_file(
    settings: Settings, db: Database, scheduling: Scheduling, extraction: Extraction, said: str
) -> None:
    put(settings, 1)
    task = Task(place="bottles.csv", extraction=extraction)
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    scheduling.due(nightly, TWO)
    run = scheduling.newest(nightly)
    assert run.status is RunStatus.FAILED
    assert said in run.said
    assert list((settings.home / "uploads").iterdir()) == []


def test_the_jobs_of_a_schedule_may_be_what_those_of_its_maker_may(
    settings: Settings, db: Database
) -> None:
    strict = load_settings(home=settings.home, sample_shop=False, job_rows=1)
    put(strict, 1, 2)
    scheduling = Scheduling(strict, db)
    for role, status in (
        (Role.MERCHANDISER, RunStatus.FAILED),
        (Role.ADMINISTRATOR, RunStatus.EXTRACTING),
    ):
        task = BOTTLES.model_copy(update={"role": role})
        nightly = schedules.create(db, replace(NIGHTLY, name=str(role), task=task))
        scheduling.due(nightly, TWO)
        assert scheduling.newest(nightly).status is status
    failed = scheduling.newest(schedules.by_name(db, "merchandiser"))
    assert "This catalog has 2 rows" in failed.said


@pytest.mark.parametrize("place", ["../secret.csv", "/etc/passwd", "a/../../x.csv", "~/x.csv"])
def test_nothing_outside_the_folder_for_imports_is_read(
    settings: Settings, db: Database, scheduling: Scheduling, place: str
) -> None:
    task = BOTTLES.model_copy(update={"place": place})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    scheduling.due(nightly, TWO)
    assert "Catalogs are taken from" in scheduling.newest(nightly).said


def test_a_link_does_not_lead_out_of_the_folder_either(
    settings: Settings, scheduling: Scheduling, nightly: Schedule
) -> None:
    settings.imports.mkdir(parents=True)
    (settings.home / "secret.csv").write_text("id,title,price\nP1,x,1")
    (settings.imports / "bottles.csv").symlink_to(settings.home / "secret.csv")
    scheduling.due(nightly, TWO)
    assert "There is no bottles.csv" in scheduling.newest(nightly).said


@on_both
def test_a_run_waits_for_its_job_and_says_what_holds_it_up(
    settings: Settings, db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    put(settings, 1)
    scheduling.due(nightly, TWO)
    run = scheduling.newest(nightly)
    job_id = str(run.job_id)
    control.pause(db, job_id)
    scheduling.step()
    assert scheduling.newest(nightly).status is RunStatus.HELD
    assert failures(db) == [], "who pauses a job by hand knows"
    control.resume(db, job_id)
    scheduling.step()
    assert scheduling.newest(nightly).status is RunStatus.EXTRACTING
    current = jobs.get(db, job_id)
    runs.fail(db, job_id, current.run, "The key is wrong.")
    scheduling.step()
    held = scheduling.newest(nightly)
    assert (held.status, held.said) == (RunStatus.HELD, "The key is wrong.")
    assert [one.details["reason"] for one in failures(db)] == ["The key is wrong."]


def test_a_new_file_in_a_watched_folder_starts_a_job_and_the_same_content_nothing(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    watch = schedules.create(db, WATCHING)
    scheduling.look(watch)
    assert scheduling.statuses(watch) == []
    put(settings, 1, name="monday.csv")
    scheduling.look(watch)
    assert scheduling.statuses(watch) == [], "it may still be being copied"
    long_ago(settings, "monday.csv")
    scheduling.look(watch)
    assert scheduling.newest(watch).path == "monday.csv"
    scheduling.end_job(scheduling.newest(watch))
    put(settings, 1, name="tuesday.csv")
    long_ago(settings, "tuesday.csv")
    scheduling.look(watch)
    scheduling.look(watch)
    assert scheduling.statuses(watch) == ["done"]
    put(settings, 1, 2, name="tuesday.csv")
    long_ago(settings, "tuesday.csv")
    scheduling.look(watch)
    assert scheduling.statuses(watch) == ["done", "extracting"]
    assert len(jobs.listing(db)) == 2


def test_files_that_come_at_once_are_taken_one_after_the_other(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    put(settings, 9, name="old.csv")
    put(settings, 8, name="older.csv")
    for age_s, name in ((600, "old.csv"), (900, "older.csv")):
        at = time.time() - age_s
        os.utime(settings.imports / name, (at, at))
    watch = schedules.create(db, WATCHING)
    scheduling.look(watch)
    assert scheduling.newest(watch).path == "old.csv", "of what was there, the newest"
    for number, name in ((1, "a.csv"), (2, "b.csv"), (3, "c.csv")):
        put(settings, number, name=name)
        at = time.time() - 60 + number
        os.utime(settings.imports / name, (at, at))
    scheduling.look(watch)
    for _ in range(4):
        scheduling.end_job(scheduling.newest(watch))
    taken = [one.path for one in reversed(schedule_runs.history(db, watch.id))]
    assert taken == ["old.csv", "a.csv", "b.csv", "c.csv"]
    assert len(jobs.listing(db)) == 4


def test_a_watched_file_that_is_no_catalog_is_told_of_once(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    watch = schedules.create(db, WATCHING)
    scheduling.look(watch)
    put(settings, 1, name="good.csv")
    (settings.imports / "bad.csv").write_text("")
    long_ago(settings, "good.csv")
    long_ago(settings, "bad.csv")
    for _ in range(4):
        scheduling.look(watch)
        if scheduling.newest(watch).job_id:
            scheduling.end_job(scheduling.newest(watch))
    assert sorted(scheduling.statuses(watch)) == ["done", "failed"]
    assert len(failures(db)) == 1


@on_both
def test_the_end_of_a_job_starts_what_follows_jobs_like_it(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    every = schedules.create(db, Wanted("All", Trigger.JOB_DONE, Task(publish=True)))
    shoes = schedules.create(
        db, Wanted("Shoes", Trigger.JOB_DONE, Task(publish=True, of_catalogs="shoes*"))
    )
    job = new_job(settings, db, 2)
    finish(settings, db, job.id)
    scheduling.step()
    assert scheduling.statuses(every) == ["done"]
    assert scheduling.newest(every).job_id == job.id
    assert scheduling.statuses(shoes) == []
    scheduling.step()
    assert scheduling.statuses(every) == ["done"], "each end counts once"


def deliver_all(settings: Settings, db: Database) -> None:
    """What the worker does of deliveries."""
    for one in delivery_runs.due(db):
        Delivering(settings, db, one).go()


@on_both
def test_results_are_delivered_and_the_run_says_what_came_of_it(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    put(settings, 1, 2)
    to = destination(settings, db, DestinationKind.FILE, {"folder": "out", "form": "jsonl"})
    task = BOTTLES.model_copy(update={"outlets": (Outlet(destination_id=to.id),)})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    scheduling.due(nightly, TWO)
    scheduling.end_job(scheduling.newest(nightly))
    assert scheduling.newest(nightly).status is RunStatus.DELIVERING
    (delivery,) = deliveries.listing(db)
    assert delivery.cause == "the schedule “Nightly”"
    deliver_all(settings, db)
    scheduling.step()
    run = scheduling.newest(nightly)
    assert (run.status, run.said) == (
        RunStatus.DONE,
        f"2 of 2 rows extracted. 2 rows delivered to “{to.name}”.",
    )
    (file,) = [one for one in settings.exports.rglob("*") if one.is_file()]
    assert len(file.read_text().splitlines()) == 2


def test_a_step_that_is_done_again_after_a_kill_delivers_and_publishes_once(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    put(settings, 1, 2)
    to = destination(settings, db, DestinationKind.FILE, {"folder": "out", "form": "jsonl"})
    task = BOTTLES.model_copy(update={"publish": True, "outlets": (Outlet(destination_id=to.id),)})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    scheduling.due(nightly, TWO)
    finish(settings, db, str(scheduling.newest(nightly).job_id))
    schedule_runs.move(db, scheduling.newest(nightly), RunStatus.EXTRACTED)
    extracted = scheduling.newest(nightly)
    for _ in range(2):
        schedule_delivering.deliver(settings, db, nightly, extracted)
    assert len(deliveries.listing(db)) == 1
    assert len(releases.listing(db, str(extracted.job_id))) == 1


def test_a_destination_that_is_gone_keeps_nothing_from_the_others(
    settings: Settings, db: Database, scheduling: Scheduling
) -> None:
    put(settings, 1, 2)
    to = destination(settings, db, DestinationKind.FILE, {"folder": "out", "form": "jsonl"})
    outlets = (Outlet(destination_id="gone"), Outlet(destination_id=to.id))
    task = BOTTLES.model_copy(update={"outlets": outlets})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    scheduling.due(nightly, TWO)
    scheduling.end_job(scheduling.newest(nightly))
    deliver_all(settings, db)
    scheduling.step()
    run = scheduling.newest(nightly)
    assert run.status is RunStatus.FAILED
    assert run.said == (
        "A destination is gone: edit the schedule and choose another. 2 of 2 rows extracted. "
        f"2 rows delivered to “{to.name}”."
    )
    assert len(failures(db)) == 1


def test_the_end_of_a_job_is_not_lost_while_the_database_is_away(
    settings: Settings, db: Database, scheduling: Scheduling, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = schedules.create(db, Wanted("All", Trigger.JOB_DONE, Task(publish=True)))
    job = new_job(settings, db, 1)
    finish(settings, db, job.id)

    def away(_db: Database, _job_id: str) -> Job:
        raise DatabaseAway("The database does not answer.", reason="test")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "get", away)
        with pytest.raises(DatabaseAway):
            scheduling.keeper.heed_events()
    scheduling.step()
    assert scheduling.statuses(every) == ["done"]


def test_two_who_take_the_same_catalog_begin_one_job(
    settings: Settings, db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    put(settings, 1)
    run = schedule_starts.now(db, nightly)
    # One that was frozen, and the one that has taken over meanwhile.
    first, second = (Taking(settings, db, nightly, run) for _ in range(2))
    first.take()
    second.take()
    assert len(jobs.listing(db)) == 1
    assert schedule_runs.get(db, run.id).status is RunStatus.EXTRACTING
    assert len(list((settings.home / "uploads").iterdir())) == 1


def test_a_job_whose_budget_is_used_up_holds_its_run_up(
    settings: Settings, db: Database, scheduling: Scheduling, nightly: Schedule
) -> None:
    put(settings, 1)
    scheduling.due(nightly, TWO)
    run = scheduling.newest(nightly)
    with db.write() as connection:
        connection.execute(schema.jobs.update().values(budget=1.0, currency="USD"))
    budget.stop(db, str(run.job_id), 1)
    assert jobs.get(db, str(run.job_id)).status is JobStatus.PAUSED
    scheduling.step()
    held = scheduling.newest(nightly)
    assert held.status is RunStatus.HELD
    assert held.said.startswith("The budget of")
    assert len(failures(db)) == 1
