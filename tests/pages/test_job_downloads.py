"""The way from a job's page to a file: form, rows, options, and a feed's mapping."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from batch.fields import Field
from batch.jobs import Job
from core.db import Database
from core.schema import rows as rows_table
from core.settings import Settings
from core.statuses import Review
from core.values import Value
from pages.parts import job_feed
from tests.batch.export_job import csv_bytes, export_job
from tests.pages.conftest import Open, button, texts

ROWS = [
    ["sku", "name", "price", "image"],
    ["A1", "Tent", "10 €", "https://x.example/1.jpg"],
    ["A2", "Mat", "12 €", ""],
    ["A3", "Pot <b>", "", ""],
]
VALUES = {1: {"brand": Value("Acme")}, 2: {"brand": Value("Acme")}}


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    fields = (Field(name="brand"),)
    made = export_job(settings, db, csv_bytes(ROWS), fields, VALUES, failed=[3], flagged=[2])
    with db.write() as connection:
        change = rows_table.update().where(rows_table.c.row_no == 1)
        connection.execute(change.values(review=Review.APPROVED))
    return made


@pytest.fixture
def open_page(page: Open, job: Job) -> AppTest:
    app = page("pages/jobs.py")
    app.query_params["job"] = job.id
    return app.run()


def link(app: AppTest) -> Any:
    (found,) = [one for one in app.get("link_button") if one.proto.label == "Download"]
    return found.proto


def choose(app: AppTest, label: str, option: str) -> AppTest:
    (box,) = [one for one in app.selectbox if one.label == label]
    at = next(number for number, text in enumerate(box.options) if text.startswith(option))
    return box.select_index(at).run()


def toggle(app: AppTest, label: str) -> AppTest:
    (found,) = [one for one in app.toggle if one.label.startswith(label)]
    return found.set_value(not found.value).run()


def test_a_csv_of_all_rows_is_the_first_choice(open_page: AppTest, job: Job) -> None:
    assert (link(open_page).url, link(open_page).disabled) == (f"download/{job.id}/csv", False)
    (rows,) = [one for one in open_page.selectbox if one.label == "Rows"]
    assert rows.options == [
        "All rows (3)",
        "Rows with a result (2)",
        "Approved rows (1)",
        "Flagged rows (1)",
    ]


def test_what_is_chosen_is_in_the_address(open_page: AppTest, job: Job) -> None:
    app = choose(open_page, "Rows", "Approved")
    app = toggle(app, "Written like your file")
    app = toggle(app, "Say where")
    app = toggle(app, "Make formulas")
    query = "rows=approved&as_uploaded=yes&provenance=yes&guard=no"
    assert link(app).url == f"download/{job.id}/csv?{query}"
    app = choose(app, "Format", "Excel")
    assert link(app).url == f"download/{job.id}/xlsx?rows=approved&provenance=yes"
    app = choose(app, "Format", "JSON")
    assert link(app).url == f"download/{job.id}/jsonl?rows=approved"
    app = choose(app, "Format", "Failed")
    assert link(app).url == f"download/{job.id}/failed"


def test_nothing_is_offered_before_there_is_a_result(
    page: Open, settings: Settings, db: Database
) -> None:
    job = export_job(settings, db, csv_bytes(ROWS), (Field(name="brand"),), {})
    app = page("pages/jobs.py")
    app.query_params["job"] = job.id
    app.run()
    assert link(app).disabled
    assert "No row is done yet" in texts(app)


def test_a_choice_without_rows_says_what_to_do(open_page: AppTest, job: Job, db: Database) -> None:
    with db.write() as connection:
        connection.execute(sa.update(rows_table).values(review=Review.NONE))
    app = choose(open_page, "Rows", "Approved")
    assert link(app).disabled
    assert "Approve rows on the Review page" in texts(app)


def test_a_feed_says_what_products_lack_and_can_leave_those_out(
    open_page: AppTest, job: Job
) -> None:
    app = choose(open_page, "Format", "Shopify")
    assert "3 products have everything that Shopify requires" in texts(app)
    app = choose(app, "Format", "Google Merchant feed (XML)")
    shown = texts(app)
    assert "Google will refuse 3 of 3 products" in shown
    assert "**no product has a description**" in shown
    assert "**2 products have no full address of an image** (rows 2, 3)" in shown
    assert "**1 product has no price with a currency** (row 3)" in shown
    assert "under “Where Google's columns come from”" in shown
    app = toggle(app, "Leave out the 3 products")
    assert link(app).url == f"download/{job.id}/google-xml?complete=yes"


def test_where_a_feeds_attributes_come_from_can_be_changed(open_page: AppTest, job: Job) -> None:
    app = choose(open_page, "Format", "Google Merchant feed (TSV)")
    frames = [one.value for one in app.dataframe if "Taken from" in one.value]
    taken = frames[0]["Taken from"]
    assert (taken["id"], taken["title"], taken["brand"], taken["gtin"]) == (
        "sku",
        "name",
        "brand",
        "",
    )
    edits = {"edited_rows": {1: {"Taken from": "sku"}, 2: {"Otherwise": "A fine thing"}}}
    app.session_state[f"mapping-Google-{job.id}-0"] = edits | {"added_rows": [], "deleted_rows": []}
    app.run()
    changed = "from.title=sku&otherwise.description=A+fine+thing"
    assert link(app).url == f"download/{job.id}/google?{changed}"
    assert "no product has a description" not in texts(app)
    button(app, "Remember this").click().run()
    assert link(app).url == f"download/{job.id}/google"
    assert "no product has a description" not in texts(app)
    button(app, "Forget what is remembered").click().run()
    assert "no product has a description" in texts(app)


def test_many_products_are_looked_over_only_when_asked(
    open_page: AppTest, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_feed, "AT_ONCE", 2)
    app = choose(open_page, "Format", "Google Merchant feed (TSV)")
    assert "will refuse" not in texts(app)
    button(app, "Look what is missing in 3 products").click().run()
    assert "will refuse" in texts(app)
    app.run()
    assert "will refuse" in texts(app)
