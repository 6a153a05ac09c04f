"""Versions of a job as people see them: which counts, what differs, how good each one is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from batch import jobs, publish, versions
from batch.jobs import Job
from batch.quality import Quality
from core import products
from core.db import Database
from core.schema import jobs as jobs_table
from core.settings import Settings
from core.statuses import JobStatus
from pages.parts import job_compare, job_quality
from tests.batch.conftest import new_job
from tests.batch.test_approved import again, numbers
from tests.batch.test_compare import two_versions
from tests.batch.test_quality import answered, corrected
from tests.pages.conftest import Open, button, keyed, texts


def done(db: Database, *every: Job) -> None:
    with db.write() as connection:
        change = sa.update(jobs_table).where(jobs_table.c.id.in_([one.id for one in every]))
        connection.execute(change.values(status=JobStatus.DONE))


def details(page: Open, job: Job) -> AppTest:
    app = page("pages/jobs.py")
    app.query_params["job"] = job.id
    return app.run()


@pytest.fixture
def both(settings: Settings, db: Database) -> tuple[Job, Job]:
    """Two versions that differ in two rows of ten."""
    found = two_versions(settings, db, 10)
    done(db, *found)
    return found


def test_an_earlier_version_is_kept(page: Open, db: Database, both: tuple[Job, Job]) -> None:
    first, second = both
    app = details(page, second)
    assert "This version counts" in texts(app)
    app = details(page, first)
    button(app, "Keep this version").click().run()
    kept = versions.current(jobs.versions(db, first))
    assert kept is not None and kept.id == first.id
    assert "This version counts" in texts(app)


def test_going_back_asks_first_and_shows_shoppers_the_earlier_values(
    page: Open, settings: Settings, db: Database, both: tuple[Job, Job]
) -> None:
    first, second = both
    publish.publish(settings, db, first.id)
    publish.publish(settings, db, second.id)
    app = details(page, first)
    keyed(app, "back-").click().run()
    assert "Shoppers see version 2" in texts(app)
    assert products.get(db, ["P3"])["P3"].values["brand"].value == "Zenith"
    keyed(app, "confirm-version").click().run()
    assert products.get(db, ["P3"])["P3"].values["brand"].value == "Acme"
    seen = versions.on_the_shelves(jobs.versions(db, first))
    assert seen is not None and seen.id == first.id


def test_what_differs_is_shown_in_numbers_and_row_by_row(page: Open, both: tuple[Job, Job]) -> None:
    first, second = both
    app = details(page, second)
    assert "differ" not in texts(app)
    app.selectbox(key=f"compare-{second.id}").set_value(first.id).run()
    shown = texts(app)
    assert "2 of 9 rows differ" in shown
    assert "1 row not done in both is left out" in shown
    counts = next(one.value for one in app.dataframe if "Changed" in one.value)
    assert counts.to_dict("records")[0] == {
        "Field": "brand",
        "Same": 8,
        "Changed": 1,
        "Added": 0,
        "Gone": 0,
    }
    rows = next(one.value for one in app.dataframe if "Difference" in one.value)
    lines = [
        tuple(row[name] for name in ("Row", "Field", "Version 1", "Version 2"))
        for row in rows.to_dict("records")
    ]
    assert lines == [(3, "brand", "Acme", "Zenith"), (4, "capacity", "2", "–")]
    app.selectbox(key=f"unlike-field-{second.id}").set_value("capacity").run()
    rows = next(one.value for one in app.dataframe if "Difference" in one.value)
    assert list(rows["Row"]) == [4]


def test_many_rows_are_shown_page_by_page(
    page: Open, both: tuple[Job, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = both
    monkeypatch.setattr(job_compare, "PAGE", 1)
    app = details(page, second)
    app.selectbox(key=f"compare-{second.id}").set_value(first.id).run()

    def shown(app: AppTest) -> Sequence[int]:
        return list(next(one.value for one in app.dataframe if "Difference" in one.value)["Row"])

    assert shown(app) == [3]
    button(app, "Further rows").click().run()
    assert shown(app) == [4]
    button(app, "Earlier rows").click().run()
    assert shown(app) == [3]


def test_too_few_approved_rows_say_how_many_more(page: Open, both: tuple[Job, Job]) -> None:
    shown = texts(details(page, both[0]))
    assert "Approve about 50 more rows" in shown
    assert "the model never sees it" in shown


def test_quality_is_shown_for_every_version(page: Open, settings: Settings, db: Database) -> None:
    job = new_job(settings, db, 200)
    kept = numbers(held_back=True, count=20)
    answered(settings, db, job, kept, right=kept[:5])
    corrected(settings, db, job, kept)
    later = again(db, job, fresh=True)
    answered(settings, db, later, kept, right=kept[:15])
    done(db, job, later)
    app = details(page, later)
    shown = texts(app)
    assert "Version 2: **88%** right" in shown
    assert "points better than version 1" in shown
    numbers_shown = next(one.value for one in app.dataframe if "Range" in one.value)
    assert list(numbers_shown["brand"]) == ["25%", "75%"]
    assert list(numbers_shown["Rows"]) == ["20", "20"]


def test_the_plot_has_a_point_and_an_interval_for_every_version() -> None:
    found = [
        Quality("a", 1, 20, 0.5, 0.4, 0.6),
        Quality("b", 2, 20, 0.7, 0.6, 0.8),
    ]
    drawn = job_quality.chart(found).to_dict()
    assert [layer["mark"]["type"] for layer in drawn["layer"]] == ["rule", "line"]
    assert len(next(iter(drawn["datasets"].values()))) == 2
