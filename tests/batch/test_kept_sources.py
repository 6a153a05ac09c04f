"""What is remembered of a feed's mapping holds for later jobs, as far as they have the columns."""

from __future__ import annotations

import csv
import io

from batch import kept_sources
from batch.download_forms import Form, Options
from batch.downloads import download
from batch.feed_mapping import Source
from batch.feeds import GOOGLE, SHOPIFY
from batch.jobs import Job
from core.db import Database
from core.settings import Settings
from tests.batch.export_job import csv_bytes, export_job
from tests.conftest import on_both


def made(settings: Settings, db: Database, *columns: str) -> Job:
    row = [f"{name} here" for name in columns]
    return export_job(settings, db, csv_bytes([columns, row]), (), {1: {}})


def first(settings: Settings, db: Database, job: Job, options: Options) -> dict[str, str]:
    content = b"".join(download(settings, db, job.id, Form.GOOGLE, options=options)).decode()
    return next(csv.DictReader(io.StringIO(content, newline=""), delimiter="\t"))


@on_both
def test_what_is_remembered_holds_until_it_is_changed_or_forgotten(
    settings: Settings, db: Database
) -> None:
    job = made(settings, db, "sku", "name", "headline")
    kept_sources.keep(db, GOOGLE, {"title": Source("headline"), "brand": Source(None, "Acme")})
    found = first(settings, db, job, Options())
    assert (found["title"], found["brand"]) == ("headline here", "Acme")
    once = first(settings, db, job, Options(sources={"title": Source("sku")}))
    assert (once["title"], once["brand"]) == ("sku here", "Acme")
    kept_sources.keep(db, GOOGLE, {"brand": Source(None, "Other")})
    assert first(settings, db, job, Options())["brand"] == "Other"
    assert kept_sources.kept(db, SHOPIFY) == {}
    kept_sources.forget(db, GOOGLE)
    assert first(settings, db, job, Options())["brand"] == ""


def test_a_job_without_the_column_has_what_is_suggested(settings: Settings, db: Database) -> None:
    kept_sources.keep(db, GOOGLE, {"title": Source("headline", "A thing"), "gone": Source("x")})
    other = made(settings, db, "sku", "name")
    assert first(settings, db, other, Options())["title"] == "name here"
