from __future__ import annotations

import io
import json

import pytest

from batch import demonstrations, jobs, uploads
from batch.columns import Columns
from batch.demonstrations import Product
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from batch.taught import open_lessons
from core.db import Database
from core.nearest import showable
from core.review_tables import demonstrations as table
from core.settings import Settings
from core.statuses import JobStatus
from tests.batch.lessons import COFFEES, FIELDS
from tests.batch.processes import until, worker
from tests.conftest import on_both
from tests.fake_endpoint import FakeEndpoint, Reply

COLUMNS = Columns(title="title", department="type", text=("title",))
#: The worker loads the embedding model when it first learns, which may take long beside others.
LEARNING_S = 600.0


@pytest.fixture
def taught(db: Database) -> Database:
    with db.write() as connection:
        products = [Product(one.text, one.product_type, one.answer) for one in COFFEES]
        demonstrations.add(connection, products)
        connection.execute(table.update().values(held_back=False))
    return db


@on_both
def test_what_is_switched_off_held_back_or_deleted_is_not_shown(taught: Database) -> None:
    with taught.write() as connection:
        for one, change in zip(
            COFFEES, [{"enabled": False}, {"held_back": True}, {"deleted": True}], strict=False
        ):
            connection.execute(table.update().where(table.c.text == one.text).values(**change))
    there = {one.text for one in showable(taught, "COFFEE")}
    assert there == {one.text for one in COFFEES[3:]}
    assert showable(taught, "Tea") == []


def test_nothing_is_learnt_where_there_is_nothing_or_the_job_is_not_to(
    settings: Settings, db: Database, taught: Database
) -> None:
    assert open_lessons(settings, taught, learns=False) is None
    assert open_lessons(settings, taught) is not None
    with taught.write() as connection:
        connection.execute(table.update().values(enabled=False))
    assert open_lessons(settings, taught) is None


def new_job(settings: Settings, db: Database, *, learns: bool = True) -> Job:
    rows = ["Jute Dark Roast Coffee, 14 oz,Coffee", "Kiln Green Tea, 20 bags,Tea"]
    lines = ["title;type", *(";".join(row.rsplit(",", 1)) for row in rows)]
    upload = uploads.store(settings, db, "drinks.csv", io.BytesIO("\n".join(lines).encode()))
    return submit(db, upload.id, COLUMNS, Plan(FIELDS), "Drinks", learns=learns)


def until_ended(db: Database, job: Job) -> Job:
    until(lambda: not jobs.get(db, job.id).active, LEARNING_S)
    return jobs.get(db, job.id)


@pytest.mark.processes
def test_the_worker_shows_rows_what_is_like_them_although_the_search_index_is_away(
    settings: Settings, taught: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.script = lambda text, _: Reply(json.dumps({"brand": text.split()[0]}))
    with worker(settings, endpoint, SHOPKEEPER_EXAMPLES="3"):
        first = until_ended(taught, new_job(settings, taught))
        assert (first.status, first.done) == (JobStatus.DONE, 2)
        turns = {one["messages"][-1]["content"]: one["messages"] for one in endpoint.requests}
        assert len(turns["Jute Dark Roast Coffee, 14 oz"]) == 2 + 2 * 3
        assert len(turns["Kiln Green Tea, 20 bags"]) == 2
        again = until_ended(taught, new_job(settings, taught))
        assert (again.done, endpoint.calls.total()) == (2, 2)  # known, with the same lessons
        plain = until_ended(taught, new_job(settings, taught, learns=False))
        assert (plain.done, endpoint.calls.total()) == (2, 3)  # the coffee is asked otherwise
