"""Budgets, kept by real workers whose endpoint charges one cent for each call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from batch import budget, control, jobs, retry, rows
from batch.budget import Budget, budget_of
from batch.extract import Outcome
from batch.jobs import Job
from batch.purse import Purse
from core.db import Database
from core.endpoints import Endpoint
from core.errors import JobError
from core.settings import Settings
from core.statuses import JobStatus, Lane, RowStatus
from core.usage import Call, Tokens
from core.usage_tables import usage
from tests import postgres
from tests.batch.conftest import MakeJob
from tests.batch.processes import Losses, until, until_done, until_ended, worker
from tests.fake_endpoint import FakeEndpoint, Reply

AT_ONCE = 8
#: An answer takes 100 tokens to read and 10 to write: one cent.
PRICED = """
[[endpoint]]
name = "priced"
base_url = "{url}"
model = "fake"
slots = 9
input_price = 50.0
output_price = 500.0
"""
SLOW = Reply('{"brand": "Acme"}', delay_s=0.1)


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


@pytest.fixture
def priced(settings: Settings, endpoint: FakeEndpoint) -> Path:
    path = settings.home / "endpoints.toml"
    path.write_text(PRICED.format(url=endpoint.url))
    return path


@contextmanager
def at_work(
    settings: Settings, endpoint: FakeEndpoint, priced: Path, count: int = 1
) -> Iterator[None]:
    with ExitStack() as crew:
        for _ in range(count):
            crew.enter_context(worker(settings, endpoint, SHOPKEEPER_ENDPOINTS=str(priced)))
        yield


def limited(db: Database, job: Job, dollars: float) -> Job:
    """The job with a budget; no worker may have begun it yet."""
    control.pause(db, job.id)
    control.resume(db, job.id, Budget(dollars, "USD"))
    return jobs.get(db, job.id)


def until_stopped(db: Database, job: Job, endpoint: FakeEndpoint) -> Job:
    """The job once its last calls have ended and are counted."""
    until_ended(db, job)
    until(lambda: not endpoint.in_flight)
    until(lambda: told_of_all(db, job))
    return jobs.get(db, job.id)


def told_of_all(db: Database, job: Job) -> bool:
    now = jobs.get(db, job.id)
    return f"{now.done} rows are done" in now.reason and round(now.cost * 100) == now.done


def paid_cents(db: Database, job: Job) -> int:
    with db.read() as connection:
        query = sa.select(sa.func.sum(usage.c.cost)).where(usage.c.job_id == job.id)
        return round(100 * float(connection.execute(query).scalar_one()))


@pytest.mark.processes
def test_a_job_stops_when_its_budget_is_used_up_and_goes_on_with_a_larger_one(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint, priced: Path
) -> None:
    endpoint.script = lambda _text, _before: SLOW
    job = limited(db, make_job(150), 0.60)
    with at_work(settings, endpoint, priced):
        stopped = until_stopped(db, job, endpoint)
        assert stopped.status is JobStatus.PAUSED
        assert stopped.reason == (
            f"The budget of $0.60 is used up: {stopped.done} rows are done, "
            f"{150 - stopped.done} left. Raise the budget and resume."
        )
        assert stopped.done == 60
        assert endpoint.calls.total() == stopped.done == paid_cents(db, job)
        assert endpoint.cancelled == 0, "what is under way is paid for"
        with pytest.raises(JobError, match=r"\$0\.60 is used up: \$0\.6\d is spent"):
            control.resume(db, job.id)
        with pytest.raises(JobError, match="is used up"):
            retry.retry_rows(db, job.id, [1])
        assert jobs.get(db, job.id).status is JobStatus.PAUSED, "a refusal changes nothing"
        control.resume(db, job.id, Budget(5.0, "USD"))
        ended = until_ended(db, job)
    assert (ended.status, ended.done, ended.reason) == (JobStatus.DONE, 150, "")
    assert endpoint.calls.total() == 150


@pytest.mark.processes
def test_a_budget_that_reaches_exactly_for_the_last_row_finishes_the_job(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint, priced: Path
) -> None:
    job = limited(db, make_job(20), 0.20)
    with at_work(settings, endpoint, priced):
        ended = until_ended(db, job)
    assert (ended.status, ended.done) == (JobStatus.DONE, 20)


@pytest.mark.processes
def test_a_budget_holds_over_kills_and_over_runs(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint, priced: Path
) -> None:
    endpoint.script = lambda _text, _before: SLOW
    job, kills, losses = limited(db, make_job(1500), 1.50), 3, Losses(endpoint)
    for kill in range(1, kills + 1):
        with at_work(settings, endpoint, priced):
            until_done(db, job, 30 * kill)
            losses.note(db, job)
    with at_work(settings, endpoint, priced):
        losses.note(db, job)
        control.pause(db, job.id)
        until(lambda: not endpoint.in_flight)
        control.resume(db, job.id)
        stopped = until_stopped(db, job, endpoint)
    assert stopped.status is JobStatus.PAUSED
    assert stopped.done == 150
    assert paid_cents(db, job) == stopped.done
    losses.check(2 * AT_ONCE)


@pytest.mark.processes
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_several_workers_share_one_budget(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint, priced: Path
) -> None:
    endpoint.script = lambda _text, _before: SLOW
    job = limited(db, make_job(3000), 2.00)
    with at_work(settings, endpoint, priced, count=3):
        until_ended(db, job)
        time.sleep(1)
        stopped = until_stopped(db, job, endpoint)
        assert endpoint.calls.total() == stopped.done, "nobody goes on"
    assert stopped.status is JobStatus.PAUSED
    assert 200 <= stopped.done <= 200 + 2 * AT_ONCE, "the calls under way and being stored"


def test_a_budget_that_no_price_could_ever_use_up_is_refused() -> None:
    free = Endpoint("free", "http://x", "m")
    dear, far = (
        Endpoint(name, "http://x", "m", input_price=1.0, currency=currency)
        for name, currency in (("dear", "USD"), ("far", "EUR"))
    )
    chat_only = Endpoint("chat", "http://x", "m", input_price=1.0, lanes=frozenset({Lane.CHAT}))
    assert budget_of(5, [free, dear, chat_only]) == Budget(5, "USD")
    assert budget_of(5, [dear, far], only="far") == Budget(5, "EUR")
    with pytest.raises(JobError, match="would never stop this job"):
        budget_of(5, [free, chat_only])
    with pytest.raises(JobError, match="EUR and USD"):
        budget_of(5, [dear, far])
    for nothing in (0, -1, float("nan")):
        with pytest.raises(JobError, match="more than 0"):
            budget_of(nothing, [dear])


def outcome(cost: float) -> Outcome:
    call = Call(Lane.BATCH, "priced", "m", Tokens(), 1.0, cost=cost)
    return Outcome(1, RowStatus.DONE, calls=(call,))


def test_a_purse_counts_what_is_stored_and_what_is_still_to_be() -> None:
    stored = [0.0]

    async def spend() -> list[bool]:
        purse = Purse(Budget(0.03, "USD"), lambda: (stored[0], 1))
        said = []
        for _ in range(2):
            said.append(await purse.allows())
            purse.ended(outcome(0.01))
        async with purse.storing([outcome(0.01), outcome(0.01)]):
            stored[0] += 0.02
        said.append(await purse.allows())
        purse.ended(None)
        stored[0] += 0.02  # by another worker
        said.append(await purse.allows())
        return [*said, purse.refused]

    assert asyncio.run(spend()) == [True, True, True, False, True]


def test_calls_under_way_are_reckoned_with_before_another_is_made() -> None:
    async def spend() -> list[bool]:
        purse = Purse(Budget(0.03, "USD"), lambda: (0.0, 1))
        assert await purse.allows()
        others = [asyncio.create_task(purse.allows()) for _ in range(5)]
        await asyncio.sleep(0.1)
        said = [any(one.done() for one in others)]
        purse.ended(outcome(0.01))
        await asyncio.sleep(0.1)
        said.append(sum(one.done() for one in others) == 2)
        for _ in range(2):
            purse.ended(outcome(0.01))
        return [*said, *await asyncio.gather(*others)]

    # The first one is waited for, since nobody knows what a call costs.
    assert sorted(asyncio.run(spend())[2:]) == [False, False, False, True, True]
    assert asyncio.run(spend())[:2] == [False, True]


def test_a_purse_that_is_nearly_empty_is_looked_into_before_each_call() -> None:
    looks = [0]

    def read() -> tuple[float, int]:
        looks[0] += 1
        return 0.0, 1

    async def ask(dollars: float) -> int:
        purse = Purse(Budget(dollars, "USD"), read)
        assert await purse.allows()
        purse.ended(outcome(0.01))
        before = looks[0]
        for _ in range(10):
            assert await purse.allows()
        return looks[0] - before

    assert asyncio.run(ask(100.0)) == 0
    assert asyncio.run(ask(0.5)) == 10


def test_spending_is_summed_over_shards_as_blocks_are_stored(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(1500)
    for shard_no, row_no in ((0, 1), (0, 2), (1, 1001)):
        done = Outcome(row_no, RowStatus.DONE, calls=outcome(0.25).calls)
        assert rows.record(db, job.id, shard_no, [done], job.run)
    with db.read() as connection:
        assert budget.spent(connection, job.id) == jobs.get(db, job.id).cost == 0.75
