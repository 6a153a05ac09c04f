"""Stores the outcomes of a shard while they come, block by block.

A database that is away is waited for, and nothing is stored while others could
take this worker for dead. Knows nothing of where outcomes come from.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeVar

from batch import rows, runs
from batch.extract import Outcome
from batch.purse import Purse
from batch.ranges import Shard
from core.db import Database, when_back

#: Outcomes are stored in blocks of at most so many, gathered for at most so long: what a
#: kill can cost beside the calls in flight.
BLOCK_ROWS = 64
GATHER_S = 0.05
#: How often it looks whether this worker may act again.
UNSURE_S = 0.1

T = TypeVar("T")


class Recorder:
    """Stores outcomes, for every shard of a worker.

    Args:
        db: Our tables.
        sure: Whether this worker may act: it may not while others could take it for dead.
        stop_after: A job whose first so many rows have all failed is stopped; 0: none is.
    """

    def __init__(self, db: Database, sure: Callable[[], bool], *, stop_after: int) -> None:
        self._db = db
        self._sure = sure
        self._stop_after = stop_after

    async def record(
        self, shard: Shard, outcomes: asyncio.Queue[Outcome | None], purse: Purse | None
    ) -> None:
        """Store outcomes block by block, up to the end mark (None).

        Args:
            shard: Whose they are.
            outcomes: As they come.
            purse: What is left of the job's budget, if it has one.
        """
        job, limit = shard.job, self._stop_after
        ended, hopeful = False, not limit
        while not ended:
            in_haste = purse is not None and purse.near_its_end
            block, ended = await _block(outcomes, 0 if in_haste else GATHER_S)
            if block:
                await until_sure(self._sure)
                async with purse.storing(block) if purse else nullcontext():
                    await as_soon_as_back(self._recording(shard, block))
            if block and not hopeful:
                hopeful = not await as_soon_as_back(
                    lambda: runs.stop_if_hopeless(self._db, job.id, job.run, limit)
                )

    def _recording(self, shard: Shard, block: list[Outcome]) -> Callable[[], None]:
        """Stores a block, once, however often it is called while the database comes and goes."""
        job, at, tried = shard.job, time.time(), False

        def store() -> None:
            nonlocal tried
            if not (tried and rows.is_recorded(self._db, job.id, block, at)):
                tried = True
                rows.record(self._db, job.id, shard.number, block, job.run, at=at)

        return store


async def until_sure(sure: Callable[[], bool]) -> None:
    """Wait until this worker may act; one that was taken for dead ends meanwhile."""
    while not sure():
        await asyncio.sleep(UNSURE_S)


async def as_soon_as_back(do: Callable[[], T]) -> T:
    """Do something in the database, in a thread, as soon as its server answers."""
    return await asyncio.to_thread(when_back, do)


async def _block(
    outcomes: asyncio.Queue[Outcome | None], gather_s: float
) -> tuple[list[Outcome], bool]:
    """The next outcomes to be stored together, and whether the end mark (None) came."""
    outcome = await outcomes.get()
    if outcome is None:
        return [], True
    block = [outcome]
    try:
        async with asyncio.timeout(gather_s):
            while len(block) < BLOCK_ROWS:
                if (outcome := await outcomes.get()) is None:
                    return block, True
                block.append(outcome)
    except TimeoutError:
        pass
    return block, False
