"""What comes of the rows that a provider has answered, or has not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from batch import rows, sent, stored_rows
from batch.extract import Outcome
from batch.standing import standing
from core import schema, usage_tables
from core.statuses import JobStatus, RowStatus
from core.values import Origin, Value
from tests.batch.provider.conftest import GOOD, ProviderShop, number, until
from tests.batch.test_approved import numbers
from tests.batch.test_teaching import approve
from tests.fake_endpoint import Reply


def test_every_row_is_answered_in_any_order_and_paid_once_at_the_batch_price(
    shop: ProviderShop,
) -> None:
    job = shop.submit(1100)
    ended = shop.work(job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 1100, 0)
    assert set(shop.provider.paid.values()) == {1}
    assert len(shop.provider.paid) == 1100
    found = stored_rows.page(shop.settings, shop.db, ended, 1042, 1)[0]
    assert found.values["brand"].value == "Acme"
    assert found.values["brand"].column == "title"
    with shop.db.read() as connection:
        used = connection.execute(sa.select(usage_tables.usage)).mappings().all()
    assert {(one["lane"], one["endpoint"], one["model"], one["job_id"]) for one in used} == {
        ("batch", "provider", "fake", job.id)
    }
    # 100 tokens in at 10 and 10 out at 100 a million, half of that in a batch.
    whole = 1100 * (100 * 10 + 10 * 100) / 1_000_000
    assert sum(one["cost"] for one in used) == pytest.approx(whole / 2)
    assert not shop.provider.files, "nothing of the shop is left there"


def test_each_row_gets_its_own_answer(shop: ProviderShop) -> None:
    shop.provider.script = lambda text, _before: Reply(f'{{"capacity": {number(text)}}}')
    ended = shop.work(shop.submit(300))
    found = stored_rows.page(shop.settings, shop.db, ended, 1, 300)
    assert [row.values["capacity"].value for row in found] == list(range(1, 301))


def test_what_was_approved_is_not_sent_and_stands_over_what_comes(shop: ProviderShop) -> None:
    shown, held_back = numbers(held_back=False, count=10), numbers(held_back=True, count=3)
    first = shop.submit(60)
    right = {"brand": Value("Zenith", Origin.HUMAN)}
    done = [Outcome(number, RowStatus.DONE, right) for number in [*shown, *held_back]]
    rows.record(shop.db, first.id, 0, done, first.run)
    approve(shop.settings, shop.db, first, *shown, *held_back)
    ended = shop.work(shop.submit(60))
    assert (ended.status, ended.done) == (JobStatus.DONE, 60)
    assert shop.provider.sizes() == [50]
    found = {row.row_no: row for row in stored_rows.iterate(shop.settings, shop.db, ended)}
    zenith = {number for number, row in found.items() if row.values["brand"].value == "Zenith"}
    assert zenith == {*shown, *held_back}


def test_a_download_that_breaks_off_is_begun_again(shop: ProviderShop) -> None:
    shop.provider.cuts = 2
    assert shop.work(shop.submit(100)).done == 100
    assert set(shop.provider.paid.values()) == {1}


def test_what_expired_is_sent_again_and_what_was_answered_is_kept(shop: ProviderShop) -> None:
    shop.provider.expire_after = [130, 0]
    ended = shop.work(shop.submit(300))
    assert (ended.status, ended.done) == (JobStatus.DONE, 300)
    assert shop.provider.statuses() == ["expired", "expired", "completed"]
    assert shop.provider.sizes() == [300, 170, 170]
    assert set(shop.provider.paid.values()) == {1}


def test_what_expires_twice_without_any_answer_stops_the_job(shop: ProviderShop) -> None:
    shop.provider.expire_after = [0, 0, 0]
    ended = shop.work(shop.submit(30))
    assert (ended.status, ended.waiting) == (JobStatus.FAILED, 30)
    assert "24 hours" in ended.reason
    assert shop.provider.statuses() == ["expired", "expired"]


def odd_rows(text: str, before: int) -> Reply | None:
    """What may become of a row, by its number."""
    once = {
        5: Reply(status=500, body=b'{"error": {"message": "overloaded"}}'),
        6: Reply("not json"),
        7: None,
        8: Reply(body=b'{"choices": []}'),
    }
    always = {
        3: Reply(status=400, body=b'{"error": {"message": "too odd"}}'),
        4: Reply(status=429, body=b"{}"),
        9: Reply('{"brand": "Ac', finish_reason="length"),
    }
    row = number(text)
    return always.get(row) or (once.get(row, GOOD) if not before else GOOD)


def test_a_row_that_fails_is_tried_again_while_that_can_help(shop: ProviderShop) -> None:
    shop.provider.script = odd_rows
    job = shop.submit(20)
    ended = shop.work(job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 17, 3)
    failed = stored_rows.page(shop.settings, shop.db, ended, 1, 20, RowStatus.FAILED)
    errors = {row.row_no: row.error for row in failed}
    assert "too odd" in errors[3]
    assert "rate limit" in errors[4]
    assert "cut off" in errors[9]
    with shop.db.read() as connection:
        stored = connection.execute(sa.select(schema.rows)).mappings()
        tried = {row["row_no"]: row["attempts"] for row in stored}
    # A row that was left out was not called.
    more = {4: shop.settings.row_attempts, 5: 2, 6: 2, 7: 1, 8: 2, 9: 2}
    assert tried == dict.fromkeys(range(1, 21), 1) | more
    # All 20, then those that failed or were left out, then only the one at its limit.
    assert shop.provider.sizes() == [20, 6, 1, 1, 1]


def test_an_answer_that_cannot_be_used_is_paid_for_all_the_same(shop: ProviderShop) -> None:
    shop.provider.script = lambda _text, before: GOOD if before else Reply("not json")
    shop.work(shop.submit(2))
    with shop.db.read() as connection:
        used = connection.execute(
            sa.select(usage_tables.usage.c.outcome, usage_tables.usage.c.prompt_tokens)
        )
        assert sorted(used.all()) == [("bad answer", 100)] * 2 + [("ok", 100)] * 2


def test_a_job_whose_first_rows_all_fail_stops_itself(shop: ProviderShop) -> None:
    said = b'{"error": {"message": "no such format"}}'
    shop.provider.script = lambda _text, _before: Reply(status=400, body=said)
    ended = shop.work(shop.saying("batch_requests = 60").submit(60))
    assert ended.status is JobStatus.FAILED
    assert "no such format" in ended.reason


def test_a_batch_that_the_provider_no_longer_knows_is_sent_again(shop: ProviderShop) -> None:
    job = shop.submit(5)
    shop.provider.times.work_s = 60
    with shop.working(job):
        until(lambda: standing(shop.db, job.id).batches)
        shop.provider.times.work_s = 0.1
        shop.provider.batches.clear()
    ended = shop.now(job)
    assert (ended.status, ended.done) == (JobStatus.DONE, 5)


class KilledError(BaseException):
    """The process is gone at this moment."""


def test_collecting_that_was_interrupted_counts_nothing_twice(
    shop: ProviderShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = shop.submit(2500)
    real, stored = rows.record, Counter[str]()

    def record(*args: Any) -> bool:
        stored["shards"] += 1
        if stored["shards"] == 2:
            raise KilledError
        return real(*args)

    def close(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(rows, "record", record)
        shop.run(job)
    assert shop.now(job).done == 1000
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(sent, "close", close)
        shop.run(job)
    assert shop.work(job).done == 2500
    with shop.db.read() as connection:
        assert (
            connection.execute(sa.select(sa.func.sum(usage_tables.usage.c.calls))).scalar() == 2500
        )
    assert shop.provider.statuses() == ["completed"]
