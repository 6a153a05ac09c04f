"""Several questions asked at once while a person waits, in the chat lane."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, TypeVar

from batch.extract import Ask
from core.chat_lane import ChatLane
from core.endpoints import Endpoint
from core.errors import ModelError, SettingError
from core.model import Answer, ModelClient, Request
from core.schema import Lane
from core.usage import CANCELLED, OK, Call, Tokens, outcome_of

T = TypeVar("T")

#: Work that asks a model, as often as it needs.
Work = Callable[[Ask], Coroutine[Any, Any, T]]


def ask_at_once(
    lane: ChatLane, works: Sequence[Work[T]], limit_s: float = math.inf
) -> Generator[list[T], None, None]:
    """Do work that asks models, as much at once as people may.

    Args:
        lane: The way to the models.
        works: What to do.
        limit_s: So long a person waits, in seconds: what is not ready by then is given up.

    Yields:
        What has become ready together. Leaving early cancels what is under way.

    Raises:
        ModelError: Work that does not bear it met one.
        SettingError: No endpoint serves people.
        ServiceError: The embedded model has not been started.
    """
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        asker = _Asker(lane)
        pending = {loop.create_task(work(asker.ask)) for work in works}
        end = time.monotonic() + limit_s
        try:
            while pending and (left_s := end - time.monotonic()) > 0:
                ready, pending = runner.run(_first(pending, left_s))
                yield [task.result() for task in ready]
        finally:
            for task in pending:
                task.cancel()
            runner.run(asker.close(pending))


async def _first(
    tasks: set[asyncio.Task[T]], limit_s: float
) -> tuple[set[asyncio.Task[T]], set[asyncio.Task[T]]]:
    timeout = None if math.isinf(limit_s) else limit_s
    return await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


class _Asker:
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

    async def close(self, tasks: set[asyncio.Task[T]]) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in self._clients.values():
            await client.close()
