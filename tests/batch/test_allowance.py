"""What a job may be for who starts it, at the edge of each limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch import control, jobs
from batch.allowance import allowed_budget, check_budget, check_rows, largest_budget
from batch.budget import Budget
from core.db import Database
from core.endpoints import Endpoint
from core.errors import JobError
from core.limits import UNLIMITED, JobLimits
from core.statuses import JobStatus
from tests.batch.conftest import MakeJob
from tests.conftest import on_both

FREE = Endpoint("free", "http://127.0.0.1:9/v1", "m", slots=1)
PRICED = replace(FREE, name="priced", input_price=1.0)
OTHER = replace(FREE, name="other", input_price=1.0, currency="EUR")
FIVE = JobLimits(budget=5.0)


def test_the_largest_job_may_start_and_one_row_more_may_not() -> None:
    check_rows(JobLimits(rows=1000), 1000)
    with pytest.raises(JobError, match="has 1,001 rows, and a job that you start may have 1,000"):
        check_rows(JobLimits(rows=1000), 1001)
    check_rows(UNLIMITED, 10**9)


def test_the_largest_budget_may_be_chosen_and_a_cent_more_may_not() -> None:
    check_budget(FIVE, Budget(5.0, "USD"))
    with pytest.raises(JobError, match=r"may cost \$5.00, not \$5.01"):
        check_budget(FIVE, Budget(5.01, "USD"))
    check_budget(UNLIMITED, Budget(1e9, "USD"))


def test_without_a_budget_of_its_own_a_job_gets_the_largest_that_may_be() -> None:
    assert allowed_budget(FIVE, 10, None, [PRICED]) == Budget(5.0, "USD")
    assert allowed_budget(FIVE, 10, Budget(2.0, "USD"), [PRICED]) == Budget(2.0, "USD")
    assert allowed_budget(UNLIMITED, 10, None, [PRICED]) is None


def test_what_costs_nothing_needs_no_budget() -> None:
    assert allowed_budget(FIVE, 10, None, [FREE]) is None
    assert allowed_budget(FIVE, 10, None, [FREE, PRICED], only="free") is None


def test_what_is_read_again_at_a_price_may_cost_what_a_job_may() -> None:
    assert largest_budget(FIVE, [FREE, PRICED], only="priced") == Budget(5.0, "USD")
    assert largest_budget(FIVE, [FREE, PRICED], only="free") is None
    assert largest_budget(UNLIMITED, [PRICED]) is None


def test_where_no_budget_can_be_kept_a_limited_job_does_not_start() -> None:
    with pytest.raises(JobError, match="prices in EUR and USD"):
        allowed_budget(FIVE, 10, None, [PRICED, OTHER])
    assert allowed_budget(UNLIMITED, 10, None, [PRICED, OTHER]) is None


@on_both
def test_a_job_is_not_resumed_with_more_than_may_be_spent(db: Database, make_job: MakeJob) -> None:
    job = make_job(3)
    control.pause(db, job.id)
    with pytest.raises(JobError, match="may cost"):
        control.resume(db, job.id, Budget(5.01, "USD"), FIVE)
    assert jobs.get(db, job.id).status is JobStatus.PAUSED
    assert jobs.get(db, job.id).budget is None
    control.resume(db, job.id, Budget(5.0, "USD"), FIVE)
    assert jobs.get(db, job.id).budget == Budget(5.0, "USD")


@on_both
def test_what_was_allowed_before_is_resumed_as_it_was(db: Database, make_job: MakeJob) -> None:
    job = make_job(3)
    control.pause(db, job.id)
    control.resume(db, job.id, Budget(50.0, "USD"))
    control.pause(db, job.id)
    control.resume(db, job.id, limits=FIVE)
    assert jobs.get(db, job.id).budget == Budget(50.0, "USD")
