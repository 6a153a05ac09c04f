from __future__ import annotations

from collections.abc import Sequence

import pytest

from batch import approved, jobs, memory, rows, stored_rows
from batch.demonstrations import Product, is_held_back
from batch.extract import Outcome
from batch.fields import parse_fields
from batch.flags import Flag
from batch.forecast import forecast
from batch.jobs import Job
from batch.plan import Plan
from batch.ranges import Shard
from batch.submission import submit
from batch.teaching import read_inputs
from core.db import Database
from core.review_tables import demonstrations
from core.schema import rows as rows_table
from core.settings import Settings
from core.statuses import RowStatus
from core.values import Origin, Value
from tests.batch.conftest import COLUMNS, FIELDS, new_job
from tests.batch.test_teaching import approve
from tests.conftest import on_both

OWN = {"brand": Value("Acmee", Origin.STATED, "title", 0, 4), "capacity": Value(2.0)}
RIGHT = {"brand": Value("Acme", Origin.HUMAN), "capacity": Value(2.0)}
MODELS = {"m"}


def text(number: int) -> str:
    return f"Acme bottle {number} 2 l"


def numbers(held_back: bool, count: int = 1) -> list[int]:
    """Rows of a job of bottles that are held back, or that are not."""
    found = (at for at in range(1, 200) if is_held_back(Product(text(at), "", {}).key) is held_back)
    return [at for at, _ in zip(found, range(count), strict=False)]


def taught_job(settings: Settings, db: Database, *row_nos: int) -> Job:
    """A job of which these rows were corrected and approved."""
    job = new_job(settings, db, 60)
    done = [
        Outcome(number, RowStatus.DONE, RIGHT, key=item.key, extracted=OWN, model="m")
        for number, item in read_inputs(settings, job, row_nos).items()
    ]
    rows.record(db, job.id, 0, done, job.run)
    approve(settings, db, job, *row_nos)
    return job


def again(db: Database, job: Job, fresh: bool = False, learns: bool = True) -> Job:
    same = (job.upload_id, job.columns, job.plan, job.name)
    return submit(db, *same, version_of=job, fresh=fresh, learns=learns)


def divided(
    settings: Settings,
    db: Database,
    job: Job,
    row_nos: Sequence[int],
    read_again: Sequence[int] = (),
) -> memory.Division:
    items = list(read_inputs(settings, job, row_nos).values())
    judged = approved.with_judgements(db, items)
    return memory.divide(db, Shard(job, 0), judged, read_again, {"another model"})


@on_both
def test_a_product_that_was_approved_takes_no_call_and_has_the_approved_values(
    settings: Settings, db: Database
) -> None:
    one, other = numbers(held_back=False, count=2)
    job = taught_job(settings, db, one)
    later = again(db, job)
    division = divided(settings, db, later, [one, other])
    (known,) = division.known
    assert (known.row_no, known.attempts, known.extracted) == (one, 0, None)
    assert known.values == {
        "brand": Value("Acme", Origin.HUMAN),
        "capacity": Value(2.0, Origin.HUMAN),
    }
    assert [item.row_no for item in division.ours] == [other]
    rows.record(db, later.id, 0, division.known, 1)
    assert (jobs.get(db, later.id).done, jobs.get(db, later.id).reused) == (1, 1)


@on_both
def test_the_model_is_asked_of_what_it_is_measured_by_and_its_own_values_are_kept(
    settings: Settings, db: Database
) -> None:
    (one,) = numbers(held_back=True)
    job = taught_job(settings, db, one)
    later = again(db, job)
    (item,) = divided(settings, db, later, [one]).ours
    flags = (Flag("brand", "not in the row"), Flag(None, "unlike before"))
    came = Outcome(one, RowStatus.DONE, OWN, flags=flags, key=item.key, model="another model")
    rows.record(db, later.id, 0, [approved.applied(came, item)], 1)
    (row,) = stored_rows.page(settings, db, later, one, 1)
    assert (row.values["brand"].value, row.values["brand"].origin) == ("Acme", Origin.HUMAN)
    assert (row.flags, row.review) == ((), "")
    with db.read() as connection:
        stored = (
            connection.execute(rows_table.select().where(rows_table.c.job_id == later.id))
            .mappings()
            .one()
        )
    assert stored["extracted"]["brand"]["value"] == "Acmee"


