"""A batch of rows at a provider: which rows it has, how it is, and what follows from that.

Knows no database and no provider.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from batch.table import SHARD_ROWS
from core.statuses import BatchStatus

#: How a batch ended whose rows had their chance there.
_TRIED = ("completed", "expired")


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch of a job's rows.

    Attributes:
        run: The run of the job that sent it.
        remote_id: Its id at the provider; None while it is being created.
        remote_status: How it is there, in the provider's word.
        ranges: First and last numbers of its rows, ascending.
        rows: How many rows it has.
        answered: Of these, those that have an answer there.
        cost: What it was expected to cost when it was sent.
        collected_to: Its answers up to this row are in our tables.
        room: Rows that the provider may have of us at once, where it refused this batch for that.
        problem: What went wrong with it as a whole.
    """

    id: str
    job_id: str
    run: int
    endpoint: str
    status: BatchStatus
    remote_id: str | None
    remote_status: str
    ranges: tuple[tuple[int, int], ...]
    rows: int
    answered: int
    cost: float
    collected_to: int
    room: int | None
    problem: str
    created_at: float

    @property
    def last_row(self) -> int:
        """Its highest row."""
        return self.ranges[-1][1]

    @property
    def tried(self) -> bool:
        """Whether it has ended in a way that counts as a try at each of its rows."""
        return self.status is BatchStatus.COLLECTED and self.remote_status in _TRIED

    @property
    def came_back_empty(self) -> bool:
        """Whether the provider gave up on all of it, and not only since it had too much."""
        too_much = self.room is not None and (self.rows, self.room) != (1, 1)
        ended = self.status is BatchStatus.COLLECTED
        return ended and not self.answered and bool(self.problem) and not too_much

    def rows_between(self, first_row: int, last_row: int) -> Iterator[int]:
        """Those of its rows that are in a range."""
        start = bisect_left(self.ranges, first_row, key=lambda found: found[1])
        for first, last in islice(self.ranges, start, None):
            if first > last_row:
                return
            yield from range(max(first, first_row), min(last, last_row) + 1)

    def shards(self) -> Iterator[tuple[int, list[int]]]:
        """Its rows that are not collected yet, by the number of their shard."""
        for number in range(self.collected_to // SHARD_ROWS, (self.last_row - 1) // SHARD_ROWS + 1):
            first = max(self.collected_to, number * SHARD_ROWS) + 1
            if found := list(self.rows_between(first, (number + 1) * SHARD_ROWS)):
                yield number, found

    def row_of_line(self, line: int) -> int | None:
        """The row that a line of its file asks for; lines count from 1."""
        for first, last in self.ranges:
            if line <= last - first + 1:
                return first + line - 1
            line -= last - first + 1
        return None


def ranges(numbers: Sequence[int]) -> list[list[int]]:
    """Ascending numbers as a list of first and last ones."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def tries(batches: Iterable[SentBatch], first_row: int, last_row: int) -> Counter[int]:
    """How often each row of a range has had its chance in these batches."""
    return Counter(
        number
        for batch in batches
        if batch.tried
        for number in batch.rows_between(first_row, last_row)
    )


def hopeless(batches: Sequence[SentBatch]) -> SentBatch | None:
    """The batch that ends a run: twice its rows came back as a whole, without a single answer.

    A batch that was too much for the provider at that moment does not count: it is
    sent again in smaller ones, or when others have ended. Only a single row
    cannot be made smaller.

    Args:
        batches: Those of one run, the oldest first.
    """
    failed = [one for one in batches if one.came_back_empty]
    for at, batch in enumerate(failed):
        first = batch.ranges[0][0]
        if any(list(earlier.rows_between(first, first)) for earlier in failed[:at]):
            return batch
    return None
