from __future__ import annotations

from dataclasses import replace

import pytest

from batch import control, failures, jobs, retry, rows, runs, stored_rows
from batch.budget import Budget
from batch.extract import Outcome
from batch.failures import Failure
from batch.jobs import Job
from batch.retry import Way
from batch.submission import submit
from core.db import Database
from core.errors import JobError
from core.settings import Settings
from core.statuses import JobStatus, Lane, RowStatus
from core.usage import Call, Tokens
from core.values import Value
from tests.batch.conftest import MakeJob
from tests.conftest import on_both

CUT, ODD = "The model's answer was cut off before its end.", "No value for the required brand."


def failed(row_no: int, reason: str, raw: str = "") -> Outcome:
    return Outcome(
        row_no, RowStatus.FAILED, error=reason, reason=reason, raw=raw, key=bytes([row_no] * 16)
    )


def done(row_no: int, brand: str, key: int | None = None) -> Outcome:
    return Outcome(
        row_no,
        RowStatus.DONE,
        {"brand": Value(brand)},
        key=bytes([key or row_no] * 16),
        model="m",
    )


@pytest.fixture
def job(db: Database, make_job: MakeJob) -> Job:
    """Five rows: two cut off, one odd, two done that equal each other."""
    made = make_job(5)
    outcomes = [failed(1, CUT, raw='{"brand": "Ac'), failed(2, ODD), failed(3, CUT)]
    rows.record(db, made.id, 0, [*outcomes, done(4, "Acme", 9), done(5, "Acme", 9)], 1)
    runs.settle(db, made.id, 1)
    return jobs.get(db, made.id)


def test_failures_are_grouped_by_reason_and_counted(db: Database, job: Job) -> None:
    assert failures.reasons(db, job) == [Failure(CUT, 2), Failure(ODD, 1)]


def test_a_failed_row_keeps_what_the_model_said(settings: Settings, db: Database, job: Job) -> None:
    first, third = stored_rows.page(settings, db, job, 1, 9, RowStatus.FAILED, CUT)
    assert (first.row_no, first.raw) == (1, '{"brand": "Ac')
    assert third.row_no == 3


def test_rows_of_one_reason_are_retried_with_more_room(db: Database, job: Job) -> None:
    assert retry.retry_failed(db, job.id, CUT, Way("big", 4.0)) == 2
    again = jobs.get(db, job.id)
    assert (again.status, again.run, again.failed) == (JobStatus.QUEUED, 2, 1)
    assert (again.endpoint, again.patience) == ("big", 4.0)
    assert rows.missing(db, job.id, 1, 5) == [1, 3]


def test_a_chosen_row_is_read_again_with_its_equal_ones(db: Database, job: Job) -> None:
    assert retry.retry_rows(db, job.id, [4]) == 2
    assert rows.missing(db, job.id, 1, 5) == [4, 5]
    assert rows.to_read_again(db, job.id, 1, 5) == {4, 5}
    assert jobs.get(db, job.id).done == 0


def test_what_was_found_stays_when_reading_again_fails(
    settings: Settings, db: Database, job: Job
) -> None:
    retry.retry_rows(db, job.id, [4])
    rows.record(db, job.id, 0, [failed(4, CUT), done(5, "Zenith", 9)], 2)
    fourth, fifth = stored_rows.page(settings, db, jobs.get(db, job.id), 4, 2)
    assert (fourth.status, fourth.values["brand"].value) == (RowStatus.DONE, "Acme")
    assert fourth.error == CUT
    assert (fifth.values["brand"].value, fifth.error) == ("Zenith", "")


def test_rows_that_were_not_read_yet_cannot_be_read_again(db: Database, make_job: MakeJob) -> None:
    job = make_job(2)
    rows.record(db, job.id, 0, [done(1, "Acme")], 1)
    with pytest.raises(JobError, match="pause it first"):
        retry.retry_rows(db, job.id, [1])
    runs.fail(db, job.id, 1, "stopped")
    with pytest.raises(JobError, match="None of these rows"):
        retry.retry_rows(db, job.id, [2])


