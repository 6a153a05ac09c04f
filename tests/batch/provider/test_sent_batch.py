"""Which rows a batch has, and what follows from how batches end."""

from __future__ import annotations

from dataclasses import replace

from batch.sent_batch import SentBatch, hopeless, ranges, tries
from core.statuses import BatchStatus


def batch(numbers: list[int], **more: object) -> SentBatch:
    made = SentBatch(
        id="b",
        job_id="j",
        run=1,
        endpoint="e",
        status=BatchStatus.COLLECTED,
        remote_id="r",
        remote_status="completed",
        ranges=tuple((first, last) for first, last in ranges(numbers)),
        rows=len(numbers),
        answered=0,
        cost=0.0,
        collected_to=0,
        room=None,
        problem="",
        created_at=0.0,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_rows_are_kept_as_ranges() -> None:
    assert ranges([1, 2, 3, 7, 9, 10]) == [[1, 3], [7, 7], [9, 10]]
    found = batch([1, 2, 3, 7, 9, 10])
    assert list(found.rows_between(2, 9)) == [2, 3, 7, 9]
    assert list(found.rows_between(4, 6)) == []
    assert found.last_row == 10


def test_a_line_of_its_file_is_a_row() -> None:
    found = batch([1, 2, 3, 7, 9])
    assert [found.row_of_line(line) for line in range(1, 7)] == [1, 2, 3, 7, 9, None]


def test_rows_to_collect_come_by_shard_from_where_it_was_left() -> None:
    numbers = [1, 2, 1000, 1001, 3005]
    assert list(batch(numbers).shards()) == [(0, [1, 2, 1000]), (1, [1001]), (3, [3005])]
    assert next(iter(batch(numbers, collected_to=2).shards())) == (0, [1000])
    assert next(iter(batch(numbers, collected_to=1000).shards())) == (1, [1001])
    assert list(batch(numbers, collected_to=3005).shards()) == []


def test_only_batches_that_were_not_given_up_are_tries() -> None:
    found = [
        batch([1, 2]),
        batch([2, 3], remote_status="expired"),
        batch([2], remote_status="failed"),
        batch([2], remote_status="cancelled"),
        batch([2], status=BatchStatus.SENT),
    ]
    assert tries(found, 1, 10) == {1: 1, 2: 2, 3: 1}


def test_rows_that_come_back_twice_without_any_answer_end_the_run() -> None:
    first = batch([1, 2, 3], problem="No such model.")
    assert hopeless([first]) is None
    assert hopeless([first, batch([4, 5], problem="No such model.")]) is None
    again = batch([1, 2], problem="No such model.")
    assert hopeless([first, again]) is again
    assert hopeless([first, batch([1, 2], problem="Expired.", answered=1)]) is None


def test_what_was_only_too_much_at_once_is_no_reason_to_stop() -> None:
    much = batch([1, 2, 3, 4], problem="Too much.", room=2)
    assert hopeless([much, much, much]) is None
    single = batch([1], problem="Too much.", room=1)
    assert hopeless([much, single, single]) is single
