"""The row loop: takes one shard through the model, many rows at a time.

The only asynchronous code of the worker, with what it works with: the lane that
its calls take, the budget's purse, the recorder of outcomes. Knows nothing of
the engine that hands it shards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from batch import approved, budget, claims, memory, rows, runs
from batch.extract import Extraction, Outcome
from batch.inputs import Input, Inputs, in_prompt_order
from batch.jobs import Job
from batch.memory import Division
from batch.purse import Purse, Purses
from batch.ranges import Shard
from batch.recorder import Recorder, as_soon_as_back, until_sure
from batch.table import read_table
from batch.taught import open_lessons
from batch.uploads import table_path
from core.batch_lane import BatchLane
from core.db import Database
from core.errors import SettingError
from core.pool import open_pool
from core.settings import Settings
from core.statuses import Lane

#: How often a shard looks whether it should go on.
LOOK_S = 0.5


class RowLoop:
    """Runs shards in one event loop over one batch lane.

    Args:
        settings: Names the home and the endpoints.
        db: Our tables.
        sure: Whether this worker may act: it may not while others could take it for dead.
    """

    def __init__(self, settings: Settings, db: Database, sure: Callable[[], bool]) -> None:
        self._settings = settings
        self._db = db
        self._sure = sure
        self._pool = open_pool(settings)
        self._lane: BatchLane | None = None
        self._purses = Purses(db)
        self._recorder = Recorder(db, sure, stop_after=settings.stop_after)

    async def run(self, shard: Shard) -> None:
        """Extract the shard's missing rows and store each outcome.

        Rows that are known already are stored without a call. A row whose
        equal is asked for in another shard is left, for that shard or for the
        last pass (:attr:`Shard.last`).

        Returns early, with everything so far stored, when the job was paused,
        cancelled or deleted.

        Raises:
            Refused: The endpoints will not serve any row.
            ShopkeeperError: There is no endpoint for background jobs.
        """
        most = self._most_calls(shard.job)
        if self._lane is None:
            timeout_s = self._settings.call_timeout_s
            self._lane = BatchLane(self._pool, timeout_s=timeout_s, may_call=self._sure)
        division = await as_soon_as_back(lambda: self._divide(shard))
        purse = self._purses.of(shard.job)
        through = await self._ask(shard, division.ours, most, self._lane, purse)
        await until_sure(self._sure)
        if purse is not None and purse.refused:
            await as_soon_as_back(lambda: budget.stop(self._db, shard.job.id, shard.job.run))
        elif through:
            await as_soon_as_back(lambda: self._end(shard, division))

    def _divide(self, shard: Shard) -> Division:
        """See what is to be asked for, and store what is known."""
        job, extent = shard.job, (shard.job.id, shard.first_row, shard.count)
        wanted = frozenset(rows.missing(self._db, *extent))
        items = approved.with_judgements(self._db, list(self._read(shard, wanted)))
        answering = memory.models(self._pool.roster.endpoints(), job.endpoint)
        again = rows.to_read_again(self._db, *extent)
        if shard.last:
            known = memory.settled(self._db, job, items)
            there = {outcome.row_no for outcome in known}
            division = Division(known, [one for one in items if one.row_no not in there], [])
        else:
            division = memory.divide(self._db, shard, items, again, answering)
        if division.known:
            rows.record(self._db, job.id, shard.number, division.known, job.run)
        return division

    def _end(self, shard: Shard, division: Division) -> None:
        """Take over what has come of equal rows, and let other shards see what has come of ours."""
        job = shard.job
        if division.others:
            came = memory.settled(self._db, job, division.others)
            rows.record(self._db, job.id, shard.number, came, job.run)
        claims.release(self._db, shard)

    async def _ask(
        self,
        shard: Shard,
        items: Sequence[Input],
        most: int,
        lane: BatchLane,
        purse: Purse | None,
    ) -> bool:
        """Ask for rows, many at a time; returns whether all of them were gone through."""
        job = shard.job
        extraction = Extraction(
            job.columns,
            job.plan,
            attempts=self._settings.row_attempts,
            endpoint=job.endpoint,
            patience=job.patience,
        )
        source, outcomes = iter(in_prompt_order(items)), asyncio.Queue[Outcome | None]()
        tasks = [
            asyncio.create_task(_row_after_row(lane, extraction, source, outcomes, purse))
            for _ in range(min(most, len(items)))
        ]
        store = asyncio.create_task(self._recorder.record(shard, outcomes, purse))
        watch = asyncio.create_task(self._watch(job, purse))
        try:
            return await _first_to_end(tasks, watch, store)
        finally:
            await _stop([*tasks, watch])
            outcomes.put_nowait(None)
            await store

    def _most_calls(self, job: Job) -> int:
        """Calls that could be under way at the same time, if chat left everything."""
        endpoints = [one for one in self._pool.roster.endpoints() if Lane.BATCH in one.lanes]
        if not endpoints:
            raise SettingError("No endpoint serves background jobs: see `lanes` in endpoints.toml.")
        slots = sum(one.slots for one in endpoints if job.endpoint in (None, one.name))
        if not slots:
            raise SettingError(
                f"The endpoint “{job.endpoint}”, which this job is to use, is not there any more "
                "or does not serve background jobs. Retry the job with another one."
            )
        return slots

    async def close(self) -> None:
        """Give every slot back."""
        if self._lane is not None:
            await self._lane.close()

    def _read(self, shard: Shard, wanted: frozenset[int]) -> list[Input]:
        if not wanted:
            return []
        job = shard.job
        lessons = open_lessons(self._settings, self._db, learns=job.learns)
        inputs = Inputs(job.columns, job.plan, lessons)
        table = table_path(self._settings, job.upload_id)
        found = read_table(table, shard.first_row, shard.count)
        return inputs.all((number, row) for number, row in found if number in wanted)

    async def _watch(self, job: Job, purse: Purse | None) -> None:
        """End when the job should no longer be worked on in this run."""
        while await as_soon_as_back(lambda: runs.is_current(self._db, job.id, job.run)):
            await asyncio.sleep(LOOK_S)
        if purse is not None and await purse.is_empty():
            # The calls under way are paid for: they come to their end, and no other is made.
            await asyncio.Event().wait()


async def _row_after_row(
    lane: BatchLane,
    extraction: Extraction,
    source: Iterator[Input],
    outcomes: asyncio.Queue[Outcome | None],
    purse: Purse | None,
) -> None:
    """Take row after row from the source that all of them share, as far as the budget reaches."""
    for item in source:
        if purse is not None and not await purse.allows():
            return
        outcome = None
        try:
            came = await extraction.extract(lane.complete, item)
            outcome = approved.applied(came, item)
            outcomes.put_nowait(outcome)
        finally:
            if purse is not None:
                purse.ended(outcome)


async def _first_to_end(
    tasks: list[asyncio.Task[None]], watch: asyncio.Task[None], store: asyncio.Task[None]
) -> bool:
    """Wait until every task is through, or the watch says stop; returns whether all are through.

    Raises:
        Exception: What one of them failed with.
    """
    work = set(tasks)
    while work:
        ended, _ = await asyncio.wait({*work, watch, store}, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
        if watch in ended:
            return False
        work -= ended
    return True


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
