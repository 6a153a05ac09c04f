from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from batch import control, jobs, publish, rows
from batch.jobs import Job
from core import products
from core.db import Database
from core.errors import JobError
from core.schema import JobStatus, RowStatus
from core.settings import Settings
from tests.batch.conftest import MakeJob
from tests.fake_endpoint import FakeEndpoint, Reply

pytestmark = pytest.mark.processes
DEADLINE_S = 40


@contextmanager
def worker(settings: Settings, endpoint: FakeEndpoint) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process, ended the hard way if it is still there."""
    environment = os.environ | {
        "SHOPKEEPER_HOME": str(settings.home),
        "OPENAI_BASE_URL": endpoint.url,
        "OPENAI_MODEL": "fake",
        "SHOPKEEPER_SLOTS": "9",
    }
    with (settings.home / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "batch.worker"], env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def until_ended(db: Database, job: Job) -> Job:
    until(lambda: jobs.get(db, job.id).status not in jobs.ACTIVE)
    return jobs.get(db, job.id)


def until_done(db: Database, job: Job, count: int) -> None:
    until(lambda: jobs.get(db, job.id).done >= count)


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
        assert process.wait(5) == 0
    assert publish.publish(settings, db, job.id) == 1100
    product = products.get(db, ["P7"])["P7"]
    assert (product.title, product.values["brand"].value) == ("Acme bottle 7 2 l", "Acme")


def test_kills_lose_no_row_and_repeat_only_calls_in_flight(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(600)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.03)
    kills = 3
    for kill in range(1, kills + 1):
        with worker(settings, endpoint) as process:
            until_done(db, job, kill * 120)
            process.kill()
    with worker(settings, endpoint):
        ended = until_ended(db, job)
    assert (ended.status, ended.done) == (JobStatus.DONE, 600)
    assert len(endpoint.calls) == 600
    # Beside the 8 in flight, the answers of the last 0.05 s and of one transaction.
    assert endpoint.calls.total() <= 600 + kills * (8 + 16)


def test_pause_stops_calls_that_take_long_and_resume_goes_on(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(30)
    slow = Reply('{"brand": "Acme"}', delay_s=30)
    fast = Reply('{"brand": "Acme"}')
    endpoint.script = lambda text, _: fast if int(text.split()[-3]) <= 10 else slow
    with worker(settings, endpoint):
        until_done(db, job, 10)
        until(lambda: endpoint.in_flight == 8)
        asked = time.monotonic()
        control.pause(db, job.id)
        until(lambda: endpoint.in_flight == 0)
        assert time.monotonic() - asked < 2
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
        (row,) = rows.page(settings, db, ended, 1, 10, RowStatus.FAILED)
        assert row.row_no == 3
        assert "400" in row.error
        endpoint.script = lambda _text, _before: fast
        control.retry_failed(db, job.id)
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
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.02)
    large, small = make_job(4000), make_job(5)
    with worker(settings, endpoint):
        until_ended(db, small)
        assert jobs.get(db, large.id).status is JobStatus.RUNNING


def test_deleting_a_running_job_stops_it(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(5)
    endpoint.script = lambda _text, _before: Reply(json.dumps({}), delay_s=30)
    with worker(settings, endpoint):
        until(lambda: endpoint.in_flight > 0)
        control.delete(db, job.id)
        until(lambda: endpoint.in_flight == 0)
        other = make_job(1)
        endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
        assert until_ended(db, other).done == 1


def test_publishing_before_any_result_is_refused(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    with pytest.raises(JobError, match="nothing to publish"):
        publish.publish(settings, db, make_job(1).id)
