"""How the worker behaves when it is turned away, in the eyes of a server nobody here wrote."""

from __future__ import annotations

import pytest
from llmock.pytest_plugin import LLMock
from llmock.scenarios import Reply

from batch import jobs, stored_rows
from batch.jobs import Job
from core.db import Database
from core.settings import Settings
from core.statuses import JobStatus, RowStatus
from tests.batch.conftest import MakeJob
from tests.batch.processes import until_ended, worker

pytestmark = pytest.mark.processes
ROWS = 20


def run(settings: Settings, db: Database, make_job: MakeJob, llmock: LLMock, count: int) -> Job:
    job = make_job(count)
    with worker(settings, llmock, OPENAI_BASE_URL=llmock.base_url()):
        return until_ended(db, job)


def calls(llmock: LLMock) -> int:
    return len(llmock.requests)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_comes_back_no_sooner_than_it_is_asked_to(
    status: int, settings: Settings, db: Database, make_job: MakeJob, llmock: LLMock
) -> None:
    llmock.fail(status, times=5, retry_after=4.0)
    ended = run(settings, db, make_job, llmock, ROWS)
    llmock.assert_resilient(strict=True)
    assert (ended.status, ended.done) == (JobStatus.DONE, ROWS)
    assert calls(llmock) == ROWS + 5


def test_it_keeps_to_a_limit_that_nobody_told_it(
    settings: Settings, db: Database, make_job: MakeJob, llmock: LLMock
) -> None:
    llmock.limits(rpm=120)
    ended = run(settings, db, make_job, llmock, 130)
    llmock.assert_resilient(strict=True)
    assert (ended.status, ended.done) == (JobStatus.DONE, 130)


@pytest.mark.parametrize("status", [500, 502])
def test_it_pauses_longer_each_time_where_nothing_is_said(
    status: int, settings: Settings, db: Database, make_job: MakeJob, llmock: LLMock
) -> None:
    llmock.fail(status, times=10)
    ended = run(settings, db, make_job, llmock, ROWS)
    llmock.assert_resilient(strict=True)
    assert (ended.status, ended.done) == (JobStatus.DONE, ROWS)
    assert calls(llmock) == ROWS + 10


@pytest.mark.parametrize("status", [401, 403, 404])
def test_it_does_not_insist_where_no_call_is_served(
    status: int, settings: Settings, db: Database, make_job: MakeJob, llmock: LLMock
) -> None:
    llmock.fail(status, times=None)
    ended = run(settings, db, make_job, llmock, ROWS)
    llmock.assert_resilient(strict=True)
    assert (ended.status, ended.waiting) == (JobStatus.FAILED, ROWS)
    assert calls(llmock) <= ROWS


def test_it_does_not_insist_on_a_row_that_is_refused(
    settings: Settings, db: Database, make_job: MakeJob, llmock: LLMock
) -> None:
    llmock.context_overflow(times=2)
    ended = run(settings, db, make_job, llmock, ROWS)
    llmock.assert_resilient(strict=True)
    assert (ended.done, ended.failed) == (ROWS - 2, 2)
    assert calls(llmock) == ROWS


@pytest.mark.parametrize("finish_reason", ["stop", "length"])
def test_half_an_answer_is_asked_for_again_and_never_repaired(
    finish_reason: str, settings: Settings, db: Database, make_job: MakeJob, llmock: LLMock
) -> None:
    half = Reply(text='{"brand": "half an answer", "capa', finish_reason=finish_reason, times=5)
    llmock.add(half)
    ended = run(settings, db, make_job, llmock, ROWS)
    assert (ended.status, ended.done) == (JobStatus.DONE, ROWS)
    found = stored_rows.page(settings, db, jobs.get(db, ended.id), 1, ROWS, RowStatus.DONE)
    assert {row.values["brand"].value for row in found} == {"mock-brand"}
    assert calls(llmock) == ROWS + 5