@pytest.mark.parametrize("why", ["fresh", "read again", "another field"])
def test_it_is_asked_all_the_same_and_what_was_approved_stands_over_the_answer(
    settings: Settings, db: Database, why: str
) -> None:
    (one,) = numbers(held_back=False)
    job = taught_job(settings, db, one)
    later = again(db, job, fresh=why == "fresh")
    if why == "another field":
        fields = (*FIELDS, *parse_fields([{"name": "color", "type": "text"}]))
        later = submit(db, job.upload_id, COLUMNS, Plan(fields), "Bottles", version_of=job)
    (item,) = divided(settings, db, later, [one], [one] if why == "read again" else []).ours
    color = {"color": Value("red")}
    came = approved.applied(Outcome(one, RowStatus.DONE, OWN | color, model="m"), item)
    assert came.values["brand"] == Value("Acme", Origin.HUMAN)
    assert came.values.get("color") == (color["color"] if why == "another field" else None)


def test_what_was_judged_to_be_absent_stays_absent(settings: Settings, db: Database) -> None:
    (one,) = numbers(held_back=False)
    job = new_job(settings, db, 60)
    rows.record(db, job.id, 0, [Outcome(one, RowStatus.DONE, {}, model="m")], 1)
    approve(settings, db, job, one)
    (known,) = divided(settings, db, again(db, job), [one]).known
    assert (known.status, known.values) == (RowStatus.DONE, {})


def test_a_row_that_fails_is_done_where_all_of_it_was_approved(
    settings: Settings, db: Database
) -> None:
    (one,) = numbers(held_back=True)
    job = taught_job(settings, db, one)
    (item,) = divided(settings, db, again(db, job), [one]).ours
    came = approved.applied(Outcome(one, RowStatus.FAILED, error="It broke.", reason="x"), item)
    assert (came.status, came.error, came.reason) == (RowStatus.DONE, "", "")
    assert came.values["brand"].value == "Acme"
    assert came.notes == ("The model gave no result: It broke.",)
    waiting = Outcome(one, RowStatus.RETRY, error="It broke.")
    assert approved.applied(waiting, item) == waiting


@on_both
def test_what_is_not_approved_any_more_does_not_come_back_from_memory(
    settings: Settings, db: Database
) -> None:
    (one,) = numbers(held_back=False)
    job = taught_job(settings, db, one)
    later = again(db, job, fresh=True)
    (item,) = divided(settings, db, later, [one]).ours
    came = Outcome(one, RowStatus.DONE, OWN, key=item.key, model="another model")
    rows.record(db, later.id, 0, [approved.applied(came, item)], 1)
    with db.write() as connection:
        connection.execute(demonstrations.update().values(deleted=True))
    (known,) = divided(settings, db, again(db, job), [one]).known
    assert known.values["brand"].value == "Acmee"


@on_both
def test_an_approved_row_that_is_read_again_stays_approved(
    settings: Settings, db: Database
) -> None:
    (one,) = numbers(held_back=False)
    job = taught_job(settings, db, one)
    with db.write() as connection:
        connection.execute(rows_table.update().values(status=RowStatus.RETRY))
    (item,) = divided(settings, db, job, [one], [one]).ours
    came = Outcome(one, RowStatus.DONE, {"brand": Value("Zenith")}, key=item.key, model="m")
    rows.record(db, job.id, 0, [approved.applied(came, item)], 1)
    (row,) = stored_rows.page(settings, db, job, one, 1)
    assert (row.review, row.values["brand"].value) == ("approved", "Acme")


def test_a_value_that_does_not_fit_its_field_any_more_is_the_models_to_find() -> None:
    fields = parse_fields(
        [
            {"name": "brand", "type": "choice", "choices": ["Acme", "Zenith"]},
            {"name": "capacity", "type": "number"},
        ]
    )
    assert approved.right_values(fields, {"brand": "Other", "capacity": None}) == {"capacity": None}


def test_another_unit_is_read_from_what_is_written() -> None:
    (field,) = parse_fields([{"name": "width", "type": "number"}])
    inches = field.model_copy(update={"unit": "in"})
    row = {"answer": {"width": "60 cm"}, "values": {"width": {"value": 60.0, "unit": "cm"}}}
    assert approved.right_answer((inches,), row) == {"width": "60 cm"}
    same = field.model_copy(update={"unit": "cm"})
    assert approved.right_answer((same,), row) == {"width": 60.0}


@on_both
def test_the_forecast_counts_approved_rows_as_known(settings: Settings, db: Database) -> None:
    shown, held_back = numbers(held_back=False, count=3), numbers(held_back=True, count=2)
    job = taught_job(settings, db, *shown, *held_back)
    found = forecast(settings, db, job.upload_id, COLUMNS, Plan(FIELDS), {"another model"})
    assert (found.rows, found.known) == (60, 3)


def test_without_any_approval_rows_are_left_as_they_are(settings: Settings, db: Database) -> None:
    job = new_job(settings, db, 3)
    items = list(read_inputs(settings, job, [1, 2, 3]).values())
    assert approved.with_judgements(db, items) == items
