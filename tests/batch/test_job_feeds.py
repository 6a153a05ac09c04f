"""A job's products as feeds, and what is said of those that lack something."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import pytest

from batch import job_feeds
from batch.choice import Choice
from batch.download_forms import Form, Options
from batch.downloads import download
from batch.feed_mapping import Source
from batch.feeds import GOOGLE, SHOPIFY
from batch.fields import Field
from batch.jobs import Job
from core.db import Database
from core.errors import FieldsError
from core.settings import Settings
from core.values import Value
from tests.batch.export_job import csv_bytes, export_job

ROWS = [
    ["sku", "name", "description", "price", "currency", "stock", "image", "url", "ean"],
    [
        "A1",
        "Tent",
        "Sleeps four",
        "10",
        "EUR",
        "1",
        "https://x.example/1.jpg",
        "https://x.example/1",
        "",
    ],
    [
        "A2",
        "Mat",
        "Blue and soft",
        "12",
        "",
        "0",
        "https://x.example/2.jpg",
        "https://x.example/2",
        "",
    ],
    ["A3", "", "", "", "EUR", "2", "3.jpg", "/3", "4006381333931"],
]


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    values = {1: {"brand": Value("Acme")}, 2: {"brand": Value("Acme")}, 3: {}}
    return export_job(settings, db, csv_bytes(ROWS), (Field(name="brand"),), values)


def feed(settings: Settings, db: Database, job: Job, options: Options) -> list[dict[str, str]]:
    content = b"".join(download(settings, db, job.id, Form.GOOGLE, options=options)).decode()
    return list(csv.DictReader(io.StringIO(content, newline=""), delimiter="\t"))


def test_products_that_lack_something_are_named(settings: Settings, db: Database, job: Job) -> None:
    told: list[int] = []
    found = job_feeds.look(settings, db, job, GOOGLE, Choice.ALL, {}, told.append)
    assert (found.rows, found.refused, told) == (3, 2, [1, 2, 3])
    lacks = {one.attribute.name: (one.rows, one.first) for one in found.lacks}
    assert lacks == {
        "title": (1, (3,)),
        "description": (1, (3,)),
        "link": (1, (3,)),
        "image_link": (1, (3,)),
        "price": (2, (2, 3)),
        "brand": (1, (3,)),
        "gtin": (2, (1, 2)),
    }
    assert found.said["gtin"] == 1
    shopify = job_feeds.look(settings, db, job, SHOPIFY, Choice.ALL, {})
    assert shopify.refused == 1


def test_what_a_person_changes_holds_in_the_file_and_in_what_is_said(
    settings: Settings, db: Database, job: Job
) -> None:
    changes = {"currency": Source(otherwise="EUR"), "brand": Source("", "House")}
    found = job_feeds.look(settings, db, job, GOOGLE, Choice.ALL, changes)
    assert found.refused == 1
    rows = feed(settings, db, job, Options(sources=changes))
    assert [row["price"] for row in rows] == ["10.00 EUR", "12.00 EUR", ""]
    assert {row["brand"] for row in rows} == {"House"}
    with pytest.raises(FieldsError, match="no such column"):
        download(settings, db, job.id, Form.GOOGLE, options=Options(sources={"id": Source("x")}))


def test_products_that_would_be_refused_can_be_left_out(
    settings: Settings, db: Database, job: Job
) -> None:
    options = Options(complete_only=True)
    assert [row["id"] for row in feed(settings, db, job, options)] == ["A1"]
    xml = b"".join(download(settings, db, job.id, Form.GOOGLE_XML, options=options))
    assert len(ET.fromstring(xml).findall("channel/item")) == 1
    shopify = b"".join(download(settings, db, job.id, Form.SHOPIFY, options=options)).decode()
    titles = [row["Title"] for row in csv.DictReader(io.StringIO(shopify, newline=""))]
    assert titles == ["Tent", "Mat"]


def test_only_the_rows_that_are_meant_are_looked_at(
    settings: Settings, db: Database, job: Job
) -> None:
    assert job_feeds.look(settings, db, job, GOOGLE, Choice.APPROVED, {}).rows == 0


def test_options_can_be_kept() -> None:
    options = Options(True, True, False, {"id": Source("x")}, True)
    assert Options.from_json(options.to_json()) == options
    assert Options.from_json({}) == Options()
