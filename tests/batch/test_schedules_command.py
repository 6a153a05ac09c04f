from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from batch import schedule_runs, schedule_starts, schedules
from batch.__main__ import app
from batch.schedule_runs import RunStatus
from batch.schedule_task import Task, Trigger
from batch.schedule_wanted import Wanted
from batch.schedules import Schedule
from core.console import Exit
from core.db import Database
from core.settings import Settings
from tests.batch.scheduling import NIGHTLY

run = CliRunner()


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(settings.home))


@pytest.fixture
def nightly(db: Database) -> Schedule:
    return schedules.create(db, replace(NIGHTLY, name="[Nightly]"))


def test_schedules_are_listed_with_what_came_of_the_last_run(
    db: Database, nightly: Schedule
) -> None:
    begun = schedule_starts.now(db, nightly)
    schedule_runs.move(db, begun, RunStatus.FAILED, "There is no bottles.csv.")
    (listed,) = json.loads(run.invoke(app, ["schedules", "list", "--json"]).stdout)
    assert (listed["name"], listed["last_status"]) == ("[Nightly]", "failed")
    assert listed["last_said"] == "There is no bottles.csv."
    due = datetime.fromisoformat(listed["next_run"])
    assert (due.hour, due.minute) == (2, 0)
    assert due.utcoffset() == due.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()
    shown = run.invoke(app, ["schedules", "list"]).stdout
    assert "[Nightly]" in shown


def test_without_schedules_the_list_says_so() -> None:
    assert "no schedules yet" in run.invoke(app, ["schedules", "list"]).stdout


def test_a_schedule_runs_when_it_is_asked_to_and_once_at_a_time(
    db: Database, nightly: Schedule
) -> None:
    assert run.invoke(app, ["schedules", "run", "[nightly]"]).exit_code == Exit.OK
    (begun,) = schedule_runs.history(db, nightly.id)
    assert begun.status is RunStatus.DUE
    again = run.invoke(app, ["schedules", "run", nightly.id])
    assert again.exit_code == Exit.BAD_INPUT
    assert "at it already" in again.stderr


def test_it_is_paused_and_resumed_by_name(db: Database, nightly: Schedule) -> None:
    assert "is paused" in run.invoke(app, ["schedules", "pause", "[Nightly]"]).stderr
    assert not schedules.get(db, nightly.id).enabled
    assert "is on again. Next: " in run.invoke(app, ["schedules", "resume", "[Nightly]"]).stderr
    assert schedules.get(db, nightly.id).enabled


def test_the_next_times_are_told_by_the_schedules_own_clock(nightly: Schedule) -> None:
    shown = run.invoke(app, ["schedules", "next", nightly.name, "--count", "3"]).stdout
    lines = shown.splitlines()
    assert len(lines) == 3
    assert all(" 02:00+0" in line for line in lines)


def test_one_that_follows_jobs_has_no_next_time(db: Database) -> None:
    schedules.create(db, Wanted("After jobs", Trigger.JOB_DONE, Task(publish=True)))
    shown = run.invoke(app, ["schedules", "next", "After jobs"])
    assert shown.exit_code == Exit.BAD_INPUT
    assert "the end of a job" in shown.stderr
