"""What is sent to a provider, and that nothing is sent twice."""

from __future__ import annotations

from contextlib import closing

import pytest

from batch import control, sent
from batch.budget import Budget
from batch.order import Order, order_extraction
from batch.ranges import Shard
from batch.request_lines import RequestLines
from batch.runs import begin
from core.pool import open_pool
from core.provider import Provider
from core.statuses import JobStatus
from tests.batch.provider.conftest import ProviderShop
from tests.fake_batches import Fault
from tests.fake_endpoint import Reply


def test_a_job_is_split_to_what_the_provider_takes_in_one_batch(shop: ProviderShop) -> None:
    job = shop.saying("batch_requests = 400").submit(1000)
    assert shop.work(job).done == 1000
    assert shop.provider.sizes() == [400, 400, 200]
    assert shop.provider.calls.count("POST /v1/files") == 3


def test_a_file_is_never_larger_than_the_provider_takes(shop: ProviderShop) -> None:
    shop.provider.most_bytes = 50_000
    job = shop.saying("batch_mb = 0.05").submit(200)
    assert shop.work(job).done == 200
    assert len(shop.provider.sizes()) > 2
    assert set(shop.provider.statuses()) == {"completed"}


def test_a_file_that_is_refused_twice_stops_the_job_in_the_providers_words(
    shop: ProviderShop,
) -> None:
    finding = {"code": "model_not_found", "message": "No such model.", "line": 7, "param": "body"}
    shop.provider.refusal = (finding,)
    job = shop.submit(10)
    ended = shop.work(job)
    assert ended.status is JobStatus.FAILED
    assert "No such model. (row 7)" in ended.reason
    assert shop.provider.statuses() == ["failed", "failed"]
    shop.provider.refusal = ()
    control.resume(shop.db, job.id)
    assert shop.work(job).done == 10
    assert set(shop.provider.paid.values()) == {1}


def test_a_create_that_is_refused_twice_stops_the_job_in_the_providers_words(
    shop: ProviderShop,
) -> None:
    shop.provider.faults = [Fault("POST /v1/batches", 400)] * 2
    ended = shop.work(shop.submit(10))
    assert ended.status is JobStatus.FAILED
    assert "Something went wrong." in ended.reason
    assert not shop.provider.files


def test_a_provider_that_takes_less_at_once_gets_less_at_once(shop: ProviderShop) -> None:
    shop.provider.most_enqueued = 300
    job = shop.saying("batch_requests = 250").submit(1000)
    ended = shop.work(job)
    assert (ended.status, ended.done) == (JobStatus.DONE, 1000)
    assert set(shop.provider.paid.values()) == {1}


def test_a_batch_that_is_too_much_by_itself_is_halved(shop: ProviderShop) -> None:
    shop.provider.most_enqueued = 40
    ended = shop.work(shop.submit(100))
    assert (ended.status, ended.done) == (JobStatus.DONE, 100)
    assert max(size for size in shop.provider.sizes() if size) <= 40


def test_a_provider_that_takes_not_even_one_row_stops_the_job(shop: ProviderShop) -> None:
    shop.provider.most_enqueued = 0
    ended = shop.work(shop.submit(10))
    assert ended.status is JobStatus.FAILED
    assert "Enqueued token limit reached" in ended.reason


@pytest.mark.parametrize("status", [0, 500, 504])
def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(
    shop: ProviderShop, status: int
) -> None:
    shop.provider.faults = [Fault("POST /v1/batches", status, done=True)]
    assert shop.work(shop.submit(50)).done == 50
    assert shop.provider.statuses() == ["completed"]
    assert set(shop.provider.paid.values()) == {1}


def one_in_two(row: int) -> str:
    """Every second row is like the first."""
    return f"Acme bottle {row if row % 2 else 1} 2 l"


