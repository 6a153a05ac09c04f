"""Catalogs in an object store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch import jobs, schedule_starts, schedules
from batch.schedule_runs import RunStatus
from batch.schedule_task import Trigger
from batch.schedules import Schedule
from core.db import Database
from core.settings import Settings, load_settings
from tests.batch.scheduling import BOTTLES, NIGHTLY, Scheduling
from tests.object_store import ObjectStore


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return load_settings(home=settings.home, import_stores="s3://shop/catalogs")


def put(bucket: ObjectStore, name: str, rows: int) -> None:
    lines = [f"P{number},Acme bottle {number} 2 l,1.50" for number in range(rows)]
    body = "\n".join(["id,title,price", *lines]).encode()
    bucket.client().put_object(Bucket="shop", Key=name, Body=body)


def watching(db: Database, address: str) -> Schedule:
    task = BOTTLES.model_copy(update={"place": address})
    wanted = replace(NIGHTLY, name="Store", trigger=Trigger.CATALOG, cron="*/5 * * * *", task=task)
    return schedules.create(db, wanted)


def test_a_new_file_in_a_watched_store_starts_a_job(
    settings: Settings, db: Database, bucket: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A store's file appears whole, but its server tells of no more than the second.
    monkeypatch.setattr("batch.catalog_offer.SETTLED_S", -5.0)
    scheduling = Scheduling(settings, db)
    watch = watching(db, "s3://shop/catalogs/*.csv")
    scheduling.look(watch)
    assert scheduling.statuses(watch) == []
    put(bucket, "elsewhere/other.csv", 9)
    put(bucket, "catalogs/monday.csv", 3)
    scheduling.look(watch)
    run = scheduling.newest(watch)
    assert (run.status, run.path) == (RunStatus.EXTRACTING, "shop/catalogs/monday.csv")
    scheduling.end_job(run)
    scheduling.look(watch)
    put(bucket, "catalogs/monday.csv", 4)
    scheduling.look(watch)
    assert scheduling.statuses(watch) == ["done", "extracting"]


def test_the_newest_of_a_stores_files_is_taken_at_night(
    settings: Settings, db: Database, bucket: ObjectStore
) -> None:
    scheduling = Scheduling(settings, db)
    task = BOTTLES.model_copy(update={"place": "s3://shop/catalogs/*.csv"})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    put(bucket, "catalogs/monday.csv", 3)
    at = 1_809_820_800.0
    schedule_starts.begin(db, nightly, schedule_starts.at_time(at))
    scheduling.step()
    run = scheduling.newest(nightly)
    assert (run.status, run.path) == (RunStatus.EXTRACTING, "shop/catalogs/monday.csv")
    assert jobs.get(db, str(run.job_id)).rows == 3
    scheduling.end_job(run)
    read = bucket.sent
    schedule_starts.begin(db, nightly, schedule_starts.at_time(at + 86_400))
    scheduling.step()
    assert scheduling.newest(nightly).status is RunStatus.UNCHANGED
    assert bucket.sent - read < 5000, "what is unchanged is not read again"


def test_a_store_that_lets_nobody_in_is_told_of_with_what_to_check(
    settings: Settings, db: Database, bucket: ObjectStore
) -> None:
    bucket.refuse = lambda _method, _query: True
    scheduling = Scheduling(settings, db)
    watch = watching(db, "s3://shop/catalogs/*.csv")
    scheduling.look(watch)
    trouble = schedules.get(db, watch.id).trouble
    assert trouble.startswith("s3://shop/catalogs/*.csv cannot be looked at")
    assert "the store's keys" in trouble


@pytest.mark.parametrize(
    "address", ["s3://shop/*.csv", "s3a://shop/secret/pay.csv", "s3://shop/catalogs/../pay.csv"]
)
def test_what_else_the_shops_keys_open_is_not_looked_at(
    settings: Settings, db: Database, bucket: ObjectStore, address: str
) -> None:
    put(bucket, "secret/pay.csv", 3)
    scheduling = Scheduling(settings, db)
    watch = watching(db, address)
    asked = len(bucket.asked)
    scheduling.look(watch)
    assert "SHOPKEEPER_IMPORT_STORES" in schedules.get(db, watch.id).trouble
    assert len(bucket.asked) == asked
    assert scheduling.statuses(watch) == []
