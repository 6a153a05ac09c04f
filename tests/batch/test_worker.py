from __future__ import annotations

import io
import json
import random
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest
import sqlalchemy as sa

from batch import control, jobs, publish, retry, stored_rows, submission, uploads
from batch.jobs import Job
from batch.plan import Plan
from core import products, schema, usage_tables
from core.chat_lane import ChatLane
from core.db import Database
from core.errors import JobError
from core.pool import open_pool
from core.settings import Settings, load_settings
from core.statuses import JobStatus, RowStatus
from tests import postgres
from tests.batch.conftest import COLUMNS, FIELDS, MakeJob
from tests.batch.processes import (
    DEADLINE_S,
    NEVER_S,
    Losses,
    until,
    until_done,
    until_ended,
    worker,
)
from tests.fake_endpoint import FakeEndpoint, Reply

pytestmark = pytest.mark.processes


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


def test_a_job_runs_to_its_end_and_can_be_published(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(1100)
    with worker(settings, endpoint) as process:
        ended = until_ended(db, job)
        assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 1100, 0)
        assert endpoint.calls.total() == 1100
        assert endpoint.most_in_flight <= 8
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert publish.publish(settings, db, job.id) == 1100
    product = products.get(db, ["P7"])["P7"]
    assert (product.title, product.values["brand"].value) == ("Acme bottle 7 2 l", "Acme")


def test_kills_lose_no_row_and_repeat_only_calls_in_flight(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(2500)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.1)
    # What differs between the databases is how rows are stored, not how often that is tried.
    moments, kills = random.Random(7), 5 if settings.database else 12
    losses = Losses(endpoint)
    for _ in range(kills):
        with worker(settings, endpoint) as process:
            until_done(db, job, jobs.get(db, job.id).done + 1)
            time.sleep(moments.uniform(0, 0.4))
            process.kill()
            process.wait(DEADLINE_S)
        losses.note(db, job)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
    with worker(settings, endpoint):
        ended = until_ended(db, job)
    assert (ended.status, ended.done) == (JobStatus.DONE, 2500)
    assert len(endpoint.calls) == 2500
    losses.check(8 + 32)


