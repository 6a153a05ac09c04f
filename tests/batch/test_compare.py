from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from typer.testing import CliRunner

from batch import compare, control, jobs, rows, versions
from batch.__main__ import app
from batch.compare import DIFFERENCES, Difference
from batch.extract import Outcome
from batch.fields import parse_fields
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from batch.unlike_rows import agreement, unlike_rows
from core import products
from core.db import Database
from core.errors import JobError
from core.schema import jobs as jobs_table
from core.settings import Settings
from core.statuses import JobStatus, RowStatus
from core.values import Origin, Value
from tests.batch.conftest import COLUMNS, new_job
from tests.batch.test_approved import again, numbers
from tests.batch.test_quality import answered, corrected
from tests.conftest import on_both

ACME = {"brand": Value("Acme", Origin.STATED, "title", 0, 4), "capacity": Value(2.0)}


def record(db: Database, job: Job, values: Mapping[int, dict[str, Value]]) -> None:
    """Results of rows, whatever their shards."""
    for shard_no in {(row_no - 1) // 1000 for row_no in values}:
        done = [
            Outcome(row_no, RowStatus.DONE, one, model="m")
            for row_no, one in values.items()
            if (row_no - 1) // 1000 == shard_no
        ]
        assert rows.record(db, job.id, shard_no, done, job.run)


def two_versions(settings: Settings, db: Database, count: int = 2100) -> tuple[Job, Job]:
    """Two versions that differ in four rows, and in what is done."""
    job = new_job(settings, db, count)
    later = again(db, job)
    record(db, job, dict.fromkeys(range(1, count + 1), ACME))
    other = {row_no: dict(ACME) for row_no in range(1, count)}
    other[3] = ACME | {"brand": Value("Zenith")}
    other[4] = {"brand": ACME["brand"]}
    other[5] = ACME | {"brand": Value("Acme", confidence=0.4)}
    if count > 2001:
        other[2001] = {"brand": Value("Other"), "capacity": Value(3.0)}
    record(db, later, other)
    return job, later


def ended(db: Database, job: Job) -> None:
    with db.write() as connection:
        change = jobs_table.update().where(jobs_table.c.id == job.id)
        connection.execute(change.values(status=JobStatus.DONE))


@on_both
def test_differences_are_counted_by_field_and_kind(settings: Settings, db: Database) -> None:
    job, later = two_versions(settings, db)
    told: list[tuple[int, int]] = []
    found = compare.compare(db, job, later, lambda *at: told.append(at))
    counts = {name: [found.count(name, one) for one in DIFFERENCES] for name in found.fields}
    assert counts == {"brand": [2097, 2, 0, 0], "capacity": [2097, 1, 0, 1]}
    assert (found.rows, found.left_out, found.unlike) == (2099, 1, 3)
    assert told == [(1000, 2100), (2000, 2100), (2100, 2100)]
    back = compare.compare(db, later, job)
    assert back.count("capacity", Difference.ADDED) == 1
    assert found.count(None, Difference.CHANGED) == 3


@on_both
def test_rows_that_differ_are_shown_in_order_page_by_page(settings: Settings, db: Database) -> None:
    job, later = two_versions(settings, db)
    found = compare.compare(db, job, later)
    pairs = list(unlike_rows(db, found))
    assert [pair.row_no for pair in pairs] == [3, 4, 2001]
    assert pairs[0].differences == {"brand": Difference.CHANGED}
    assert (pairs[0].first["brand"].value, pairs[0].other["brand"].value) == ("Acme", "Zenith")
    assert [pair.row_no for pair in unlike_rows(db, found, after=3)] == [4, 2001]
    assert [pair.row_no for pair in unlike_rows(db, found, ["capacity"])] == [4, 2001]
    gone = unlike_rows(db, found, ["capacity"], [Difference.GONE])
    assert [pair.row_no for pair in gone] == [4]
    assert list(unlike_rows(db, found, ["brand"], [Difference.ADDED])) == []


def test_the_order_of_a_list_says_nothing(settings: Settings, db: Database) -> None:
    fields = parse_fields([{"name": "tags", "type": "list"}, {"name": "old", "type": "text"}])
    job = new_job(settings, db, 2)
    one, two = (submit(db, job.upload_id, COLUMNS, Plan(fields), "a") for _ in range(2))
    record(db, one, {1: {"tags": Value(["a", "b"])}, 2: {"tags": Value(["a", "b"])}})
    record(db, two, {1: {"tags": Value(["b", "a"])}, 2: {"tags": Value(["b"])}})
    found = compare.compare(db, one, two)
    assert [found.count("tags", kind) for kind in DIFFERENCES] == [1, 1, 0, 0]


def test_fields_that_only_one_has_are_named_and_not_counted(
    settings: Settings, db: Database
) -> None:
    job = new_job(settings, db, 1)
    fields = parse_fields([{"name": "brand", "type": "text"}, {"name": "color", "type": "text"}])
    later = submit(db, job.upload_id, COLUMNS, Plan(fields), "a", version_of=job)
    found = compare.compare(db, job, later)
    assert (found.fields, found.only_first, found.only_other) == (
        ("brand",),
        ("capacity",),
        ("color",),
    )


def test_what_cannot_be_compared_is_refused(settings: Settings, db: Database) -> None:
    job, elsewhere = new_job(settings, db, 1), new_job(settings, db, 1)
    fields = parse_fields([{"name": "color", "type": "text"}])
    unlike = submit(db, job.upload_id, COLUMNS, Plan(fields), "a")
    for other, said in ((job, "itself"), (elsewhere, "same file"), (unlike, "no field in common")):
        with pytest.raises(JobError, match=said):
            compare.compare(db, job, other)


@on_both
def test_approved_rows_tell_which_of_the_two_is_right(settings: Settings, db: Database) -> None:
    job = new_job(settings, db, 60)
    kept = numbers(held_back=True, count=5)
    answered(settings, db, job, kept, right=kept[:1])
    corrected(settings, db, job, kept)
    later = again(db, job, fresh=True)
    answered(settings, db, later, kept, right=kept[:4])
    found = {one.first.name: one for one in agreement(db, job, later)}
    brand = found["brand"]
    assert (brand.first.right, brand.other.right, brand.first.rows) == (1, 4, 5)
    assert (found["capacity"].first.right, found["capacity"].other.right) == (5, 5)


def test_a_correction_makes_a_comparison_outdated(settings: Settings, db: Database) -> None:
    job, later = two_versions(settings, db, 10)
    before = compare.state(db, job, later)
    assert compare.state(db, job, later) == before
    control.cancel(db, later.id)
    assert compare.state(db, job, jobs.get(db, later.id)) != before


@on_both
def test_the_newest_version_counts_until_a_person_decides(settings: Settings, db: Database) -> None:
    job, later = two_versions(settings, db, 10)

    def now() -> list[Job]:
        return jobs.versions(db, job)

    assert versions.current(now()) == jobs.get(db, later.id)
    ended(db, job)
    assert versions.current(now()) == jobs.get(db, job.id)
    ended(db, later)
    assert versions.current(now()) == jobs.get(db, later.id)
    versions.keep(db, job)
    kept = versions.current(now())
    assert kept is not None and kept.id == job.id
    assert versions.on_the_shelves(now()) is None


def test_rolling_back_gives_shoppers_the_earlier_values_again(
    settings: Settings, db: Database
) -> None:
    job, later = two_versions(settings, db, 10)
    versions.roll_back(settings, db, later)
    assert products.get(db, ["P3"])["P3"].values["brand"].value == "Zenith"
    assert versions.roll_back(settings, db, job) == 10
    assert products.get(db, ["P3"])["P3"].values["brand"].value == "Acme"
    shown, kept = (
        find(jobs.versions(db, job)) for find in (versions.on_the_shelves, versions.current)
    )
    assert shown is not None and kept is not None and (shown.id, kept.id) == (job.id, job.id)


def test_versions_are_compared_and_kept_from_a_shell(settings: Settings, db: Database) -> None:
    job, later = two_versions(settings, db, 10)

    def shell(*words: str) -> str:
        environment = {"SHOPKEEPER_HOME": str(settings.home)}
        result = CliRunner().invoke(app, list(words), env=environment)
        assert result.exit_code == 0, result.stderr
        return result.stdout + result.stderr

    found = json.loads(
        CliRunner()
        .invoke(
            app,
            ["compare", job.id, later.id, "--json"],
            env={"SHOPKEEPER_HOME": str(settings.home)},
        )
        .stdout
    )
    assert found["fields"]["brand"] == {"same": 8, "changed": 1, "added": 0, "gone": 0}
    assert found["unlike_rows"][0] == {
        "row": 3,
        "fields": {"brand": {"difference": "changed", "first": "Acme", "other": "Zenith"}},
    }
    assert "Row 3, brand changed: Acme → Zenith" in shell("compare", job.id, later.id)
    assert "Version 1 of “Bottles” counts" in shell("keep", job.id)
    assert "9 products are handed to the shop" in shell("keep", later.id, "--publish")
