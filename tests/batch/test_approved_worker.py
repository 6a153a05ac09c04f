"""Approved values in the jobs of a real worker."""

from __future__ import annotations

import json

import pytest

from batch import stored_rows
from batch.jobs import Job
from core.db import Database
from core.schema import rows as rows_table
from core.settings import Settings
from core.statuses import JobStatus
from core.values import Origin, Value
from tests import postgres
from tests.batch.conftest import new_job
from tests.batch.processes import until_ended, worker
from tests.batch.test_approved import again, numbers
from tests.batch.test_teaching import approve
from tests.fake_endpoint import FakeEndpoint, Reply

pytestmark = pytest.mark.processes


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


def correct(settings: Settings, db: Database, job: Job, *row_nos: int) -> None:
    """A person corrects the brand of rows, and approves them."""
    right = {"brand": Value("Acme", Origin.HUMAN).to_json()}
    with db.write() as connection:
        connection.execute(
            rows_table.update()
            .where(rows_table.c.job_id == job.id, rows_table.c.row_no.in_(row_nos))
            .values(extracted=rows_table.c["values"], values=right)
        )
    approve(settings, db, job, *row_nos)


def test_nobody_corrects_a_mistake_twice_and_the_model_is_asked_only_where_it_is_measured(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.script = lambda _text, _before: Reply(json.dumps({"brand": "bottle"}))
    job = new_job(settings, db, 60)
    shown, held_back = numbers(held_back=False, count=10), numbers(held_back=True, count=3)
    with worker(settings, endpoint):
        until_ended(db, job)
    correct(settings, db, job, *shown, *held_back)
    endpoint.calls.clear()
    # Learning from them, it would make its mistake no more.
    later = again(db, job, learns=False)
    with worker(settings, endpoint, OPENAI_MODEL="another"):
        ended = until_ended(db, later)
    assert (ended.status, ended.done, ended.reused) == (JobStatus.DONE, 60, 10)
    assert endpoint.calls.total() == 50
    found = {row.row_no: row for row in stored_rows.iterate(settings, db, ended)}
    right = {number for number, row in found.items() if row.values["brand"].value == "Acme"}
    assert right == {*shown, *held_back}
    with db.read() as connection:
        own = connection.execute(
            rows_table.select().where(
                rows_table.c.job_id == later.id, rows_table.c.row_no.in_(held_back)
            )
        ).mappings()
        assert {row["extracted"]["brand"]["value"] for row in own} == {"bottle"}
