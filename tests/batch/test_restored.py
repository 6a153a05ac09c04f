"""A shop that was backed up: what becomes of its jobs and schedules after a restore."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch import jobs, schedule_runs, schedules, stored_rows
from batch.schedule_runs import RunStatus
from core.backup import backup
from core.db import Database, open_database
from core.restore import restore
from core.schedule_tables import schedules as schedule_table
from core.settings import Settings, load_settings
from core.statuses import JobStatus
from tests.batch.conftest import MakeJob
from tests.batch.processes import until, until_done, until_ended, worker
from tests.batch.scheduling import BOTTLES, NIGHTLY, put
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.postgres import Postgres

pytestmark = pytest.mark.processes

ROWS = 60


def test_a_job_that_ran_goes_on_with_the_rows_that_were_missing(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint, tmp_path: Path
) -> None:
    job = make_job(ROWS)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.2)
    path = tmp_path / "shop.backup"
    with worker(settings, endpoint):
        until_done(db, job, 10)
        backup(settings, db, path)
    new = load_settings(home=tmp_path / "second", sample_shop=False)
    restore(new, path)
    restored = open_database(new)
    found = jobs.get(restored, job.id)
    assert found.status is JobStatus.RUNNING and 10 <= found.done < ROWS
    endpoint.calls.clear()
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
    with worker(new, endpoint):
        ended = until_ended(restored, job)
    assert (ended.status, ended.done) == (JobStatus.DONE, ROWS)
    assert len(endpoint.calls) == ROWS - found.done
    page = stored_rows.page(new, restored, ended, 1, ROWS)
    assert {row.row_no for row in page} == set(range(1, ROWS + 1))
    restored.close()


@pytest.fixture(params=["sqlite", "postgres"])
def second(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An empty home beside the shop's, with a database of its own."""
    url = None
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
    return load_settings(home=tmp_path / "second", sample_shop=False, database=url)


def test_its_schedules_fire_there_and_what_was_missed_is_caught_up_with_once(
    settings: Settings, db: Database, endpoint: FakeEndpoint, second: Settings, tmp_path: Path
) -> None:
    nightly = schedules.create(db, NIGHTLY)
    with db.write() as connection:
        connection.execute(schedule_table.update().values(since=time.time() - 5 * 86_400))
    others = BOTTLES.model_copy(update={"place": "others.csv"})
    minutely = schedules.create(db, replace(NIGHTLY, name="Often", task=others, cron="* * * * *"))
    path = tmp_path / "shop.backup"
    backup(settings, db, path)
    restore(second, path)
    put(second, 1, 2)
    put(second, 3, 4, name="others.csv")
    restored = open_database(second)
    began = time.time()
    with worker(second, endpoint):
        until(lambda: bool(schedule_runs.history(restored, minutely.id)))
        schedules.pause(restored, minutely.id)
        for one in (nightly, minutely):
            until(lambda: not schedule_runs.history(restored, one.id)[0].open)  # noqa: B023
    (missed,) = schedule_runs.history(restored, nightly.id)
    assert missed.status is RunStatus.DONE and missed.due_at < began - 60
    (fired,) = schedule_runs.history(restored, minutely.id)
    assert fired.status is RunStatus.DONE and fired.due_at > began
    assert datetime.fromtimestamp(fired.due_at, UTC).second == 0
    assert [(one.done, one.failed) for one in jobs.listing(restored)] == [(2, 0), (2, 0)]
    assert schedule_runs.history(db, nightly.id) == [], "the old shop has done nothing"
    restored.close()
