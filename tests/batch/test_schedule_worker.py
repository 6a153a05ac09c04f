"""Schedules with real worker processes: seen firing, killed, missed."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from batch import deliveries, jobs, schedule_runs, schedules
from batch.destination_options import DestinationKind
from batch.schedule_runs import RunStatus
from batch.schedule_task import Outlet, Trigger
from batch.schedules import Schedule
from core import products
from core.db import Database
from core.schedule_tables import schedules as table
from core.settings import Settings
from core.statuses import DeliveryStatus
from tests import postgres
from tests.batch.delivering import destination
from tests.batch.processes import DEADLINE_S, logged, until, worker
from tests.batch.scheduling import BOTTLES, NIGHTLY, put
from tests.fake_endpoint import FakeEndpoint, Reply

pytestmark = pytest.mark.processes

PUBLISHED = BOTTLES.model_copy(update={"publish": True})
ROWS = 40
ACME = Reply('{"brand": "Acme"}')


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


def is_at(db: Database, schedule: Schedule, status: RunStatus) -> bool:
    found = schedule_runs.history(db, schedule.id)
    return bool(found) and found[-1].status is status


def test_a_schedule_fires_once_whatever_dies_and_its_results_are_on_sale(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    put(settings, *range(1, ROWS + 1))
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.5)
    to = destination(settings, db, DestinationKind.FILE, {"folder": "out", "form": "jsonl"})
    task = PUBLISHED.model_copy(update={"outlets": (Outlet(destination_id=to.id),)})
    every_minute = schedules.create(
        db, replace(NIGHTLY, task=task, cron="* * * * *", zone="Asia/Kolkata")
    )
    crew = 2 if settings.database else 1
    with ExitStack() as workers:
        first = [workers.enter_context(worker(settings, endpoint)) for _ in range(crew)]
        until(lambda: is_at(db, every_minute, RunStatus.DUE) or bool(jobs.listing(db)))
        for process in first:
            process.kill()
            process.wait(DEADLINE_S)
    (run,) = schedule_runs.history(db, every_minute.id)
    assert datetime.fromtimestamp(run.due_at, UTC).second == 0
    assert 0 <= run.started_at - run.due_at < 60
    with worker(settings, endpoint) as second:
        until(lambda: bool(endpoint.calls))
        second.kill()
        second.wait(DEADLINE_S)
    schedules.pause(db, every_minute.id)
    endpoint.script = lambda _text, _before: ACME
    with worker(settings, endpoint) as third:
        until(lambda: bool(deliveries.listing(db)) or is_at(db, every_minute, RunStatus.DONE))
        third.kill()
        third.wait(DEADLINE_S)
    with worker(settings, endpoint):
        until(lambda: is_at(db, every_minute, RunStatus.DONE))
    job = jobs.listing(db)[-1]
    assert (job.done, job.failed) == (ROWS, 0)
    assert len(products.get(db, [f"P{number}" for number in range(1, ROWS + 1)])) == ROWS
    began = [one for one in schedule_runs.history(db, every_minute.id) if one.job_id]
    assert len(began) == len(jobs.listing(db)) == 1
    assert len(endpoint.calls) == ROWS
    (delivery,) = deliveries.listing(db)
    assert (delivery.status, delivery.sent) == (DeliveryStatus.DONE, ROWS)
    (file,) = [one for one in settings.exports.rglob("*.jsonl") if one.is_file()]
    assert len(file.read_text().splitlines()) == ROWS


def test_nights_that_nobody_was_there_for_are_caught_up_with_once(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    put(settings, 1, 2)
    nightly = schedules.create(db, NIGHTLY)
    with db.write() as connection:
        connection.execute(table.update().values(since=time.time() - 5 * 86_400))
    crew = 2 if settings.database else 1
    with ExitStack() as workers:
        for _ in range(crew):
            workers.enter_context(worker(settings, endpoint))
        until(lambda: is_at(db, nightly, RunStatus.DONE))
        until(lambda: logged(settings).count("ready as") == crew)
    (run,) = schedule_runs.history(db, nightly.id)
    assert 60 < time.time() - run.due_at < 86_400 + 3600 + 600
    assert len(jobs.listing(db)) == 1
    assert "Traceback" not in logged(settings)


def test_a_catalog_put_into_a_watched_folder_starts_a_job_by_itself(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    watch = schedules.create(
        db, replace(NIGHTLY, trigger=Trigger.CATALOG, cron="* * * * *", task=PUBLISHED)
    )
    with worker(settings, endpoint):
        put(settings, 1, 2, 3)
        until(lambda: is_at(db, watch, RunStatus.DONE))
    assert [one.path for one in schedule_runs.history(db, watch.id)] == ["bottles.csv"]
    assert len(products.get(db, ["P1", "P2", "P3"])) == 3


def test_the_engine_hears_of_what_is_made_changed_paused_and_deleted(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    nightly = schedules.create(db, NIGHTLY)
    with worker(settings, endpoint):
        until(lambda: wakes(settings, db) == {nightly.id: ("0 2 * * *", "Europe/Berlin")})
        schedules.change(db, nightly, replace(NIGHTLY, cron="0 3 * * *", zone="Asia/Tokyo"))
        until(lambda: wakes(settings, db) == {nightly.id: ("0 3 * * *", "Asia/Tokyo")})
        schedules.pause(db, nightly.id)
        until(lambda: wakes(settings, db) == {})
        schedules.resume(db, nightly.id)
        until(lambda: wakes(settings, db) == {nightly.id: ("0 3 * * *", "Asia/Tokyo")})
        schedules.delete(db, nightly.id)
        until(lambda: wakes(settings, db) == {})


def wakes(settings: Settings, db: Database) -> dict[str, tuple[str, str]]:
    """When the engine's own scheduler wakes, by schedule; empty before it was ever started."""
    own = settings.database is None
    engine = sa.create_engine(f"sqlite:///{settings.home}/engine.db") if own else db.engine
    table = "workflow_schedules" if own else "dbos.workflow_schedules"
    query = sa.text(f"SELECT schedule_name, schedule, cron_timezone FROM {table}")
    try:
        with engine.connect() as connection:
            return {name: (cron, zone) for name, cron, zone in connection.execute(query)}
    except sa.exc.DBAPIError:
        return {"": ("", "")}
    finally:
        if own:
            engine.dispose()
