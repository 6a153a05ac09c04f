"""A run at a provider: through its faults, and through what people decide."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from batch import control, removal, rows, sent, stored_rows
from batch.extract import Outcome
from batch.farewell import take_leave
from batch.retry import Way, retry_rows
from batch.runs import begin
from batch.standing import Standing, standing, told
from core.errors import JobError, Refused, SettingError
from core.pool import open_pool
from core.roster import Roster
from core.statuses import JobStatus, Mode, RowStatus
from tests.batch.provider.conftest import ProviderShop, until
from tests.fake_batches import KEY, Fault

CALLS = (
    "POST /v1/files",
    "POST /v1/batches",
    "GET /v1/batches",
    "GET /v1/batches/{id}",
    "GET /v1/files/{id}/content",
    "DELETE /v1/files/{id}",
)


@pytest.mark.parametrize("status", [0, 429, 500])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_is_made_again_and_nothing_is_paid_twice(
    shop: ProviderShop, call: str, status: int
) -> None:
    headers = (("Retry-After", "0.1"),)
    shop.provider.faults = [Fault(call, status, headers=headers)] * 2
    if call == "GET /v1/batches":
        # That one is made only where a creation was interrupted.
        shop.provider.faults.append(Fault("POST /v1/batches", done=True))
    ended = shop.work(shop.submit(50))
    assert (ended.status, ended.done, ended.reason) == (JobStatus.DONE, 50, "")
    assert set(shop.provider.paid.values()) == {1}
    assert not [fault for fault in shop.provider.faults if fault.call == call]


def test_trouble_is_told_while_it_lasts(shop: ProviderShop) -> None:
    shop.provider.faults = [Fault("POST /v1/files", 500)] * 1000
    job = shop.submit(5)
    with shop.working(job):
        until(lambda: "(500)" in shop.now(job).reason)
        assert shop.now(job).status is JobStatus.RUNNING
        shop.provider.faults.clear()
    ended = shop.now(job)
    assert (ended.status, ended.reason) == (JobStatus.DONE, "")


def test_a_wrong_key_is_told_and_nothing_is_sent(shop: ProviderShop) -> None:
    shop.provider.key = "another"
    job = shop.submit(5)
    with pytest.raises(Refused, match="Incorrect API key") as caught:
        shop.run(job)
    assert KEY not in str(caught.value)
    assert not sent.open_batches(shop.db, job.id)


def test_an_endpoint_that_is_gone_is_named(shop: ProviderShop) -> None:
    job = shop.submit(5)
    said = shop.settings.endpoint_file.read_text()
    shop.settings.endpoint_file.write_text(said.replace('"provider"', '"other"'))
    with pytest.raises(SettingError, match=r"“provider”.*endpoints\.toml"):
        shop.run(job)


def test_an_endpoint_that_somebody_has_paused_is_sent_nothing_new(shop: ProviderShop) -> None:
    job = shop.submit(5)
    with closing(open_pool(shop.settings)) as pool:
        pool.set_mode("provider", Mode.PAUSED)
        with shop.working(job):
            until(lambda: shop.now(job).status is JobStatus.RUNNING)
            time.sleep(0.3)
            assert not shop.provider.calls
            pool.set_mode("provider", Mode.OPEN)
    assert shop.now(job).done == 5


def test_a_paused_job_is_cancelled_there_and_keeps_what_was_answered(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 60
    job = shop.submit(600)
    with shop.working(job):
        until(lambda: shop.provider.paid.total() >= 3)
        control.pause(shop.db, job.id)
    assert shop.provider.statuses() == ["cancelled"]
    paused = shop.now(job)
    assert (paused.status, paused.done) == (JobStatus.PAUSED, shop.provider.paid.total())
    shop.provider.times.work_s = 0.1
    control.resume(shop.db, job.id)
    assert shop.work(job).done == 600
    assert set(shop.provider.paid.values()) == {1}


def test_a_run_that_begins_while_the_last_one_is_cancelled_waits_for_its_answers(
    shop: ProviderShop,
) -> None:
    shop.provider.times.work_s = 60
    shop.provider.times.cancel_s = 1.0
    job = shop.submit(600)
    with shop.working(job):
        until(lambda: shop.provider.paid.total() >= 3)
        control.pause(shop.db, job.id)
        until(lambda: shop.provider.statuses() == ["cancelling"])
        shop.provider.times.work_s = 0.1
        control.resume(shop.db, job.id)
    assert shop.work(job).done == 600
    assert set(shop.provider.paid.values()) == {1}


def test_rows_that_are_still_there_are_not_asked_for_here(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 60
    shop.provider.times.cancel_s = 1.0
    job = shop.submit(600)
    elsewhere = Way(endpoint="another")
    with shop.working(job):
        until(lambda: shop.provider.paid.total() >= 3)
        control.pause(shop.db, job.id)
        until(lambda: shop.provider.statuses() == ["cancelling"])
        with pytest.raises(JobError, match="has not ended this job's batches"):
            retry_rows(shop.db, job.id, [1], elsewhere)
    (done,) = stored_rows.page(shop.settings, shop.db, job, 1, 1, RowStatus.DONE)
    assert retry_rows(shop.db, job.id, [done.row_no], elsewhere) == 1
    assert shop.now(job).provider is None


def test_a_job_that_is_stopped_while_its_file_is_sent_is_not_begun_there(
    shop: ProviderShop,
) -> None:
    shop.provider.times.upload_s = 2.0
    job = shop.submit(5)
    with shop.working(job):
        until(lambda: "POST /v1/files" in shop.provider.calls)
        control.cancel(shop.db, job.id)
    assert "POST /v1/batches" not in shop.provider.calls
    assert not shop.provider.files
    assert not sent.open_batches(shop.db, job.id)


def test_a_deleted_job_is_cancelled_there_and_leaves_nothing(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 60
    job = shop.submit(10)
    with shop.working(job):
        until(lambda: standing(shop.db, job.id).batches)
        control.delete(shop.db, job.id)
    assert sent.left_behind(shop.db) == [job.id]
    assert not removal.remove_piece(shop.db), "what is there has to be cancelled first"
    shop.provider.faults = [Fault("POST /v1/batches/{id}/cancel", 500)]
    take_leave(Roster(shop.settings), shop.db, job.id)
    assert shop.provider.statuses() == ["cancelled"]
    assert not shop.provider.files
    while removal.remove_piece(shop.db):
        assert not sent.left_behind(shop.db)


def test_a_job_that_is_deleted_while_its_batch_is_created_is_cancelled_there(
    shop: ProviderShop,
) -> None:
    shop.provider.times.create_s = 0.5
    shop.provider.times.work_s = 60
    job = shop.submit(10)
    with shop.working(job):
        until(lambda: "POST /v1/batches" in shop.provider.calls)
        control.delete(shop.db, job.id)
        take_leave(Roster(shop.settings), shop.db, job.id)
    assert shop.provider.statuses() == ["cancelled"]
    assert not shop.provider.files


def test_a_deleted_job_whose_endpoint_is_gone_is_removed_all_the_same(shop: ProviderShop) -> None:
    job = shop.submit(5)
    begin(shop.db, job.id, job.run)
    assert sent.begin(shop.db, job, "elsewhere", [1, 2])
    control.delete(shop.db, job.id)
    take_leave(Roster(shop.settings), shop.db, job.id)
    while removal.remove_piece(shop.db):
        assert not sent.left_behind(shop.db)


def test_several_at_work_on_the_same_job_do_no_harm(shop: ProviderShop) -> None:
    shop.provider.times.upload_s = shop.provider.times.create_s = 0.05
    job = shop.saying("batch_requests = 100").submit(1000)
    with shop.working(job), shop.working(job), shop.working(job):
        until(lambda: shop.now(job).status is JobStatus.DONE)
    assert shop.now(job).done == 1000
    assert set(shop.provider.paid.values()) == {1}


def test_a_row_whose_result_came_while_it_was_being_packed_is_not_sent_again(
    shop: ProviderShop,
) -> None:
    job = shop.submit(3)
    begin(shop.db, job.id, job.run)
    rows.record(shop.db, job.id, 0, [Outcome(2, RowStatus.DONE)], job.run)
    assert sent.begin(shop.db, job, "provider", [1, 2, 3]) is None
    assert sent.begin(shop.db, job, "provider", [1, 3])


def test_what_stands_at_the_provider_can_be_told(shop: ProviderShop) -> None:
    shop.provider.times.work_s = 60
    job = shop.saying("batch_requests = 300").submit(600)
    with shop.working(job):
        until(lambda: standing(shop.db, job.id).answered >= 3)
        there = standing(shop.db, job.id)
        assert (there.batches, there.rows) == (2, 600)
        assert told(shop.db, shop.now(job)).startswith("Sent to provider in 2 batches · ")
        control.cancel(shop.db, job.id)
    assert standing(shop.db, job.id) == Standing()
