"""The row loop: takes one shard through the model, many rows at a time.

The only asynchronous code of the worker. Knows rows, slots and how to store
outcomes; knows nothing of the engine that hands it shards.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from batch import rows, runs
from batch.extract import Extraction, Outcome
from batch.jobs import Job
from batch.rows import Source
from batch.table import SHARD_ROWS, read_table
from batch.uploads import table_path
from core.db import Database
from core.endpoints import Endpoint, endpoint
from core.model import ModelClient
from core.settings import Settings

#: Outcomes are stored in blocks of at most so many, gathered for at most so long: what a
#: kill can cost beside the calls in flight.
BLOCK_ROWS = 64
GATHER_S = 0.05
#: How often a shard looks whether it should go on.
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Shard:
    """A range of a job's rows, in one run of the job."""

    job: Job
    number: int

    @property
    def first_row(self) -> int:
        """1-based."""
        return self.number * SHARD_ROWS + 1

    @property
    def count(self) -> int:
        """How many rows the range has."""
        return min(SHARD_ROWS, self.job.rows - self.number * SHARD_ROWS)


class Pool:
    """One endpoint's client and its batch slots, shared by every shard that runs."""

    def __init__(self, served_by: Endpoint, *, timeout_s: float) -> None:
        self.endpoint = served_by
        self.client = ModelClient(served_by, timeout_s=timeout_s)
        self._free: asyncio.Queue[int] = asyncio.Queue()
        for slot in range(served_by.batch_slots):
            self._free.put_nowait(slot)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """A free slot's number, waited for and given back."""
        slot = await self._free.get()
        try:
            yield slot
        finally:
            self._free.put_nowait(slot)


class RowLoop:
    """Runs shards in one event loop over one pool of slots."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._pool: Pool | None = None

    async def run(self, shard: Shard) -> None:
        """Extract the shard's missing rows and store each outcome.

        Returns early, with everything so far stored, when the job was paused,
        cancelled or deleted.

        Raises:
            EndpointError: The endpoint refuses every row.
            ServiceError: The embedded model has not been started.
        """
        pool = self._current_pool()
        job = shard.job
        wanted = await asyncio.to_thread(
            rows.missing, self._db, job.id, shard.first_row, shard.count
        )
        source = self._read(shard, frozenset(wanted))
        outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        extraction = Extraction(job.columns, job.fields, attempts=self._settings.row_attempts)
        lanes = [
            asyncio.create_task(_lane(pool, extraction, source, outcomes))
            for _ in range(min(pool.endpoint.batch_slots, len(wanted)))
        ]
        store = asyncio.create_task(self._store(shard, pool.endpoint, outcomes))
        watch = asyncio.create_task(self._watch(job))
        try:
            await _first_to_end(lanes, watch, store)
        finally:
            await _stop([*lanes, watch])
            outcomes.put_nowait(None)
            await store

    def _current_pool(self) -> Pool:
        """The pool of the endpoint as it is now; a moved endpoint gets a new one."""
        now = endpoint(self._settings)
        if self._pool is None or self._pool.endpoint != now:
            self._pool = Pool(now, timeout_s=self._settings.call_timeout_s)
        return self._pool

    def _read(self, shard: Shard, wanted: frozenset[int]) -> Iterator[tuple[int, dict[str, str]]]:
        table = table_path(self._settings, shard.job.upload_id)
        found = read_table(table, shard.first_row, shard.count)
        return ((number, row) for number, row in found if number in wanted)

    async def _watch(self, job: Job) -> None:
        """End when the job should no longer be worked on in this run."""
        while await asyncio.to_thread(runs.is_current, self._db, job.id, job.run):
            await asyncio.sleep(LOOK_S)

    async def _store(
        self, shard: Shard, served_by: Endpoint, outcomes: asyncio.Queue[Outcome | None]
    ) -> None:
        """Store outcomes block by block, up to the end mark."""
        source = Source(served_by.name, served_by.model, shard.job.run)
        ended = False
        while not ended:
            block, ended = await _block(outcomes)
            if block:
                await asyncio.to_thread(
                    rows.record, self._db, shard.job.id, shard.number, block, source
                )


async def _lane(
    pool: Pool,
    extraction: Extraction,
    source: Iterator[tuple[int, Mapping[str, str]]],
    outcomes: asyncio.Queue[Outcome | None],
) -> None:
    """Take row after row from the source that all lanes share."""
    for number, row in source:
        outcomes.put_nowait(await extraction.extract(pool.client, pool.slot, number, row))


async def _block(outcomes: asyncio.Queue[Outcome | None]) -> tuple[list[Outcome], bool]:
    """The next outcomes to be stored together, and whether the end mark (None) came."""
    outcome = await outcomes.get()
    if outcome is None:
        return [], True
    block = [outcome]
    try:
        async with asyncio.timeout(GATHER_S):
            while len(block) < BLOCK_ROWS:
                if (outcome := await outcomes.get()) is None:
                    return block, True
                block.append(outcome)
    except TimeoutError:
        pass
    return block, False


async def _first_to_end(
    lanes: list[asyncio.Task[None]], watch: asyncio.Task[None], store: asyncio.Task[None]
) -> None:
    """Wait until every lane is through, the watch says stop, or something fails."""
    work = set(lanes)
    while work:
        ended, _ = await asyncio.wait({*work, watch, store}, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
        if watch in ended:
            return
        work -= ended


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
