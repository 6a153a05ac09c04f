"""The batch lane: calls that nobody waits for, on whatever chat leaves of the pool.

A call that is called back, that meets a rate limit or finds nobody there is
made again elsewhere or later: that is no fault of its row, and costs it
nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from core.condition import trouble_of
from core.errors import DatabaseAway, EndpointError, ModelError, RateLimited, Refused, Unreachable
from core.model import Answer, Request
from core.places import Places
from core.pool import Pool
from core.sites import Place
from core.statuses import Lane
from core.usage import CALLED_BACK, CANCELLED, OK, Call, Tokens, outcome_of

log = logging.getLogger(__name__)

#: An endpoint that refuses every call is tried again after this long.
REFUSAL_S = 60.0
#: How long a call is kept waiting by endpoints in trouble before that is given as the reason.
PATIENCE_S = 600.0
#: How often a call that may not be made now asks again.
NOT_NOW_S = 0.1
#: Weight of the last answer in what a call is expected to take.
TOKENS_WEIGHT = 0.1

P = ParamSpec("P")
R = TypeVar("R")

#: Told of each call that was made, also of those in vain.
Note = Callable[[Call], None]


class BatchLane:
    """Makes calls for jobs; one for each process, in one event loop.

    Args:
        pool: Where the slots come from.
        timeout_s: Longest wait for an answer.
        may_call: Asked right before each call; while it says no, none is made.
    """

    def __init__(
        self, pool: Pool, *, timeout_s: float, may_call: Callable[[], bool] = lambda: True
    ) -> None:
        self._pool = pool
        self._may_call = may_call
        self._places = Places(pool, timeout_s=timeout_s)

    async def complete(self, request: Request, note: Note) -> Answer:
        """Ask once, wherever and whenever there is room.

        Args:
            request: What for.
            note: Told of every call that it took.

        Raises:
            Refused: Every endpoint refuses every call, or none could be used for long.
            EndpointError: It failed in a way that may be the request's fault.
            AnswerError: An answer that is malformed, empty or cut off.
        """
        began, urgent = time.monotonic(), False
        while True:
            queued = time.perf_counter()
            place = await self._places.take(request.prefix, only=request.endpoint, urgent=urgent)
            queue_ms = (time.perf_counter() - queued) * 1000
            if place.called_back or not self._may_call():
                self._places.give(place)
                urgent = True
                await asyncio.sleep(0 if place.called_back else NOT_NOW_S)
                continue
            try:
                return await self._call(place, request, queue_ms, note)
            except _CalledBack:
                urgent = True
            except (RateLimited, Unreachable, Refused) as error:
                self._give_up_after(began, request, error)
                urgent = True

    def _give_up_after(self, began: float, request: Request, error: EndpointError) -> None:
        if self._places.all_refuse(request.endpoint):
            raise error
        if time.monotonic() - began > PATIENCE_S:
            minutes = round(PATIENCE_S / 60)
            raise Refused(f"No model could be used for {minutes} minutes. {error}") from error

    async def _call(self, place: Place, request: Request, queue_ms: float, note: Note) -> Answer:
        """One call on a place, which is given back whatever comes of it."""
        outcome, tokens, ttft_ms = CANCELLED, Tokens(), None
        started = time.perf_counter()
        try:
            answer = await self._asked(place, request)
            outcome, tokens, ttft_ms = OK, answer.tokens, answer.ttft_ms
            await self._well(place, answer)
            return answer
        except _CalledBack:
            outcome = CALLED_BACK
            raise
        except ModelError as error:
            outcome = outcome_of(error)
            await self._trouble(place, error)
            raise
        finally:
            took_ms = (time.perf_counter() - started) * 1000
            times = {"queue_ms": queue_ms, "ttft_ms": ttft_ms, "total_ms": took_ms}
            note(place.site.client.endpoint.call(Lane.BATCH, tokens, outcome, **times))
            self._places.give(place)

    async def _asked(self, place: Place, request: Request) -> Answer:
        # No task of its own: over many rows, each hop through the loop leaves slots idle.
        task = asyncio.current_task()
        place.prefix, place.began, place.call = request.prefix, time.monotonic(), task
        slot = place.lease.slot if self._pool.settings.lanes else None
        try:
            return await place.site.client.complete(request, lane=Lane.BATCH, slot=slot)
        except asyncio.CancelledError:
            # Called back by us, unless somebody wants the task to end, too.
            if place.called_back and task is not None and task.uncancel() == 0:
                raise _CalledBack from None
            raise
        finally:
            place.call = None

    async def _well(self, place: Place, answer: Answer) -> None:
        site = place.site
        took = answer.tokens.prompt + answer.tokens.completion
        site.tokens_each += TOKENS_WEIGHT * (took - site.tokens_each)
        site.refused_until = 0.0
        site.answers += 1
        if site.in_trouble and place.began > site.troubled_at:
            site.in_trouble = False
            if not await _tell(self._pool.well, site.client.endpoint, place.began):
                site.in_trouble = True

    async def _trouble(self, place: Place, error: ModelError) -> None:
        """Tell everyone what the endpoint did, where it was the endpoint's doing."""
        if isinstance(error, Refused):
            place.site.refused_until = time.monotonic() + REFUSAL_S
        if trouble_of(error) is not None:
            self._places.hold_up(place.site)
            endpoint, answers = place.site.client.endpoint, place.site.count_answers()
            try:
                await _tell(self._pool.met, endpoint, error, answers)
            finally:
                self._places.told(place.site)

    async def close(self) -> None:
        """Give everything back."""
        await self._places.close()


async def _tell(do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
    """Tell the pool something; what a call has brought must not be lost over that."""
    try:
        return await asyncio.to_thread(do, *args, **kwargs)
    except DatabaseAway as error:
        log.warning("the pool could not be told: %s", error.reason)
        return None


class _CalledBack(Exception):
    """The slot is needed for a person."""
