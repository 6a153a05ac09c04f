"""Jobs at a provider, worked on by a real worker process."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from batch import control, sent
from batch.jobs import Job
from core import schema, usage_tables
from core.db import Database, open_database
from core.settings import Settings
from core.statuses import JobStatus
from tests.batch.processes import DEADLINE_S
from tests.batch.provider.conftest import ProviderShop, until
from tests.fake_batches import KEY, FakeBatches
from tests.forked import Forked
from tests.postgres import Postgres

pytestmark = pytest.mark.processes

#: It does not wait as long for a provider as it would.
QUICK = "from batch import provider, sent; provider.LONGEST_POLL_S = sent.SETTLE_S = 1.0"


@contextmanager
def worker(shop: ProviderShop) -> Iterator[Forked]:
    """A real worker process, ended the hard way if it is still there."""
    settings = shop.settings
    environment = os.environ | {
        "SHOPKEEPER_HOME": str(settings.home),
        "SHOPKEEPER_ENDPOINTS": str(settings.endpoint_file),
        "PROVIDER_KEY": KEY,
    }
    if settings.database:
        environment["DATABASE_URL"] = settings.database
    script = f"{QUICK}\nfrom batch.worker import main\nmain()"
    process = Forked(script, environment=environment, log=settings.home / "worker.log")
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)


def until_ended(shop: ProviderShop, job: Job) -> Job:
    until(lambda: not shop.now(job).active, DEADLINE_S)
    return shop.now(job)


def until_called_or_ended(shop: ProviderShop, job: Job) -> None:
    before = len(shop.provider.calls)
    until(lambda: len(shop.provider.calls) > before or not shop.now(job).active, DEADLINE_S)


def calls_paid(shop: ProviderShop) -> int:
    with shop.db.read() as connection:
        return int(
            connection.execute(sa.select(sa.func.sum(usage_tables.usage.c.calls))).scalar() or 0
        )


def test_kills_at_any_moment_lose_no_row_and_pay_none_twice(shop: ProviderShop) -> None:
    times = shop.provider.times
    times.upload_s = times.create_s = 0.15
    times.work_s = 0.5
    job = shop.saying("batch_requests = 150").submit(1500)
    moments, kills = random.Random(11), 8
    for _ in range(kills):
        with worker(shop) as process:
            until_called_or_ended(shop, job)
            time.sleep(moments.uniform(0, 0.8))
            process.kill()
    with worker(shop):
        ended = until_ended(shop, job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 1500, 0)
    assert len(shop.provider.paid) == 1500
    assert set(shop.provider.paid.values()) == {1}
    assert calls_paid(shop) == 1500


def test_pause_resume_and_cancel_reach_the_provider_at_once(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 300
    job = shop.saying("batch_requests = 100").submit(300)
    with worker(shop):
        until(lambda: shop.provider.statuses() == ["in_progress"] * 3, DEADLINE_S)
        until(lambda: shop.provider.paid.total() >= 6)
        control.pause(shop.db, job.id)
        until(lambda: "in_progress" not in shop.provider.statuses())
        until(lambda: not sent.open_batches(shop.db, job.id))
        assert shop.now(job).done == shop.provider.paid.total()
        control.resume(shop.db, job.id)
        until(lambda: shop.provider.statuses()[3:].count("in_progress") == 3)
        control.cancel(shop.db, job.id)
        until(lambda: "in_progress" not in shop.provider.statuses())
        until(lambda: not sent.open_batches(shop.db, job.id))
    assert shop.provider.statuses() == ["cancelled"] * 6
    ended = shop.now(job)
    assert (ended.status, ended.done) == (JobStatus.CANCELLED, shop.provider.paid.total())
    assert set(shop.provider.paid.values()) == {1}


def test_a_deleted_job_is_cancelled_there_at_once(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 600
    job = shop.submit(10)
    with worker(shop):
        until(lambda: shop.provider.statuses() == ["in_progress"], DEADLINE_S)
        control.delete(shop.db, job.id)
        until(lambda: shop.provider.statuses() != ["in_progress"])
        until(lambda: not shop.provider.files)
        until(lambda: not is_stored(shop, job))
    assert shop.provider.statuses() == ["cancelled"]


def is_stored(shop: ProviderShop, job: Job) -> bool:
    with shop.db.read() as connection:
        left = sa.select(schema.jobs.c.id).where(schema.jobs.c.id == job.id)
        return connection.execute(left).first() is not None


def test_a_worker_that_stops_leaves_its_batches_to_the_next(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 8.0
    job = shop.submit(50)
    with worker(shop) as process:
        until(lambda: shop.provider.statuses() == ["in_progress"], DEADLINE_S)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert shop.now(job).status is JobStatus.RUNNING
    with worker(shop):
        assert until_ended(shop, job).done == 50
    assert shop.provider.statuses() == ["completed"]


def test_a_wrong_key_stops_the_job_with_the_reason(shop: ProviderShop) -> None:
    shop.provider.key = "another"
    job = shop.submit(5)
    with worker(shop):
        ended = until_ended(shop, job)
    assert (ended.status, ended.waiting) == (JobStatus.FAILED, 5)
    assert "Incorrect API key" in ended.reason
    assert "endpoints.toml" in ended.reason


def test_a_job_at_the_provider_keeps_no_other_waiting(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 600
    slow = [shop.submit(5, lambda row: f"Acme bottle {row} {row} l") for _ in range(4)]
    with worker(shop):
        until(lambda: shop.provider.statuses().count("in_progress") == 4, DEADLINE_S)
        shop.provider.times.work_s = 0.1
        assert until_ended(shop, shop.submit(7)).done == 7
        assert {shop.now(job).status for job in slow} == {JobStatus.RUNNING}


@pytest.fixture
def on_postgres(
    postgres: Postgres, settings: Settings, fake: FakeBatches
) -> Iterator[ProviderShop]:
    update = {
        "endpoints": settings.home / "endpoints.toml",
        "database": postgres.migrated_database(),
    }
    own: Settings = settings.model_copy(update=update)
    database: Database = open_database(own)
    yield ProviderShop(own, database, fake).saying("batch_requests = 150")
    database.close()


def test_on_postgres_kills_lose_no_row_and_pay_none_twice(on_postgres: ProviderShop) -> None:
    shop = on_postgres
    shop.provider.times.upload_s = shop.provider.times.create_s = 0.1
    shop.provider.expire_after = [40]
    job = shop.submit(1100)
    for _ in range(3):
        with worker(shop) as process:
            until_called_or_ended(shop, job)
            time.sleep(0.4)
            process.kill()
    with worker(shop):
        ended = until_ended(shop, job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 1100, 0)
    assert set(shop.provider.paid.values()) == {1}
    assert calls_paid(shop) == 1100
