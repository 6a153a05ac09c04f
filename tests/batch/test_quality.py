from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from batch import approved, demonstration_list, demonstrations, quality, rows, uploads
from batch.extract import Outcome
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from batch.teaching import read_inputs
from core.db import Database
from core.schema import rows as rows_table
from core.settings import Settings
from core.statuses import RowStatus
from core.values import Scalar, Value
from tests.batch.conftest import COLUMNS, FIELDS, new_job
from tests.batch.test_approved import again, numbers
from tests.batch.test_teaching import approve
from tests.conftest import on_both

RIGHT = {"brand": Value("Acme"), "capacity": Value(2.0)}
WRONG = {"brand": Value("Bottle"), "capacity": Value(2.0)}


def answered(
    settings: Settings, db: Database, job: Job, row_nos: Sequence[int], right: Sequence[int]
) -> None:
    """The model's results of rows, some of them right; with what was approved over them."""
    items = approved.with_judgements(db, list(read_inputs(settings, job, row_nos).values()))
    came = [
        Outcome(one.row_no, RowStatus.DONE, RIGHT if one.row_no in right else WRONG, model="m")
        for one in items
    ]
    done = [approved.applied(one, item) for one, item in zip(came, items, strict=True)]
    rows.record(db, job.id, 0, done, job.run)


def corrected(settings: Settings, db: Database, job: Job, row_nos: Sequence[int]) -> None:
    """A person approves rows with the right values, whatever the model has said."""
    with db.write() as connection:
        table = rows_table
        mine = (table.c.job_id == job.id, table.c.row_no.in_(row_nos))
        connection.execute(
            table.update()
            .where(*mine)
            .values(
                extracted=table.c["values"],
                values={name: value.to_json() for name, value in RIGHT.items()},
            )
        )
    approve(settings, db, job, *row_nos)


@on_both
def test_the_models_own_values_are_measured_in_every_version(
    settings: Settings, db: Database
) -> None:
    job = new_job(settings, db, 200)
    kept = numbers(held_back=True, count=20)
    others = numbers(held_back=False, count=20)
    answered(settings, db, job, [*kept, *others], right=kept[:5])
    corrected(settings, db, job, [*kept, *others])
    later = again(db, job, fresh=True)
    answered(settings, db, later, [*kept, *others], right=kept[:15])
    first, second = quality.over_versions(db, [later, job])
    assert (first.version, first.rows, second.version, second.rows) == (1, 20, 2, 20)
    # Of 40 values 5 + 20 were right; each wrong brand is both wrong and missed.
    assert first.f1 == pytest.approx(2 * 25 / (2 * 25 + 15 + 15))
    assert second.f1 == pytest.approx(2 * 35 / (2 * 35 + 5 + 5))
    assert first.low < first.f1 < first.high
    assert [(one.name, one.right, one.rows) for one in second.fields] == [
        ("brand", 15, 20),
        ("capacity", 20, 20),
    ]
    assert quality.more_needed([first, second]) == 0


@on_both
def test_another_upload_of_the_same_products_is_measured_too(
    settings: Settings, db: Database
) -> None:
    job = new_job(settings, db, 60)
    kept = numbers(held_back=True, count=4)
    answered(settings, db, job, kept, right=[])
    corrected(settings, db, job, kept)
    lines = [f"X{at},Acme bottle {at} 2 l,9" for at in reversed(kept)]
    data = io.BytesIO("\n".join(["id,title,price", *lines]).encode())
    upload = uploads.store(settings, db, "other.csv", data)
    other = submit(db, upload.id, COLUMNS, Plan(FIELDS), "Bottles", version_of=job)
    answered(settings, db, other, range(1, 5), right=[1, 2, 3, 4])
    first, second = quality.over_versions(db, [job, other])
    assert (first.rows, second.rows, second.f1) == (4, 4, 1.0)


def test_what_was_not_asked_and_what_is_switched_off_is_not_measured(
    settings: Settings, db: Database
) -> None:
    job = new_job(settings, db, 60)
    (kept,) = numbers(held_back=True)
    answered(settings, db, job, [kept], right=[])
    corrected(settings, db, job, [kept])
    later = again(db, job)
    (item,) = approved.with_judgements(db, list(read_inputs(settings, later, [kept]).values()))
    failed = Outcome(kept, RowStatus.FAILED, error="It broke.")
    rows.record(db, later.id, 0, [approved.applied(failed, item)], 1)
    assert [one.rows for one in quality.over_versions(db, [job, later])] == [1, 0]
    (one,) = demonstration_list.listing(db)
    demonstrations.switch(db, [one.id], enabled=False)
    (found,) = quality.over_versions(db, [job])
    assert (found.rows, found.f1, found.low, found.high) == (0, 0.0, 0.0, 0.0)
    assert quality.more_needed([found]) == 50


@pytest.mark.parametrize(
    ("own", "right", "agree"),
    [
        (Value("ACME  Inc"), "acme inc", True),
        (Value("Navy", raw="NAVY BLUE"), "navy blue", True),
        (Value("Navy"), "Blue", False),
        (Value(["b", "A"]), ["a", "b"], True),
        (Value(2.0), 2.0, True),
        (Value(True), False, False),
        (None, None, True),
        (Value("x"), None, False),
        (None, "x", False),
    ],
)
def test_values_agree_however_they_are_spaced_and_capitalised(
    own: Value | None, right: Scalar | None, agree: bool
) -> None:
    assert quality.agrees(own, right) is agree


def test_one_row_stands_for_equal_ones(settings: Settings, db: Database) -> None:
    titles = ["Acme cup"] * 30
    data = io.BytesIO(
        "\n".join(["id,title", *(f"{at},{one}" for at, one in enumerate(titles))]).encode()
    )
    upload = uploads.store(settings, db, "cups.csv", data)
    columns = COLUMNS.from_json({"id": "id", "title": "title", "text": ["title"]})
    job = submit(db, upload.id, columns, Plan(FIELDS), "Cups")
    done = [Outcome(at, RowStatus.DONE, RIGHT, model="m") for at in range(1, 31)]
    rows.record(db, job.id, 0, done, 1)
    approve(settings, db, job, *range(1, 31))
    with db.read() as connection:
        assert list(quality.truths(connection, upload.id)) == [1]