def test_equal_rows_are_asked_for_once_and_known_ones_not_at_all(shop: ProviderShop) -> None:
    first = shop.work(shop.submit(60, one_in_two))
    assert (first.done, first.reused) == (60, 30)
    assert shop.provider.paid.total() == 30
    second = shop.work(shop.submit(70, one_in_two))
    assert (second.done, second.reused) == (70, 65)
    assert shop.provider.paid.total() == 35


def test_equal_rows_of_a_row_that_failed_have_failed_too(shop: ProviderShop) -> None:
    shop.provider.script = lambda _text, _before: Reply(status=400, body=b"{}")
    ended = shop.work(shop.submit(10, lambda _: "Acme bottle 1 2 l"))
    assert (ended.status, ended.failed) == (JobStatus.DONE, 10)
    assert shop.provider.sizes() == [1]


def test_rows_without_text_are_not_sent(shop: ProviderShop) -> None:
    job = shop.submit(3, lambda row: "" if row == 2 else f"Acme bottle {row} 2 l")
    ended = shop.work(job)
    assert (ended.done, ended.failed) == (2, 1)
    assert shop.provider.sizes() == [2]


def test_a_batch_that_was_never_created_is_sent_once_it_has_not_shown_up(
    shop: ProviderShop,
) -> None:
    job = shop.submit(5)
    begin(shop.db, job.id, job.run)
    assert sent.begin(shop.db, job, "provider", [1, 2, 3, 4, 5])
    assert shop.work(job).done == 5
    assert shop.provider.statuses() == ["completed"]


def test_a_batch_that_was_created_before_its_sender_died_is_taken_over(
    shop: ProviderShop,
) -> None:
    job = shop.submit(5)
    begin(shop.db, job.id, job.run)
    batch = sent.begin(shop.db, job, "provider", [1, 2, 3, 4, 5])
    assert batch is not None
    with closing(open_pool(shop.settings)) as pool:
        (endpoint,) = pool.roster.endpoints()
    extraction = order_extraction(shop.settings, job)
    with closing(Provider(endpoint)) as provider:
        order = Order(shop.settings, shop.db, job, provider, extraction, lambda: None)
        with order.spool() as file:
            items = iter(order.inputs(Shard(job, 0), range(1, 6)))
            assert RequestLines(job.id, endpoint, extraction, items).fill(file, 10)
            file.seek(0)
            provider.create(provider.upload("rows.jsonl", file), batch.id)
    assert shop.work(job).done == 5
    assert shop.provider.sizes() == [5]
    assert set(shop.provider.paid.values()) == {1}


def test_no_batch_is_sent_that_would_exceed_the_budget(shop: ProviderShop) -> None:
    job = shop.submit(200)
    control.pause(shop.db, job.id)
    control.resume(shop.db, job.id, Budget(0.10, "USD"))
    stopped = shop.work(job)
    assert stopped.status is JobStatus.PAUSED
    assert "budget of $0.10" in stopped.reason
    assert f"{stopped.done} rows are done, {200 - stopped.done} left" in stopped.reason
    # A row takes a tenth of a cent. Before one was answered, the longest answer was feared.
    assert 0.08 < stopped.cost <= 0.10
    sizes = shop.provider.sizes()
    assert sizes[0] < sizes[1], "what answers took is known from the first batch on"
    assert sum(sizes) == stopped.done
    control.resume(shop.db, job.id, Budget(1.0, "USD"))
    ended = shop.work(job)
    assert (ended.status, ended.done) == (JobStatus.DONE, 200)
    assert set(shop.provider.paid.values()) == {1}


def test_a_budget_below_the_first_row_sends_nothing(shop: ProviderShop) -> None:
    job = shop.submit(3)
    control.pause(shop.db, job.id)
    control.resume(shop.db, job.id, Budget(0.001, "USD"))
    stopped = shop.work(job)
    assert stopped.status is JobStatus.PAUSED
    assert "does not reach for another row: 0 rows are done, 3 left" in stopped.reason
    assert not shop.provider.sizes()
