"""The record of deliveries does not grow for ever, and forgets nothing that is still needed."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from batch import (
    deliveries,
    delivery_history,
    destinations,
    housekeeping,
    schedule_starts,
    schedules,
)
from batch.destination_options import DestinationKind
from batch.jobs import Job
from batch.schedule_runs import RunStatus
from core.db import Database
from core.delivery_tables import delivered, delivery_failures
from core.delivery_tables import deliveries as table
from core.schedule_tables import schedule_runs as run_table
from core.settings import Settings
from core.statuses import DeliveryStatus
from tests.batch.delivering import finished
from tests.batch.scheduling import NIGHTLY
from tests.conftest import on_both

DAY_S = 86_400.0
OLD = time.time() - 100 * DAY_S


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is kept, and removed in small pieces."""
    monkeypatch.setattr(delivery_history, "KEPT", 3)
    monkeypatch.setattr(delivery_history, "AT_ONCE", 2)
    monkeypatch.setattr(delivery_history, "FAILURES_AT_ONCE", 4)


class History:
    """A destination with deliveries of long ago."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._db = db
        self.job: Job = finished(settings, db, 3)
        given = {"folder": "out", "form": "jsonl"}
        self.to = destinations.add(settings, db, "Out", DestinationKind.FILE, given).id

    def add(self, name: str, at: float, **values: Any) -> None:
        row = {
            "id": name,
            "destination_id": self.to,
            "job_id": self.job.id,
            "choice": "all",
            "status": DeliveryStatus.DONE,
            "created_at": at,
            "finished_at": at + 60,
            **values,
        }
        with self._db.write() as connection:
            connection.execute(table.insert().values(row))

    def kept(self) -> list[str]:
        return sorted(one.id for one in deliveries.listing(self._db, limit=1000))


def tidied(db: Database) -> None:
    while delivery_history.remove_older(db, time.time()):
        pass


@on_both
@pytest.mark.usefixtures("few")
def test_old_deliveries_go_and_the_last_of_each_place_stay(
    settings: Settings, db: Database
) -> None:
    history = History(settings, db)
    for number in range(9):
        history.add(f"d{number}", OLD + number)
    tidied(db)
    assert history.kept() == ["d6", "d7", "d8"]


@on_both
@pytest.mark.usefixtures("few")
def test_lately_ended_deliveries_stay_however_many_there_are(
    settings: Settings, db: Database
) -> None:
    history = History(settings, db)
    for number in range(9):
        history.add(f"d{number}", OLD + number, finished_at=time.time() - 89 * DAY_S)
    tidied(db)
    assert len(history.kept()) == 9


@on_both
@pytest.mark.usefixtures("few")
def test_what_goes_takes_its_failed_rows_along_but_not_what_is_known_of_products(
    settings: Settings, db: Database
) -> None:
    history = History(settings, db)
    for number in range(5):
        history.add(f"d{number}", OLD + number)
    failed = [
        {"delivery_id": name, "row_no": row, "product_id": f"P{row}", "reason": "too long"}
        for name in ("d0", "d4")
        for row in range(1, 12)
    ]
    known = {"destination_id": history.to, "product_id": "P1", "digest": b"1" * 16, "at": OLD}
    with db.write() as connection:
        connection.execute(delivery_failures.insert(), failed)
        connection.execute(delivered.insert().values(known))
    tidied(db)
    with db.read() as connection:
        left = connection.execute(sa.select(delivery_failures.c.delivery_id).distinct())
        assert list(left.scalars()) == ["d4"]
        assert len(connection.execute(sa.select(delivered)).all()) == 1


@on_both
@pytest.mark.usefixtures("few")
def test_what_still_waits_is_kept(settings: Settings, db: Database) -> None:
    history = History(settings, db)
    history.add("waits", OLD, status=DeliveryStatus.WAITING, finished_at=None)
    history.add("runs", OLD, status=DeliveryStatus.RUNNING, finished_at=None)
    history.add("paused", OLD, status=DeliveryStatus.PAUSED, finished_at=None)
    history.add("awaited", OLD)
    history.add("failed", OLD, status=DeliveryStatus.FAILED)
    schedule = schedules.create(db, NIGHTLY)
    run = schedule_starts.begin(db, schedule, schedule_starts.at_time(OLD))
    assert run is not None
    going = {"status": RunStatus.DELIVERING, "deliveries": ["awaited", "paused"]}
    with db.write() as connection:
        connection.execute(run_table.update().values(going))
    for number in range(3):
        history.add(f"z{number}", OLD + 1 + number)
    tidied(db)
    assert history.kept() == sorted(["waits", "runs", "paused", "awaited", "z0", "z1", "z2"])


def test_the_worker_sees_to_it(settings: Settings, db: Database) -> None:
    history = History(settings, db)
    for number in range(delivery_history.KEPT + 1):
        history.add(f"d{number:03}", OLD + number)
    while housekeeping.tidy(settings, db, time.time()):
        pass
    assert len(history.kept()) == delivery_history.KEPT
    assert "d000" not in history.kept()
