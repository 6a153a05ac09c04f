"""What is left of a job's budget, as the row loop of one worker sees it.

Knows how much is spent only from what is stored and from its own calls: other
workers spend from the same budget.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from weakref import WeakValueDictionary

from batch import crew
from batch.budget import Budget, cost, spent
from batch.extract import Outcome
from batch.jobs import Job
from core.db import Database, when_back

#: While less is left than so many calls like the dearest one cost, it is looked before each call.
NEAR_CALLS = 256


class Purse:
    """What is left of a job's budget, as the row loop of one worker sees it.

    Counts the answers that are not stored yet with what all workers have stored,
    and the calls under way as dear as the dearest one: the first call is waited
    for, to see that. While plenty is left it looks only when a block is stored,
    and towards the end before each call. Workers share what is left then: what is
    spent too much is at most what others have under way or are just storing.

    Args:
        budget: The job's.
        read: Tells what is stored as spent, and how many workers there are.
    """

    def __init__(self, budget: Budget, read: Callable[[], tuple[float, int]]) -> None:
        self._budget = budget
        self._read = read
        self._stored, self._workers = 0.0, 1
        self._to_store = 0.0
        self._dearest: float | None = None
        self._under_way = 0
        self._ended = asyncio.Event()
        self._closed = False
        self._turn = asyncio.Lock()
        #: Whether a row was not asked for since the budget does not reach for it.
        self.refused = False

    @property
    def near_its_end(self) -> bool:
        """Whether every call counts now."""
        left = self._budget.amount - self._paid
        return self._dearest is None or left <= NEAR_CALLS * self._dearest

    @property
    def _paid(self) -> float:
        return self._stored + self._to_store

    async def allows(self) -> bool:
        """Wait until it is clear whether one more row may be asked for; it is then under way."""
        while True:
            if self.near_its_end and not self._closed:
                await self._look()
            if self._closed or self._budget.is_used_up(self._paid):
                self.refused = True
                return False
            if self._reaches():
                self._under_way += 1
                return True
            self._ended.clear()
            await self._ended.wait()

    def _reaches(self) -> bool:
        """Whether it reaches for one more call, when those under way have been paid for."""
        if not self._under_way or self._dearest is None:
            return not self._under_way
        promised = self._under_way * self._dearest * self._workers
        return not self._budget.is_used_up(self._paid + promised)

    def ended(self, outcome: Outcome | None) -> None:
        """A row is not under way any more; its outcome, if it has one, is to be stored."""
        self._under_way -= 1
        if outcome is not None:
            paid = cost([outcome])
            self._to_store += paid
            self._dearest = max(self._dearest or 0.0, paid)
        self._ended.set()

    async def is_empty(self) -> bool:
        """Whether it is used up, by whatever worker; nothing more is then allowed."""
        await self._look()
        self._closed = self._closed or self._budget.is_used_up(self._paid)
        self._ended.set()
        return self._closed

    @asynccontextmanager
    async def storing(self, block: Sequence[Outcome]) -> AsyncIterator[None]:
        """While a block is stored, nobody looks: it would be counted twice, or not at all."""
        async with self._turn:
            yield
            self._stored, self._workers = await asyncio.to_thread(when_back, self._read)
            self._to_store -= cost(block)

    async def _look(self) -> None:
        async with self._turn:
            self._stored, self._workers = await asyncio.to_thread(when_back, self._read)


class Purses:
    """The purses of all jobs that a worker works on: one for all shards of a job's run.

    Args:
        db: Our tables.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._open = WeakValueDictionary[tuple[str, int], Purse]()

    def of(self, job: Job) -> Purse | None:
        """What is left of the job's budget; None where it has none."""
        if job.budget is None:
            return None
        key = job.id, job.run
        purse = self._open.get(key)
        if purse is None:
            purse = self._open[key] = Purse(job.budget, partial(self._spent, job.id))
        return purse

    def _spent(self, job_id: str) -> tuple[float, int]:
        with self._db.read() as connection:
            paid = spent(connection, job_id)
        return paid, max(1, len(crew.living(self._db)))
