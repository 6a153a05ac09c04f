from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from batch import claims, memory, rows, uploads
from batch.columns import Columns
from batch.extract import Outcome
from batch.fields import FieldSet, parse_fields
from batch.inputs import Input, Inputs
from batch.jobs import Job
from batch.plan import Plan
from batch.ranges import Shard
from batch.submission import submit
from core.db import Database, open_database
from core.endpoints import Endpoint
from core.settings import Settings, load_settings
from core.statuses import Lane, RowStatus
from core.values import Origin, Value
from tests.batch.conftest import COLUMNS, FIELDS

TITLES = ("Acme bottle 1 l", "Acme bottle 2 l", "Acme bottle 1 l")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.processes)])
def both(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Database]:
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").migrated_database()
    db = open_database(load_settings(home=settings.home, database=url))
    yield db
    db.close()


def new_job(settings: Settings, db: Database, *titles: str, fresh: bool = False) -> Job:
    lines = [f"P{number},{title}" for number, title in enumerate(titles, start=1)]
    data = io.BytesIO("\n".join(["id,title", *lines]).encode())
    upload = uploads.store(settings, db, "bottles.csv", data)
    columns = Columns(id="id", title="title", text=("title",))
    return submit(db, upload.id, columns, Plan(FIELDS), "Bottles", fresh=fresh)


def inputs(job: Job, *titles: str) -> list[Input]:
    maker = Inputs(job.columns, job.plan)
    return [maker.of(at, {"title": title}) for at, title in enumerate(titles, start=1)]


def done(item: Input, brand: str = "Acme", model: str = "m") -> Outcome:
    values = {"brand": Value(brand, Origin.STATED, "title", 0, 4)}
    return Outcome(item.row_no, RowStatus.DONE, values, key=item.key, model=model)


def failed(item: Input) -> Outcome:
    return Outcome(item.row_no, RowStatus.FAILED, error="It broke.", key=item.key)


def key(columns: Columns = COLUMNS, fields: FieldSet = FIELDS, **cells: str) -> bytes:
    return Inputs(columns, Plan(fields)).of(1, cells).key


def test_the_key_names_all_that_the_model_is_asked_and_nothing_else() -> None:
    same = key(title="Acme bottle", price="3.50")
    assert key(title="<b>Acme</b> bottle", price="4.00") == same
    assert Inputs(COLUMNS, Plan(FIELDS)).of(9, {"title": "Acme bottle"}).key == same
    assert key(title="Acme bottle 2") != same
    other = parse_fields([{"name": "brand", "type": "text", "description": "the maker"}])
    assert key(fields=other, title="Acme bottle") != same
    wider = replace(COLUMNS, text=("title", "price"))
    assert key(columns=wider, title="Acme bottle", price="3.50") != same


def test_a_result_of_another_job_is_known_whatever_its_row(
    settings: Settings, both: Database
) -> None:
    earlier = new_job(settings, both, *TITLES[:2])
    rows.record(both, earlier.id, 0, [done(item) for item in inputs(earlier, *TITLES[:2])], 1)
    later = new_job(settings, both, "Zenith cup", TITLES[1])
    division = memory.divide(
        both, Shard(later, 0), inputs(later, "Zenith cup", TITLES[1]), (), {"m"}
    )
    (known,) = division.known
    assert (known.row_no, known.status, known.attempts) == (2, RowStatus.DONE, 0)
    assert known.values["brand"].value == "Acme"
    assert [item.row_no for item in division.ours] == [1]


def test_the_newest_result_counts(settings: Settings, both: Database) -> None:
    for brand in ("Old", "New"):
        job = new_job(settings, both, TITLES[0])
        rows.record(both, job.id, 0, [done(inputs(job, TITLES[0])[0], brand)], 1)
    later = new_job(settings, both, TITLES[0])
    (known,) = memory.divide(both, Shard(later, 0), inputs(later, TITLES[0]), (), {"m"}).known
    assert known.values["brand"].value == "New"


@pytest.mark.parametrize("why", ["another model", "fresh", "read again"])
def test_what_must_be_asked_anew_is_not_taken_from_other_jobs(
    settings: Settings, both: Database, why: str
) -> None:
    earlier = new_job(settings, both, TITLES[0])
    rows.record(both, earlier.id, 0, [done(inputs(earlier, TITLES[0])[0])], 1)
    later = new_job(settings, both, TITLES[0], fresh=why == "fresh")
    again = {1} if why == "read again" else set()
    answering = {"other"} if why == "another model" else {"m"}
    division = memory.divide(both, Shard(later, 0), inputs(later, TITLES[0]), again, answering)
    assert (len(division.known), len(division.ours)) == (0, 1)


def test_equal_rows_are_asked_for_once_and_share_what_comes(
    settings: Settings, both: Database
) -> None:
    job = new_job(settings, both, *TITLES)
    items = inputs(job, *TITLES)
    division = memory.divide(both, Shard(job, 0), items, (), {"m"})
    assert [item.row_no for item in division.ours] == [1, 2]
    assert [item.row_no for item in division.others] == [3]
    assert memory.settled(both, job, division.others) == []
    rows.record(both, job.id, 0, [failed(items[0])], 1)
    (same,) = memory.settled(both, job, division.others)
    assert (same.row_no, same.status, same.error) == (3, RowStatus.FAILED, "It broke.")
    rows.record(both, job.id, 0, [done(items[0])], 1)
    (same,) = memory.settled(both, job, division.others)
    assert (same.row_no, same.status) == (3, RowStatus.DONE)


def test_a_claim_is_kept_over_a_restart_and_lost_to_the_next_run(
    settings: Settings, both: Database
) -> None:
    job = new_job(settings, both, *TITLES)
    first, _, third = inputs(job, *TITLES)
    assert claims.claim(both, Shard(job, 0), [first]) == {1}
    assert claims.claim(both, Shard(job, 0), [third]) == set()
    assert claims.claim(both, Shard(job, 0), [first]) == {1}
    assert claims.claim(both, Shard(replace(job, run=2), 0), [third]) == {3}
    claims.release(both, Shard(replace(job, run=2), 0))
    assert claims.claim(both, Shard(job, 0), [first]) == {1}


def test_where_a_value_stands_is_looked_for_in_the_row_itself(
    settings: Settings, db: Database
) -> None:
    earlier = new_job(settings, db, TITLES[0])
    rows.record(db, earlier.id, 0, [done(inputs(earlier, TITLES[0])[0])], 1)
    later = new_job(settings, db, TITLES[0])
    item = Inputs(later.columns, later.plan).of(1, {"title": f"<i>{TITLES[0]}</i>"})
    (known,) = memory.divide(db, Shard(later, 0), [item], (), {"m"}).known
    assert (known.values["brand"].start, known.values["brand"].end) == (3, 7)


def test_only_models_that_serve_jobs_may_answer() -> None:
    chat = Endpoint("a", "", "chat model", lanes=frozenset({Lane.CHAT}))
    both_lanes = Endpoint("b", "", "any model")
    assert memory.models([chat, both_lanes]) == {"any model"}
    assert memory.models([chat, both_lanes], only="a") == set()