def test_a_new_version_leaves_the_old_one_as_it_is(db: Database, job: Job) -> None:
    second = submit(db, job.upload_id, job.columns, job.plan, "B", version_of=job)
    third = submit(db, job.upload_id, job.columns, job.plan, "C", version_of=second)
    assert [one.version for one in jobs.versions(db, third)] == [1, 2, 3]
    assert jobs.get(db, job.id).done == 2
    assert {one.origin_id for one in jobs.versions(db, job)} == {job.id}


@on_both
def test_the_counts_follow_what_is_read_again_in_every_shard(
    db: Database, make_job: MakeJob
) -> None:
    made = make_job(2_100)
    known = replace(done(2_001, "Acme", 9), attempts=0)
    outcomes = {
        0: [done(1, "Acme", 9), failed(2, CUT)],
        2: [known, replace(failed(3, CUT), row_no=2_002)],
    }
    for shard_no, block in outcomes.items():
        rows.record(db, made.id, shard_no, block, 1)
    control.pause(db, made.id)
    assert retry.retry_rows(db, made.id, [1]) == 2, "its equal row goes with it"
    once = jobs.get(db, made.id)
    assert (once.done, once.reused, once.failed) == (0, 0, 2)
    control.pause(db, made.id)
    assert retry.retry_failed(db, made.id) == 2
    twice = jobs.get(db, made.id)
    assert (twice.done, twice.reused, twice.failed, twice.waiting) == (0, 0, 0, 2_100)


def paid(row_no: int, cost: float) -> Outcome:
    call = Call(Lane.BATCH, "priced", "m", Tokens(100, 10), 50.0, cost=cost)
    return replace(failed(row_no, ODD), calls=(call,))


@on_both
def test_reading_again_and_again_costs_no_more_than_a_job_may(
    db: Database, make_job: MakeJob
) -> None:
    job, way = make_job(2), Way(most=Budget(1.0, "USD"))
    rows.record(db, job.id, 0, [paid(1, 0.2), paid(2, 0.2)], 1)
    runs.settle(db, job.id, 1)
    for run in (2, 3):
        assert retry.retry_failed(db, job.id, way=way) == 2
        assert jobs.get(db, job.id).budget == Budget(1.0, "USD")
        rows.record(db, job.id, 0, [paid(1, 0.2), paid(2, 0.2)], run)
        runs.settle(db, job.id, run)
    with pytest.raises(JobError, match=r"budget of \$1.00 is used up"):
        retry.retry_failed(db, job.id, way=way)
    with pytest.raises(JobError, match="is used up"):
        retry.retry_rows(db, job.id, [1], way)


@on_both
def test_a_job_that_has_cost_more_than_one_may_is_read_again_by_an_administrator(
    db: Database, make_job: MakeJob
) -> None:
    job = make_job(1)
    rows.record(db, job.id, 0, [paid(1, 3.0)], 1)
    runs.settle(db, job.id, 1)
    with pytest.raises(JobError, match=r"has cost \$3.00 already.*may cost \$1.00. Ask an adm"):
        retry.retry_failed(db, job.id, way=Way(most=Budget(1.0, "USD")))
    assert jobs.get(db, job.id).status is not JobStatus.QUEUED
    assert retry.retry_failed(db, job.id) == 1
    assert jobs.get(db, job.id).budget is None


@on_both
def test_a_budget_that_a_job_has_stays_as_it_is(db: Database, make_job: MakeJob) -> None:
    job = make_job(1)
    control.pause(db, job.id)
    control.resume(db, job.id, Budget(50.0, "USD"))
    rows.record(db, job.id, 0, [paid(1, 3.0)], jobs.get(db, job.id).run)
    runs.settle(db, job.id, jobs.get(db, job.id).run)
    retry.retry_failed(db, job.id, way=Way(most=Budget(1.0, "USD")))
    assert jobs.get(db, job.id).budget == Budget(50.0, "USD")
