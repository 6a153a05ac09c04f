"""Several questions asked at once while a person looks on.

As a person does, in the chat lane; or in the background, where shoppers come first.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Protocol, TypeVar

from batch.extract import Ask
from core.batch_lane import BatchLane
from core.chat_lane import ChatLane
from core.endpoints import Endpoint
from core.errors import ModelError, SettingError
from core.model import Answer, Request
from core.model_client import ModelClient
from core.pool import Pool
from core.statuses import Lane
from core.usage import CANCELLED, OK, Call, Tokens, outcome_of

T = TypeVar("T")

#: Work that asks a model, as often as it needs.
Work = Callable[[Ask], Coroutine[Any, Any, T]]


class Asker(Protocol):
    """Asks models; made and closed in one event loop."""

    async def ask(self, request: Request, note: Callable[[Call], None]) -> Answer:
        """Ask once; ``note`` is told of every call that it took."""

    async def close(self) -> None:
        """Give back what it holds."""


def ask_at_once(
    lane: ChatLane,
    works: Sequence[Work[T]],
    *,
    waiting: bool = True,
    limit_s: float = math.inf,
    beat_s: float | None = None,
) -> Generator[list[T], None, None]:
    """Do work that asks models, many at once.

    Args:
        lane: The way to the models.
        works: What is to be done.
        limit_s: What is not ready after so long is given up.
        waiting: Whether a person waits for it; else shoppers come first.
        beat_s: Come back empty-handed after so long, so that the one who waits can do
            something else.

    Yields:
        What has become ready together. Leaving early cancels what is under way.

    Raises:
        ModelError: Work that does not bear it met one.
        SettingError: No endpoint serves people.
        ServiceError: The embedded model has not been started.
    """
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        asker: Asker = _Person(lane) if waiting else _Background(lane.pool)
        pending = {loop.create_task(work(asker.ask)) for work in works}
        end = time.monotonic() + limit_s
        try:
            while pending and (left_s := end - time.monotonic()) > 0:
                ready, pending = runner.run(_first(pending, min(left_s, beat_s or math.inf)))
                yield [task.result() for task in ready]
        finally:
            for task in pending:
                task.cancel()
            runner.run(_end(asker, pending))


async def _first(
    tasks: set[asyncio.Task[T]], limit_s: float
) -> tuple[set[asyncio.Task[T]], set[asyncio.Task[T]]]:
    timeout = None if math.isinf(limit_s) else limit_s
    return await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


async def _end(asker: Asker, tasks: set[asyncio.Task[T]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
    await asker.close()


class _Background:
    """Asks as jobs do."""

    def __init__(self, pool: Pool) -> None:
        if not [one for one in pool.roster.endpoints() if Lane.BATCH in one.lanes]:
            raise SettingError("No endpoint serves background jobs: see `lanes` in endpoints.toml.")
        self._lane = BatchLane(pool, timeout_s=pool.settings.call_timeout_s)

    async def ask(self, request: Request, note: Callable[[Call], None]) -> Answer:
        return await self._lane.complete(request, note)

    async def close(self) -> None:
        await self._lane.close()


class _Person:
    """Asks as people do, but leaves the reserve to them."""

    def __init__(self, lane: ChatLane) -> None:
        self._lane = lane
        self._clients: dict[Endpoint, ModelClient] = {}
        endpoints = [one for one in lane.pool.roster.endpoints() if Lane.CHAT in one.lanes]
        if not endpoints:
            raise SettingError("No endpoint serves people: see `lanes` in endpoints.toml.")
        self._limit = asyncio.Semaphore(sum(one.batch_slots for one in endpoints))

    async def ask(self, request: Request, note: Callable[[Call], None]) -> Answer:
        async with self._limit:
            with self._lane.entry() as entry:
                while not entry.look():
                    await asyncio.sleep(entry.pause_s)
                client = self._client(entry.endpoint)
                loop = asyncio.get_running_loop()
                began, outcome, answer = loop.time(), CANCELLED, None
                try:
                    answer = await client.complete(request, lane=Lane.CHAT, slot=entry.slot)
                    outcome = OK
                    return answer
                except ModelError as error:
                    outcome = outcome_of(error)
                    self._lane.pool.met(entry.endpoint, error)
                    raise
                finally:
                    tokens = answer.tokens if answer else Tokens()
                    entry.tokens = tokens.prompt + tokens.completion
                    note(
                        entry.endpoint.call(
                            Lane.CHAT,
                            tokens,
                            outcome,
                            queue_ms=entry.queue_ms,
                            total_ms=(loop.time() - began) * 1000,
                        )
                    )

    def _client(self, endpoint: Endpoint) -> ModelClient:
        if endpoint not in self._clients:
            timeout_s = self._lane.pool.settings.call_timeout_s
            self._clients[endpoint] = ModelClient(endpoint, timeout_s=timeout_s)
        return self._clients[endpoint]

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
