from __future__ import annotations

import time

import sqlalchemy as sa

from batch import control, demonstrations, jobs, pace, removal, rows
from batch.demonstrations import Product
from batch.extract import Outcome
from batch.jobs import Job
from core import review_tables, schema, usage_tables
from core.db import Database
from core.endpoints import Endpoint
from core.statuses import Lane, RowStatus
from core.usage import Tokens
from tests.batch.conftest import MakeJob
from tests.conftest import on_both

ENDPOINT = Endpoint(name="e", base_url="http://127.0.0.1:1/v1", model="m", slots=1)
pytestmark = on_both
TABLES = (schema.rows, schema.shards, schema.samples, schema.claims)


def fill(db: Database, job: Job) -> None:
    """Results of every row, each with the record of its call, and a history."""
    for shard_no in range(-(-job.rows // 1000)):
        numbers = range(shard_no * 1000 + 1, min((shard_no + 1) * 1000, job.rows) + 1)
        call = ENDPOINT.call(Lane.BATCH, Tokens(10, 1), "ok", total_ms=1.0)
        outcomes = [Outcome(number, RowStatus.DONE, calls=(call,)) for number in numbers]
        assert rows.record(db, job.id, shard_no, outcomes, job.run)
    for at in range(3):
        pace.sample(db, job.id, time.time() + 2 * at)


def count(db: Database, table: sa.Table, job_id: str | None) -> int:
    with db.read() as connection:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.job_id == job_id)
        return int(connection.execute(query).scalar_one())


def test_everything_of_a_deleted_job_goes_and_nothing_of_another(
    db: Database, make_job: MakeJob
) -> None:
    deleted, other = make_job(4_100), make_job(1_500)
    for job in (deleted, other):
        fill(db, job)
    control.delete(db, deleted.id)
    while removal.remove_piece(db):
        pass
    assert [count(db, table, deleted.id) for table in TABLES] == [0, 0, 0, 0]
    with db.read() as connection:
        assert connection.execute(sa.select(schema.jobs.c.id)).scalars().all() == [other.id]
    kept = jobs.get(db, other.id)
    assert (kept.done, count(db, schema.rows, other.id)) == (1_500, 1_500)


def test_what_its_calls_have_cost_stays_known(db: Database, make_job: MakeJob) -> None:
    job = make_job(10)
    fill(db, job)
    control.delete(db, job.id)
    while removal.remove_piece(db):
        pass
    with db.read() as connection:
        recorded = connection.execute(sa.select(usage_tables.usage.c.job_id)).scalars().all()
    assert recorded == [None] * 10


def test_no_piece_takes_more_than_a_thousand_rows(db: Database, make_job: MakeJob) -> None:
    job = make_job(2_100)
    fill(db, job)
    control.delete(db, job.id)
    left = [count(db, schema.rows, job.id)]
    while removal.remove_piece(db):
        left.append(count(db, schema.rows, job.id))
    assert left[:4] == [2_100, 1_100, 100, 0]


def test_jobs_that_are_there_are_left_alone(db: Database, make_job: MakeJob) -> None:
    job = make_job(3)
    fill(db, job)
    assert not removal.remove_piece(db)
    assert jobs.get(db, job.id).done == 3


def test_what_was_learnt_from_it_stays(db: Database, make_job: MakeJob) -> None:
    job = make_job(10)
    fill(db, job)
    with db.write() as connection:
        demonstrations.add(connection, [Product("Acme bottle", "", {}, {}, job.id, 1)])
    control.delete(db, job.id)
    while removal.remove_piece(db):
        pass
    assert count(db, review_tables.demonstrations, None) == 1