def test_pause_stops_calls_that_take_long_and_resume_goes_on(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(30)
    slow = Reply('{"brand": "Acme"}', delay_s=NEVER_S)
    fast = Reply('{"brand": "Acme"}')
    endpoint.script = lambda text, _: fast if int(text.split()[-3]) <= 10 else slow
    with worker(settings, endpoint):
        until_done(db, job, 10)
        until(lambda: endpoint.in_flight == 8)
        control.pause(db, job.id)
        until(lambda: endpoint.in_flight == 0)
        assert jobs.get(db, job.id).done == 10
        endpoint.script = lambda _text, _before: fast
        control.resume(db, job.id)
        assert until_ended(db, job).done == 30


def test_failed_rows_are_kept_with_their_reason_and_retried_on_demand(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(6)
    fast = Reply('{"brand": "Acme"}')
    bad = Reply(status=400, body=b'{"error": {"message": "too odd"}}')
    endpoint.script = lambda text, _: bad if "bottle 3 " in text else fast
    with worker(settings, endpoint):
        ended = until_ended(db, job)
        assert (ended.done, ended.failed) == (5, 1)
        (row,) = stored_rows.page(settings, db, ended, 1, 10, RowStatus.FAILED)
        assert row.row_no == 3
        assert "400" in row.error
        endpoint.script = lambda _text, _before: fast
        retry.retry_failed(db, job.id)
        again = until_ended(db, job)
    assert (again.done, again.failed) == (6, 0)
    assert endpoint.calls.total() == 7


def test_a_wrong_key_stops_the_job_with_the_reason_and_burns_nothing(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(500)
    endpoint.script = lambda _text, _before: Reply(status=401, body=b"{}")
    with worker(settings, endpoint):
        ended = until_ended(db, job)
    assert ended.status is JobStatus.FAILED
    assert "OPENAI_API_KEY" in ended.reason
    assert (ended.failed, ended.waiting) == (0, 500)
    assert endpoint.calls.total() <= 16


def test_a_small_job_overtakes_a_large_one(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    slow, fast = Reply('{"brand": "Acme"}', delay_s=0.5), Reply('{"brand": "Acme"}')
    endpoint.script = lambda text, _: fast if int(text.split()[-3]) <= 5 else slow
    large, small = make_job(4000), make_job(5)
    with worker(settings, endpoint):
        until_ended(db, small)
        assert jobs.get(db, large.id).status is JobStatus.RUNNING


def test_deleting_a_running_job_stops_it(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(5)
    endpoint.script = lambda _text, _before: Reply(json.dumps({}), delay_s=NEVER_S)
    with worker(settings, endpoint):
        until(lambda: endpoint.in_flight > 0)
        control.delete(db, job.id)
        until(lambda: endpoint.in_flight == 0)
        other = make_job(1)
        endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
        assert until_ended(db, other).done == 1


def test_what_a_deleted_job_held_is_removed_while_another_goes_on(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    deleted, other = make_job(2500), make_job(2500)
    with worker(settings, endpoint):
        until_done(db, deleted, 1200)
        control.delete(db, deleted.id)
        assert until_ended(db, other).done == 2500
        until(lambda: not kept(db, deleted))


def kept(db: Database, job: Job) -> int:
    """Rows, shards, samples and the like that are there of a job."""
    tables = (schema.rows, schema.shards, schema.samples, schema.claims)
    there = [sa.select(sa.func.count()).where(table.c.job_id == job.id) for table in tables]
    there.append(sa.select(sa.func.count()).where(schema.jobs.c.id == job.id))
    with db.read() as connection:
        return sum(int(connection.execute(query).scalar_one()) for query in there)


def test_publishing_before_any_result_is_refused(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    with pytest.raises(JobError, match="nothing to publish"):
        publish.publish(settings, db, make_job(1).id)


def test_a_row_that_makes_way_for_people_is_redone_and_costs_no_attempt(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(2)
    never, at_once = Reply(delay_s=NEVER_S), Reply('{"brand": "Acme"}')
    endpoint.script = lambda _text, before: at_once if before else never
    remote = load_settings(
        home=settings.home,
        database=settings.database,
        openai_base_url=endpoint.url,
        openai_model="fake",
        slots=9,
    )
    with worker(settings, endpoint), closing(ChatLane(open_pool(remote))) as chat:
        until(lambda: endpoint.in_flight == 2)
        with ExitStack() as people:
            for _ in range(9):
                people.enter_context(chat.entry())
            until(lambda: endpoint.cancelled == 2)
        ended = until_ended(db, job)
    assert (ended.status, ended.done) == (JobStatus.DONE, 2)
    with db.read() as connection:
        attempts = connection.execute(sa.select(schema.rows.c.attempts)).scalars().all()
        calls = connection.execute(
            sa.select(
                usage_tables.usage.c.outcome, usage_tables.usage.c.job_id, usage_tables.usage.c.lane
            )
        ).all()
    assert attempts == [1, 1]
    assert sorted(calls) == [("called back", job.id, "batch")] * 2 + [("ok", job.id, "batch")] * 2


def test_an_endpoint_that_goes_away_and_comes_back_fails_no_row(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(60)
    slow = FakeEndpoint(lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.1))
    back = FakeEndpoint(lambda _text, _before: Reply('{"brand": "Acme"}'))
    with ExitStack() as at_work:
        with slow.running():
            at_work.enter_context(worker(settings, slow))
            until_done(db, job, 10)
        back.port = slow.port
        time.sleep(1)
        with back.running():
            ended = until_ended(db, job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 60, 0)


def test_a_job_whose_first_rows_all_fail_stops_itself_with_the_reason(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(1500)
    endpoint.script = lambda _text, _before: Reply(
        status=400, body=b'{"error": {"message": "no such format"}}', delay_s=0.05
    )
    with worker(settings, endpoint):
        ended = until_ended(db, job)
        assert ended.status is JobStatus.FAILED
        assert "rows all failed" in ended.reason
        assert "no such format" in ended.reason
        assert 50 <= ended.failed < 750, "the rest of the file is not burnt"
        endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
        retry.retry_failed(db, job.id)
        again = until_ended(db, job)
    assert (again.status, again.done, again.failed) == (JobStatus.DONE, 1500, 0)


def test_an_answer_that_no_database_could_store_fails_only_its_own_row(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(20)
    odd, good = Reply("\x00 \ud800 no JSON"), Reply('{"brand": "Ac\\u0000me"}')
    endpoint.script = lambda text, _: odd if "bottle 3 " in text else good
    with worker(settings, endpoint, SHOPKEEPER_ROW_ATTEMPTS="1"):
        ended = until_ended(db, job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 19, 1)
    (row,) = stored_rows.page(settings, db, ended, 1, 10, RowStatus.FAILED)
    assert row.row_no == 3
    (first,) = stored_rows.page(settings, db, ended, 1, 1)
    assert first.values["brand"].value == "Acme"


def test_a_job_with_one_good_row_goes_on_through_bad_ones(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(120)
    bad = Reply(status=400, body=b"{}", delay_s=0.01)
    endpoint.script = lambda text, _: Reply("{}") if "bottle 1 " in text else bad
    with worker(settings, endpoint):
        ended = until_ended(db, job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 1, 119)


def submit(settings: Settings, db: Database, titles: Sequence[str], *, fresh: bool = False) -> Job:
    lines = [f"P{number},{title}" for number, title in enumerate(titles, start=1)]
    data = io.BytesIO("\n".join(["id,title", *lines]).encode())
    upload = uploads.store(settings, db, "bottles.csv", data)
    return submission.submit(
        db, upload.id, replace(COLUMNS, price=None), Plan(FIELDS), "Bottles", fresh=fresh
    )


def test_tomorrows_catalog_is_paid_for_only_where_it_changed(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    titles = [f"Acme bottle {number} l" for number in range(1500)]
    today = submit(settings, db, titles)
    with worker(settings, endpoint):
        until_ended(db, today)
        assert endpoint.calls.total() == 1500
        changed = [*titles[:-3], "Acme cup", "Acme plate", "Acme fork"]
        random.Random(1).shuffle(changed)
        tomorrow = until_ended(db, submit(settings, db, changed))
        assert (tomorrow.done, tomorrow.reused, tomorrow.calls) == (1500, 1497, 3)
        assert endpoint.calls.total() == 1503
        anew = until_ended(db, submit(settings, db, titles[:4], fresh=True))
        assert (anew.done, anew.reused) == (4, 0)
    assert endpoint.calls.total() == 1507
    row = next(iter(stored_rows.page(settings, db, tomorrow, 1, 1)))
    assert row.values["brand"].value == "Acme"


def test_equal_rows_of_a_file_are_asked_for_once(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    bad = Reply(status=400, body=b"{}")
    endpoint.script = lambda text, _: bad if "bottle 3 " in text else Reply("{}", delay_s=0.3)
    job = submit(settings, db, [f"Acme bottle {number % 7} l" for number in range(2500)])
    with worker(settings, endpoint):
        ended = until_ended(db, job)
    assert endpoint.calls.total() == 7
    assert (ended.status, ended.done + ended.failed) == (JobStatus.DONE, 2500)
    assert ended.failed == sum(number % 7 == 3 for number in range(2500))
    assert ended.calls == 7
