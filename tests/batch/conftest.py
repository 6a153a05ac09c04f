"""Small catalogs and scripted answers for the batch tests."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator

import pytest

from batch import uploads
from batch.columns import Columns
from batch.fields import FieldSet, parse_fields
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from core.db import Database
from core.settings import Settings
from tests.fake_endpoint import FakeEndpoint, Reply

FIELDS = parse_fields(
    [
        {"name": "brand", "type": "text", "description": "who makes it"},
        {"name": "capacity", "type": "number", "description": "litres"},
    ]
)
COLUMNS = Columns(id="id", title="title", price="price", text=("title",))

MakeJob = Callable[[int], Job]


@pytest.fixture
def fields() -> FieldSet:
    return FIELDS


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    fake = FakeEndpoint(lambda _text, _before: Reply(json.dumps({"brand": "Acme", "capacity": 2})))
    with fake.running():
        yield fake


def new_job(settings: Settings, db: Database, rows: int, first: int = 1) -> Job:
    """A job of so many bottles, which are told apart by their numbers."""
    numbers = range(first, first + rows)
    lines = [f"P{number},Acme bottle {number} 2 l,{number}.50" for number in numbers]
    data = io.BytesIO("\n".join(["id,title,price", *lines]).encode())
    upload = uploads.store(settings, db, "bottles.csv", data)
    return submit(db, upload.id, COLUMNS, Plan(FIELDS), "Bottles")


@pytest.fixture
def make_job(settings: Settings, db: Database) -> MakeJob:
    return lambda rows: new_job(settings, db, rows)
