from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from batch import control, jobs, pace, retry, rows, runs, stored_rows
from batch.extract import Outcome
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from core.db import Database
from core.errors import JobError
from core.settings import Settings
from core.statuses import JobStatus, RowStatus
from core.usage import Tokens
from core.values import Value
from tests import postgres
from tests.batch.conftest import COLUMNS, FIELDS, MakeJob
from tests.conftest import on_both

RUN = 1


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


def done(row_no: int, brand: str = "Acme") -> Outcome:
    return Outcome(
        row_no, RowStatus.DONE, values={"brand": Value(brand)}, tokens=Tokens(100, 10), attempts=1
    )


def failed(row_no: int) -> Outcome:
    return Outcome(row_no, RowStatus.FAILED, error="no answer", tokens=Tokens(50, 0), attempts=5)


def record(db: Database, job: Job, *outcomes: Outcome) -> None:
    for outcome in outcomes:
        shard_no = (outcome.row_no - 1) // 1000
        assert rows.record(db, job.id, shard_no, [outcome], RUN)


def test_a_failure_of_an_earlier_run_does_not_count_in_the_next(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(3)
    record(db, job, failed(1))
    control.pause(db, job.id)
    control.resume(db, job.id)
    record(db, job, failed(2), done(3))  # late, by the worker of the first run
    now = jobs.get(db, job.id)
    assert (now.run, now.done, now.failed) == (2, 1, 1)


@on_both
def test_a_submitted_job_is_there_with_every_row_waiting(db: Database, make_job: MakeJob) -> None:
    job = make_job(2500)
    stored = jobs.get(db, job.id)
    assert (stored.status, stored.rows, stored.waiting) == (JobStatus.QUEUED, 2500, 2500)
    assert (stored.columns, stored.fields) == (COLUMNS, FIELDS)
    assert [found.id for found in jobs.listing(db)] == [job.id]


def test_a_job_without_its_upload_is_refused(db: Database) -> None:
    with pytest.raises(JobError, match="upload it again"):
        submit(db, "gone", COLUMNS, Plan(FIELDS), "x")


def test_an_unknown_job_is_a_clear_error(db: Database) -> None:
    with pytest.raises(JobError, match="no job nowhere"):
        jobs.get(db, "nowhere")


def test_a_request_finds_its_job_again(db: Database, make_job: MakeJob) -> None:
    upload_id = make_job(1).upload_id
    job = submit(db, upload_id, COLUMNS, Plan(FIELDS), "x", request_key="k")
    found = jobs.by_request(db, "k")
    assert found is not None
    assert found.id == job.id
    assert jobs.by_request(db, "other") is None


def test_beginning_plans_only_shards_with_rows_missing(db: Database, make_job: MakeJob) -> None:
    job = make_job(1002)
    assert runs.begin(db, job.id, 1) == [0, 1]
    record(db, job, done(1001), failed(1002))
    assert runs.begin(db, job.id, 1) == [0]
    assert rows.missing(db, job.id, 1001, 2) == []


def test_counts_tokens_and_calls_follow_what_was_recorded(db: Database, make_job: MakeJob) -> None:
    job = make_job(3)
    record(db, job, done(1), failed(2))
    now = jobs.get(db, job.id)
    assert (now.done, now.failed, now.waiting, now.calls) == (1, 1, 1, 6)
    assert now.tokens == Tokens(150, 10)


def test_a_done_row_is_never_overwritten(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(1)
    record(db, job, done(1, "first"), done(1, "second"), failed(1))
    (row,) = stored_rows.page(settings, db, job, 1, 10)
    assert row.values["brand"].value == "first"
    assert jobs.get(db, job.id).tokens == Tokens(100, 10)


def test_a_job_settles_only_when_no_row_is_missing(db: Database, make_job: MakeJob) -> None:
    job = make_job(2)
    runs.begin(db, job.id, 1)
    record(db, job, done(1))
    assert not runs.settle(db, job.id, 1)
    record(db, job, failed(2))
    assert runs.settle(db, job.id, 1)
    ended = jobs.get(db, job.id)
    assert ended.status is JobStatus.DONE
    assert ended.finished_at is not None


def test_pause_and_resume_start_another_run(db: Database, make_job: MakeJob) -> None:
    job = make_job(2)
    runs.begin(db, job.id, 1)
    control.pause(db, job.id)
    assert not runs.is_current(db, job.id, 1)
    control.resume(db, job.id)
    assert not runs.is_current(db, job.id, 1)
    assert runs.is_current(db, job.id, 2)


def test_an_outdated_run_can_neither_begin_nor_fail_the_job(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(2)
    control.pause(db, job.id)
    control.resume(db, job.id)
    assert runs.begin(db, job.id, 1) == []
    runs.fail(db, job.id, 1, "late")
    assert jobs.get(db, job.id).status is JobStatus.QUEUED


def test_a_cancelled_job_keeps_what_it_has_and_can_go_on(db: Database, make_job: MakeJob) -> None:
    job = make_job(2)
    record(db, job, done(1))
    control.cancel(db, job.id)
    assert jobs.get(db, job.id).done == 1
    control.resume(db, job.id)
    assert jobs.get(db, job.id).status is JobStatus.QUEUED


def test_decisions_that_make_no_sense_are_refused_in_words(db: Database, make_job: MakeJob) -> None:
    job = make_job(1)
    with pytest.raises(JobError, match=r"“Bottles” is not stopped"):
        control.resume(db, job.id)
    with pytest.raises(JobError, match="pause it first"):
        retry.retry_failed(db, job.id)
    record(db, job, done(1))
    runs.settle(db, job.id, 1)
    for decision in (control.pause, control.cancel):
        with pytest.raises(JobError):
            decision(db, job.id)
    with pytest.raises(JobError, match="No row of this job has failed"):
        retry.retry_failed(db, job.id)


def test_retrying_takes_only_the_failed_rows_and_adds_up_what_they_cost(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(3)
    record(db, job, done(1), failed(2), done(3))
    runs.settle(db, job.id, 1)
    assert retry.retry_failed(db, job.id) == 1
    waiting = jobs.get(db, job.id)
    assert (waiting.status, waiting.failed, waiting.waiting) == (JobStatus.QUEUED, 0, 1)
    assert rows.missing(db, job.id, 1, 3) == [2]
    record(db, job, done(2))
    assert jobs.get(db, job.id).tokens == Tokens(350, 30)


@on_both
def test_a_deleted_job_is_gone_with_its_rows_and_late_outcomes_are_refused(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(2)
    record(db, job, done(1))
    control.delete(db, job.id)
    assert jobs.listing(db) == []
    with pytest.raises(JobError, match="may have been deleted"):
        jobs.get(db, job.id)
    assert not rows.record(db, job.id, 0, [done(2)], RUN)
    pace.sample(db, job.id, time.time())
    assert pace.history(db, job.id) == []


@on_both
def test_no_decision_brings_a_deleted_job_back(db: Database, make_job: MakeJob) -> None:
    job = make_job(2)
    record(db, job, done(1), failed(2))
    control.pause(db, job.id)
    control.delete(db, job.id)
    control.delete(db, job.id)
    for decision in (control.pause, control.resume, control.cancel, retry.retry_failed):
        with pytest.raises(JobError, match="There is no job"):
            decision(db, job.id)
    runs.settle(db, job.id, RUN)
    runs.fail(db, job.id, RUN, "late")
    assert jobs.listing(db) == []


@on_both
def test_a_deleted_job_gives_up_its_request_at_once(db: Database, make_job: MakeJob) -> None:
    upload_id = make_job(1).upload_id
    first = submit(db, upload_id, COLUMNS, Plan(FIELDS), "x", request_key="k")
    control.delete(db, first.id)
    assert jobs.by_request(db, "k") is None
    again = submit(db, upload_id, COLUMNS, Plan(FIELDS), "x", request_key="k")
    assert jobs.by_request(db, "k") == again


@on_both
def test_pages_hold_rows_in_the_catalogs_order_with_what_is_known(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(1200)
    record(db, job, done(3), failed(1100))
    page = stored_rows.page(settings, db, job, 2, 3)
    assert [(row.row_no, row.status) for row in page] == [
        (2, "waiting"),
        (3, "done"),
        (4, "waiting"),
    ]
    assert page[0].original["id"] == "P2"
    (only,) = stored_rows.page(settings, db, job, 1, 10, RowStatus.FAILED)
    assert (only.row_no, only.error, only.original["id"]) == (1100, "no answer", "P1100")


@on_both
def test_history_and_rate_come_from_samples(db: Database, make_job: MakeJob) -> None:
    job, now = make_job(400), time.time()
    runs.begin(db, job.id, RUN)
    pace.sample(db, job.id, now - 20)
    record(db, job, *map(done, range(1, 101)))
    pace.sample(db, job.id, now)
    assert [sample.done for sample in pace.history(db, job.id)] == [0, 100]
    running = jobs.get(db, job.id)
    # Judged up to this moment, which may come late on a busy machine.
    took_s = 20 + time.time() - now
    assert running.rows_per_s == pytest.approx(100 / took_s, rel=0.2)
    assert running.left_s == pytest.approx(300 * took_s / 100, rel=0.2)


@on_both
def test_several_workers_note_progress_no_more_often_than_one(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(1)
    for at in (1000.0, 1000.5, 1002.0, 1002.1):
        pace.sample(db, job.id, at)
    assert [sample.at for sample in pace.history(db, job.id)] == [1000.0, 1002.0]


def test_a_long_run_is_remembered_by_few_samples_the_latest_ones_all(
    db: Database, make_job: MakeJob
) -> None:
    job, hours = make_job(1), 10
    for minute in range(hours * 60 + 1):
        pace.sample(db, job.id, minute * 60.0)
    end = hours * 3600.0
    for second in range(2, 61, 2):
        pace.sample(db, job.id, end + second)
    moments = [sample.at for sample in pace.history(db, job.id)]
    assert moments[0] == 0
    assert len(moments) < 250
    # The rate is taken from the last half minute, so nothing is left out there.
    assert [at for at in moments if at > end] == [end + second for second in range(2, 61, 2)]
    gaps = [after - before for before, after in pairwise(moments)]
    assert max(gaps) <= end * pace.GAP_SHARE + 120


@contextmanager
def slow(db: Database, part: str, delay_s: float = 0.5) -> Iterator[threading.Event]:
    """Those who execute statements with this part dawdle; the event says that one was executed."""
    begun = threading.Event()

    def wait(*about: Any) -> None:
        if part in str(about[2]):
            begun.set()
            time.sleep(delay_s)

    sa.event.listen(db.engine, "after_cursor_execute", wait)
    try:
        yield begun
    finally:
        sa.event.remove(db.engine, "after_cursor_execute", wait)


def test_outcomes_that_are_stored_at_once_are_all_counted(db: Database, make_job: MakeJob) -> None:
    job = make_job(40)
    together = threading.Barrier(8)

    def store(first: int) -> None:
        together.wait(10)
        for row_no in range(first, first + 5):
            assert rows.record(db, job.id, 0, [done(row_no)], RUN)

    with slow(db, "UPDATE shards", 0.05), ThreadPoolExecutor(8) as threads:
        list(threads.map(store, range(1, 40, 5)))
    assert jobs.get(db, job.id).done == 40
    assert runs.settle(db, job.id, RUN)


def test_what_is_being_stored_comes_before_a_decision_or_not_at_all(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(3)
    runs.begin(db, job.id, 1)
    with slow(db, "INSERT INTO rows") as begun, ThreadPoolExecutor(1) as thread:
        storing = thread.submit(rows.record, db, job.id, 0, [failed(1)], 1)
        assert begun.wait(10)
        control.pause(db, job.id)
        control.resume(db, job.id)
        planned = rows.missing(db, job.id, 1, 3)
        assert storing.result()
    assert planned == rows.missing(db, job.id, 1, 3) == [2, 3]


def test_rows_that_are_being_stored_are_retried_with_the_others(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(3)
    record(db, job, failed(1), failed(2))
    control.pause(db, job.id)
    with slow(db, "INSERT INTO rows") as begun, ThreadPoolExecutor(1) as thread:
        storing = thread.submit(rows.record, db, job.id, 0, [failed(3)], 1)
        assert begun.wait(10)
        assert retry.retry_failed(db, job.id) == 3
        assert storing.result()
    now = jobs.get(db, job.id)
    assert (now.failed, now.waiting) == (0, 3)
    assert rows.missing(db, job.id, 1, 3) == [1, 2, 3]


def test_of_two_shards_that_end_at_once_one_is_the_last(db: Database, make_job: MakeJob) -> None:
    job = make_job(2000)
    runs.begin(db, job.id, 1)
    together = threading.Barrier(2)

    def end(shard_no: int) -> list[int]:
        together.wait(10)
        return runs.end_shard(db, job.id, 1, shard_no)

    with slow(db, "shards.run <"), ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(end, (0, 1))) == [[], [0, 1]]


def test_a_block_whose_storing_was_not_confirmed_is_known_again(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(3)
    block = [done(1), failed(2)]
    assert not rows.is_recorded(db, job.id, block, 5.0)
    assert rows.record(db, job.id, 0, block, RUN, at=5.0)
    assert rows.is_recorded(db, job.id, block, 5.0)
    assert not rows.is_recorded(db, job.id, [done(1)], 6.0), "another one of the same row"


def test_characters_that_no_database_takes_cost_nothing_but_themselves(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(2)
    odd = "ba\x00d \ud800 answer"
    outcome = Outcome(
        1, RowStatus.FAILED, notes=(odd,), error=odd, reason=odd, raw=odd, model=odd, attempts=1
    )
    assert rows.record(db, job.id, 0, [outcome, done(2)], RUN)
    assert jobs.get(db, job.id).done == 1
    (row,) = stored_rows.page(settings, db, job, 1, 10, RowStatus.FAILED)
    assert (row.error, row.raw) == ("bad  answer", "bad  answer")
