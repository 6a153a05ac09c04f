from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batch import rows, teaching
from batch.demonstrations import text_key
from batch.extract import Outcome
from batch.fields import parse_fields
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from core.db import Database
from core.review_tables import demonstrations
from core.schema import jobs as jobs_table
from core.schema import rows as rows_table
from core.settings import Settings
from core.statuses import JobStatus, Review, RowStatus
from core.values import Origin, Value
from tests.batch.conftest import COLUMNS, FIELDS, new_job
from tests.conftest import on_both

ACME = Value("Acme", Origin.STATED, "title", 0, 4)


def extracted(db: Database, job: Job, values: dict[str, Value], row_no: int = 1) -> None:
    """The model's result of a row."""
    outcome = Outcome(row_no, RowStatus.DONE, values, model="m")
    assert rows.record(db, job.id, 0, [outcome], job.run)


def review(
    settings: Settings, db: Database, job: Job, review: Review, *row_nos: int, at: float = 1.0
) -> None:
    """A person decides about rows, and the model is taught."""
    inputs = teaching.read_inputs(settings, job, row_nos)
    with db.write() as connection:
        connection.execute(
            rows_table.update()
            .where(rows_table.c.job_id == job.id, rows_table.c.row_no.in_(row_nos))
            .values(review=review, reviewed_at=at)
        )
        teaching.learn(connection, job, inputs)


def approve(settings: Settings, db: Database, job: Job, *row_nos: int, at: float = 1.0) -> None:
    review(settings, db, job, Review.APPROVED, *row_nos, at=at)


def taught(db: Database) -> list[dict[str, Any]]:
    with db.read() as connection:
        found = connection.execute(demonstrations.select().order_by(demonstrations.c.text))
        return [dict(row) for row in found.mappings()]


@on_both
def test_an_approved_row_becomes_a_demonstration_with_null_where_there_is_no_value(
    settings: Settings, db: Database
) -> None:
    job = new_job(settings, db, 2)
    extracted(db, job, {"brand": ACME})
    approve(settings, db, job, 1)
    (one,) = taught(db)
    assert one["text"] == "Acme bottle 1 2 l"
    assert one["answer"] == {"brand": "Acme", "capacity": None}
    assert (one["job_id"], one["row_no"]) == (job.id, 1)
    assert (one["enabled"], one["deleted"], one["version"]) == (True, False, 1)


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (Value("ACME Inc.", Origin.STATED, "title", 0, 4, raw="Acme"), "Acme"),
        (Value("acme", Origin.STATED, "title", 0, 4), "Acme"),
        (Value("Acme Corp", Origin.HUMAN), "Acme Corp"),
    ],
    ids=["raw", "at its place", "a person's"],
)
def test_a_copied_value_is_answered_as_it_is_written(
    settings: Settings, db: Database, value: Value, answer: str
) -> None:
    job = new_job(settings, db, 1)
    extracted(db, job, {"brand": value, "capacity": Value(2.0)})
    approve(settings, db, job, 1)
    assert taught(db)[0]["answer"] == {"brand": answer, "capacity": 2}


@on_both
def test_approving_again_changes_the_same_demonstration_and_only_then_its_version(
    settings: Settings, db: Database
) -> None:
    job = new_job(settings, db, 1)
    extracted(db, job, {"brand": ACME})
    approve(settings, db, job, 1)
    approve(settings, db, job, 1)
    assert [one["version"] for one in taught(db)] == [1]
    with db.write() as connection:
        values = {"brand": Value("Zenith", Origin.HUMAN).to_json()}
        connection.execute(rows_table.update().values(values=values))
    approve(settings, db, job, 1)
    (one,) = taught(db)
    assert (one["version"], one["answer"]["brand"]) == (2, "Zenith")


@on_both
def test_what_is_no_longer_approved_is_no_longer_taught(settings: Settings, db: Database) -> None:
    job = new_job(settings, db, 1)
    extracted(db, job, {"brand": ACME})
    approve(settings, db, job, 1)
    review(settings, db, job, Review.FLAGGED, 1)
    assert [(one["deleted"], one["version"]) for one in taught(db)] == [(True, 2)]
    approve(settings, db, job, 1)
    assert [(one["deleted"], one["version"]) for one in taught(db)] == [(False, 3)]


@on_both
def test_another_approval_of_the_same_product_stands_behind_it(
    settings: Settings, db: Database
) -> None:
    first = new_job(settings, db, 1)
    other = parse_fields([{"name": "brand", "type": "text"}, {"name": "color", "type": "text"}])
    second = submit(db, first.upload_id, COLUMNS, Plan(other), "Bottles", version_of=first)
    extracted(db, first, {"brand": ACME, "capacity": Value(2.0)})
    extracted(db, second, {"brand": Value("Zenith", Origin.HUMAN)})
    approve(settings, db, first, 1, at=1.0)
    approve(settings, db, second, 1, at=2.0)
    (one,) = taught(db)
    assert one["answer"] == {"brand": "Zenith", "capacity": 2, "color": None}
    assert one["job_id"] == second.id
    review(settings, db, second, Review.NONE, 1)
    (one,) = taught(db)
    assert (one["answer"], one["deleted"]) == ({"brand": "Acme", "capacity": 2}, False)
    assert one["job_id"] == first.id
    with db.write() as connection:
        gone = jobs_table.update().where(jobs_table.c.id == first.id)
        connection.execute(gone.values(status=JobStatus.DELETED))
    approve(settings, db, second, 1)
    review(settings, db, second, Review.NONE, 1)
    assert [one["deleted"] for one in taught(db)] == [True]


@on_both
def test_a_fifth_is_held_back_for_good(settings: Settings, db: Database) -> None:
    job = new_job(settings, db, 400)
    outcomes = [Outcome(number, RowStatus.DONE, {"brand": ACME}) for number in range(1, 401)]
    rows.record(db, job.id, 0, outcomes, job.run)
    approve(settings, db, job, *range(1, 401))
    held_back = {one["text"] for one in taught(db) if one["held_back"]}
    assert 50 <= len(held_back) <= 110
    review(settings, db, job, Review.NONE, *range(1, 401))
    approve(settings, db, job, *range(1, 401))
    assert {one["text"] for one in taught(db) if one["held_back"]} == held_back


def test_the_same_words_of_another_product_type_are_another_product() -> None:
    assert text_key("Green", "Tea") != text_key("Green", "Paint")
    assert text_key("Green", "Tea") == text_key("Green", " tea")


def test_a_row_without_text_teaches_nothing(settings: Settings, db: Database) -> None:
    job = new_job(settings, db, 1)
    (item,) = teaching.read_inputs(settings, job, [1]).values()
    extracted(db, job, {})
    approve(settings, db, job, 1)
    with db.write() as connection:
        connection.execute(sa.delete(demonstrations))
        blank = type(item)(1, {}, "", (), b"", "", FIELDS)
        teaching.learn(connection, job, {1: blank})
    assert taught(db) == []
