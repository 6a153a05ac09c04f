"""Rows read for an estimate: in the background, and never paid for again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from batch import forecast, housekeeping, jobs, memory, runs, stored_rows
from batch.estimating import read_sample
from batch.extract import Outcome
from batch.forecast import Forecast
from batch.jobs import Job
from batch.plan import Plan
from batch.ranges import Shard
from batch.shard import RowLoop
from core.chat_lane import ChatLane
from core.db import Database
from core.pool import open_pool
from core.settings import Settings, load_settings
from tests import postgres
from tests.batch.conftest import COLUMNS, FIELDS, MakeJob
from tests.fake_endpoint import FakeEndpoint, Reply

PLAN = Plan(FIELDS)


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


@pytest.fixture
def remote(settings: Settings, endpoint: FakeEndpoint) -> Settings:
    return load_settings(
        home=settings.home,
        database=settings.database,
        openai_base_url=endpoint.url,
        openai_model="fake",
    )


@pytest.fixture
def lane(remote: Settings) -> Iterator[ChatLane]:
    with closing(ChatLane(open_pool(remote))) as opened:
        yield opened


def look(settings: Settings, db: Database, job: Job) -> Forecast:
    return forecast.forecast(settings, db, job.upload_id, COLUMNS, PLAN, {"fake"})


def read(db: Database, lane: ChatLane, job: Job, numbers: tuple[int, ...]) -> list[Outcome]:
    found = read_sample(db, lane, job.upload_id, COLUMNS, PLAN, numbers)
    return [outcome for outcome in found if outcome]


def test_rows_of_an_estimate_are_read_once_and_then_known_to_every_job(
    remote: Settings, db: Database, make_job: MakeJob, lane: ChatLane, endpoint: FakeEndpoint
) -> None:
    job = make_job(50)
    before = look(remote, db, job)
    assert (before.known, before.to_ask, len(before.sample)) == (0, 50, 20)
    first = read(db, lane, job, before.sample)
    assert (len(first), endpoint.calls.total()) == (20, 20)
    after = look(remote, db, job)
    assert (after.known, after.to_ask) == (20, 30)
    assert after.sample == before.sample, "an estimate made again has the same rows"
    again = read(db, lane, job, after.sample)
    assert endpoint.calls.total() == 20, "and costs nothing"
    assert {one.row_no: one.values for one in again} == {one.row_no: one.values for one in first}
    assert sum(one.tokens.prompt for one in again) == 20 * 100
    loop = RowLoop(remote, db, lambda: True)

    async def work() -> None:
        await loop.run(Shard(job, 0))
        await loop.close()

    runs.begin(db, job.id, job.run)
    asyncio.run(work())
    done = jobs.get(db, job.id)
    assert (done.done, done.reused, endpoint.calls.total()) == (50, 20, 50)
    row = stored_rows.page(remote, db, done, before.sample[0], 1)[0]
    assert row.values["brand"].value == "Acme"
    assert (row.values["brand"].column, row.values["brand"].start) == ("title", 0)


def test_rows_that_failed_are_not_kept(
    remote: Settings, db: Database, make_job: MakeJob, lane: ChatLane, endpoint: FakeEndpoint
) -> None:
    job = make_job(3)
    endpoint.script = lambda _text, _before: Reply(status=400, body=b"{}")
    failed = read(db, lane, job, (1, 2, 3))
    assert {one.status for one in failed} == {"failed"}
    assert look(remote, db, job).to_ask == 3


def test_another_model_or_other_fields_do_not_know_them(
    remote: Settings, db: Database, make_job: MakeJob, lane: ChatLane
) -> None:
    job = make_job(3)
    read(db, lane, job, (1, 2, 3))
    other = forecast.forecast(remote, db, job.upload_id, COLUMNS, PLAN, {"other"})
    assert other.to_ask == 3
    fewer = forecast.forecast(remote, db, job.upload_id, COLUMNS, Plan(FIELDS[:1]), {"fake"})
    assert fewer.to_ask == 3
    with db.read() as connection:
        assert not memory.known_keys(connection, {b"0" * 16}, {"fake"})


def test_they_are_forgotten_after_some_time(
    remote: Settings, db: Database, make_job: MakeJob, lane: ChatLane
) -> None:
    job = make_job(3)
    read(db, lane, job, (1, 2, 3))
    housekeeping.tidy(remote, db, time.time())
    assert look(remote, db, job).to_ask == 0
    housekeeping.tidy(remote, db, time.time() + 86_400 * (remote.upload_days + 1))
    assert look(remote, db, job).to_ask == 3


def test_reading_can_be_stopped_at_any_moment(
    db: Database, make_job: MakeJob, lane: ChatLane, endpoint: FakeEndpoint
) -> None:
    job = make_job(3)
    endpoint.script = lambda _text, _before: Reply("{}", delay_s=30)
    found = read_sample(db, lane, job.upload_id, COLUMNS, PLAN, (1, 2, 3), beat_s=0.05)
    began = time.monotonic()
    assert next(found) is None, "it comes back without a result"
    found.close()
    assert time.monotonic() - began < 15, "half of what the answer takes"
    while endpoint.in_flight:
        time.sleep(0.01)
