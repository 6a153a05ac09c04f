"""Schedules as people make and change them, and how runs of them are recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from batch import schedule_runs, schedule_starts, schedules
from batch.schedule_runs import RunStatus
from batch.schedule_task import Extraction, Outlet, Task, Trigger
from batch.schedule_wanted import Wanted
from core.db import Database
from core.errors import ScheduleError
from tests.batch.scheduling import BOTTLES, NIGHTLY
from tests.conftest import on_both


@on_both
def test_a_schedule_is_kept_as_it_was_described(db: Database) -> None:
    made = schedules.create(db, NIGHTLY)
    (found,) = schedules.listing(db)
    assert found == made
    assert (found.name, found.task, found.enabled) == ("Nightly", BOTTLES, True)
    assert found.timing is not None
    assert (found.timing.cron, found.timing.zone) == ("0 2 * * *", "Europe/Berlin")


@on_both
def test_no_two_schedules_have_one_name(db: Database) -> None:
    schedules.create(db, NIGHTLY)
    with pytest.raises(ScheduleError, match="There is a schedule “Nightly” already"):
        schedules.create(db, replace(NIGHTLY, name=" Nightly "))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (replace(NIGHTLY, name=" "), "Give the schedule a name"),
        (replace(NIGHTLY, name="x" * 81), "up to 80 characters"),
        (replace(NIGHTLY, cron="soon"), "five fields"),
        (replace(NIGHTLY, task=Task()), "Say which catalog"),
        (replace(NIGHTLY, task=Task(place="a.csv", extraction=Extraction())), "what is extracted"),
        (Wanted("After jobs", Trigger.JOB_DONE, Task()), "choose a destination"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_what_is_missing(
    db: Database, wanted: Wanted, said: str
) -> None:
    with pytest.raises(ScheduleError, match=said):
        schedules.create(db, wanted)
    assert schedules.listing(db) == []


@on_both
def test_somebody_elses_change_is_not_overwritten(db: Database) -> None:
    seen = schedules.create(db, NIGHTLY)
    changed = schedules.change(db, seen, replace(NIGHTLY, cron="0 3 * * *"))
    assert changed.timing is not None
    assert changed.timing.cron == "0 3 * * *"
    assert changed.since > seen.since
    with pytest.raises(ScheduleError, match="somebody else"):
        schedules.change(db, seen, replace(NIGHTLY, cron="0 4 * * *"))


def test_a_new_name_alone_forgets_nothing(db: Database) -> None:
    seen = schedules.create(db, NIGHTLY)
    with db.write() as connection:
        schedules.note_seen(connection, seen.id, {"bottles.csv": {"mark": "1", "sha256": "2"}})
    renamed = schedules.change(db, seen, replace(NIGHTLY, name="Every night"))
    assert (renamed.since, renamed.seen) == (seen.since, schedules.get(db, seen.id).seen)
    assert renamed.seen
    other = replace(NIGHTLY, task=BOTTLES.model_copy(update={"place": "other.csv"}))
    assert schedules.change(db, renamed, other).seen == {}


def test_a_schedule_is_found_by_its_name_in_any_case_or_its_id(db: Database) -> None:
    made = schedules.create(db, NIGHTLY)
    assert schedules.by_name(db, "NIGHTLY") == schedules.by_name(db, made.id) == made
    with pytest.raises(ScheduleError, match="no schedule “Weekly”"):
        schedules.by_name(db, "Weekly")


@on_both
def test_one_cause_starts_one_run_whoever_notices_it(db: Database) -> None:
    schedule = schedules.create(db, NIGHTLY)
    cause = schedule_starts.at_time(1_800_000_000.0)
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda _: schedule_starts.begin(db, schedule, cause), range(8)))
    assert len([one for one in begun if one]) == 1
    assert len(schedule_runs.history(db, schedule.id)) == 1


@on_both
def test_a_run_is_skipped_while_the_one_before_it_goes_on(db: Database) -> None:
    schedule = schedules.create(db, NIGHTLY)
    first = schedule_starts.begin(db, schedule, schedule_starts.at_time(1000.0))
    second = schedule_starts.begin(db, schedule, schedule_starts.at_time(2000.0))
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (RunStatus.DUE, RunStatus.SKIPPED)
    assert "still going" in second.said
    with pytest.raises(ScheduleError, match="at it already"):
        schedule_starts.now(db, schedule)


@on_both
def test_a_run_whose_job_was_stopped_makes_room_for_the_next(db: Database) -> None:
    schedule = schedules.create(db, NIGHTLY)
    first = schedule_starts.begin(db, schedule, schedule_starts.at_time(1000.0))
    assert first is not None
    schedule_runs.move(db, first, RunStatus.HELD, "The budget is used up.", failed=True)
    second = schedule_starts.begin(db, schedule, schedule_starts.at_time(2000.0))
    assert second is not None
    assert second.status is RunStatus.DUE
    given_up = schedule_runs.get(db, first.id)
    assert (given_up.status, given_up.said) == (RunStatus.FAILED, "The budget is used up.")


@on_both
def test_two_who_take_a_run_on_do_so_once(db: Database) -> None:
    schedule = schedules.create(db, NIGHTLY)
    run = schedule_starts.begin(db, schedule, schedule_starts.at_time(1000.0))
    assert run is not None
    assert schedule_runs.move(db, run, RunStatus.DONE)
    assert not schedule_runs.move(db, run, RunStatus.FAILED, "too late")
    assert schedule_runs.get(db, run.id).status is RunStatus.DONE


def test_a_schedule_that_is_off_starts_nothing_but_what_is_asked_for(db: Database) -> None:
    schedule = schedules.pause(db, schedules.create(db, NIGHTLY).id)
    assert not schedule.enabled
    assert schedule_starts.begin(db, schedule, schedule_starts.at_time(1000.0)) is None
    assert schedule_starts.now(db, schedule).status is RunStatus.DUE


def test_one_that_follows_jobs_does_not_run_by_itself(db: Database) -> None:
    task = Task(outlets=(Outlet(destination_id="d1"),))
    schedule = schedules.create(db, Wanted("After jobs", Trigger.JOB_DONE, task))
    assert schedule.next_due(0.0) is None
    with pytest.raises(ScheduleError, match="follows jobs"):
        schedule_starts.now(db, schedule)


@on_both
def test_a_deleted_schedule_takes_its_record_with_it(db: Database) -> None:
    schedule = schedules.create(db, NIGHTLY)
    run = schedule_starts.begin(db, schedule, schedule_starts.at_time(1000.0))
    assert run is not None
    schedules.delete(db, schedule.id)
    assert schedule_runs.find(db, run.id) is None
    assert schedule_starts.begin(db, schedule, schedule_starts.at_time(2000.0)) is None
    with pytest.raises(ScheduleError, match="no longer there"):
        schedules.delete(db, schedule.id)


def test_old_runs_are_forgotten(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_starts, "KEPT", 3)
    schedule = schedules.create(db, NIGHTLY)
    for number in range(6):
        run = schedule_starts.begin(db, schedule, schedule_starts.at_time(1000.0 + number))
        assert run is not None
        schedule_runs.move(db, run, RunStatus.DONE, str(number))
    kept = schedule_runs.history(db, schedule.id)
    assert [one.said for one in kept] == ["5", "4", "3"]
    assert schedule_runs.latest(db)[schedule.id].said == "5"
