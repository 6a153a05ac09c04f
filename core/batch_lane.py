"""The batch lane: calls that nobody waits for, on whatever chat leaves of the pool.

One for each process, in one event loop. It keeps its leases from call to call
and asks the pool only when something changes, so that a lease costs a call
next to nothing; it looks many times a second whether one was called back.

A call that is called back, that meets a rate limit or finds nobody there is
made again elsewhere or later: that is no fault of its row, and costs it
nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from core.admission import Lease
from core.condition import trouble_of
from core.errors import EndpointError, ModelError, RateLimited, Refused, Unreachable
from core.model import Answer, ModelClient, Request
from core.pool import Grant, Pool, Wish
from core.schema import Lane
from core.usage import CALLED_BACK, CANCELLED, OK, Call, Tokens, outcome_of

log = logging.getLogger(__name__)

#: How often it looks whether a lease was called back: what a person may have to wait.
LOOK_S = 0.02
#: How often it asks for more while calls wait, and shows a sign of life in any case.
ASK_S, BEAT_S = 0.1, 1.0
#: A store that fails is asked again after this long.
STORE_REST_S = 0.5
#: An endpoint that refuses every call is tried again after this long.
REFUSAL_S = 60.0
#: How long a call is kept waiting by endpoints in trouble before that is given as the reason.
PATIENCE_S = 600.0
#: Weight of the last answer in what a call is expected to take.
TOKENS_WEIGHT = 0.1
FIRST_TOKENS = 1000.0

#: Told of each call that was made, also of those in vain.
Note = Callable[[Call], None]


@dataclass(slots=True, eq=False)
class _Place:
    """A lease of ours and the call on it."""

    lease: Lease
    site: _Site
    prefix: str = ""
    busy: bool = False
    call: asyncio.Task[Answer] | None = None
    called_back: bool = False


@dataclass(slots=True, eq=False)
class _Site:
    """What we have at one endpoint."""

    client: ModelClient
    places: dict[int, _Place] = field(default_factory=dict)
    target: int = 0
    limited: bool = False
    permits: int = 0
    tokens_each: float = FIRST_TOKENS
    refused_until: float = 0.0
    in_trouble: bool = False
    held_up: bool = False
    retired: bool = False

    def free(self, prefix: str) -> _Place | None:
        """A place that can begin now; one that has served this prefix last, if there is any."""
        if self.retired or self.held_up or (self.limited and self.permits < 1):
            return None
        if time.monotonic() < self.refused_until:
            return None
        idle = [place for place in self.places.values() if not place.busy]
        warm = [place for place in idle if place.prefix == prefix]
        return next(iter(warm or idle), None)

    def load(self) -> float:
        """Share of the endpoint's slots that we keep busy."""
        busy = sum(place.busy for place in self.places.values())
        return busy / self.client.endpoint.slots


@dataclass(slots=True, eq=False)
class _Waiter:
    prefix: str
    place: asyncio.Future[_Place]


class BatchLane:
    """Makes calls for jobs; to be opened within the event loop that uses it."""

    def __init__(self, pool: Pool, *, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._sites: dict[str, _Site] = {}
        self._retired: list[_Site] = []
        self._waiters: deque[_Waiter] = deque()
        self._returned: set[int] = set()
        self._asked = 0.0
        self._hurry = False
        self._keeper: asyncio.Task[None] | None = None

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
        self._keep()
        began, urgent = time.monotonic(), False
        while True:
            queued = time.perf_counter()
            place = await self._place(request.prefix, urgent=urgent)
            queue_ms = (time.perf_counter() - queued) * 1000
            try:
                return await self._call(place, request, queue_ms, note)
            except _CalledBack:
                urgent = True
            except (RateLimited, Unreachable, Refused) as error:
                self._give_up_after(began, error)
                urgent = True

    def _give_up_after(self, began: float, error: EndpointError) -> None:
        now = time.monotonic()
        if all(now < site.refused_until for site in self._sites.values()):
            raise error
        if now - began > PATIENCE_S:
            minutes = round(PATIENCE_S / 60)
            raise Refused(f"No model could be used for {minutes} minutes. {error}") from error

    async def _call(self, place: _Place, request: Request, queue_ms: float, note: Note) -> Answer:
        if place.called_back:
            self._done(place)
            raise _CalledBack
        endpoint = place.site.client.endpoint
        started = time.perf_counter()
        place.prefix = request.prefix
        slot = place.lease.slot if self._pool.settings.lanes else None
        place.call = asyncio.create_task(
            place.site.client.complete(request, lane=Lane.BATCH, slot=slot)
        )
        outcome, tokens, ttft_ms = CANCELLED, Tokens(), None
        try:
            answer = await place.call
            outcome, tokens, ttft_ms = OK, answer.tokens, answer.ttft_ms
            await self._well(place, answer)
            return answer
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if place.called_back and task is not None and not task.cancelling():
                outcome = CALLED_BACK
                raise _CalledBack from None
            place.call.cancel()
            raise
        except ModelError as error:
            outcome = outcome_of(error)
            await self._trouble(place, error)
            raise
        finally:
            took_ms = (time.perf_counter() - started) * 1000
            times = {"queue_ms": queue_ms, "ttft_ms": ttft_ms, "total_ms": took_ms}
            note(endpoint.call(Lane.BATCH, tokens, outcome, **times))
            self._done(place)

    async def _well(self, place: _Place, answer: Answer) -> None:
        site = place.site
        took = answer.tokens.prompt + answer.tokens.completion
        site.tokens_each += TOKENS_WEIGHT * (took - site.tokens_each)
        site.refused_until = 0.0
        if site.in_trouble:
            site.in_trouble = False
            took_s = answer.total_ms / 1000
            await asyncio.to_thread(self._pool.well, place.site.client.endpoint, took_s)

    async def _trouble(self, place: _Place, error: ModelError) -> None:
        """Tell everyone what the endpoint did, where it was the endpoint's doing."""
        site = place.site
        if isinstance(error, Refused):
            site.refused_until = time.monotonic() + REFUSAL_S
        if trouble_of(error) is not None:
            site.in_trouble = site.held_up = True  # held up until the pool has told more
            await asyncio.to_thread(self._pool.met, place.site.client.endpoint, error)
            self._hurry = True

    async def _place(self, prefix: str, *, urgent: bool) -> _Place:
        """A free place, waited for; who had one before comes first."""
        place = None if self._waiters else self._free(prefix)
        if place is None:
            waiter = _Waiter(prefix, asyncio.get_running_loop().create_future())
            (self._waiters.appendleft if urgent else self._waiters.append)(waiter)
            self._serve()
            try:
                place = await waiter.place
            except asyncio.CancelledError:
                self._forget(waiter)
                raise
        return place

    def _forget(self, waiter: _Waiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        elif waiter.place.done() and not waiter.place.cancelled():
            self._done(waiter.place.result())

    def _free(self, prefix: str) -> _Place | None:
        """A free place at the least loaded endpoint, marked as busy."""
        for site in sorted(self._sites.values(), key=_Site.load):
            place = site.free(prefix)
            if place is not None:
                place.busy = True
                site.permits -= site.limited
                return place
        return None

    def _serve(self) -> None:
        while self._waiters:
            waiter = self._waiters[0]
            if waiter.place.done():
                self._waiters.popleft()
                continue
            place = self._free(waiter.prefix)
            if place is None:
                return
            self._waiters.popleft()
            waiter.place.set_result(place)

    def _done(self, place: _Place) -> None:
        """The call has ended: the place goes to the next one, or back."""
        place.busy, place.call = False, None
        site = place.site
        surplus = site.retired or len(site.places) > site.target
        if place.called_back or place.lease.owed or surplus:
            self._give_back(site, place)
        self._serve()

    def _give_back(self, site: _Site, place: _Place) -> None:
        if site.places.pop(place.lease.id, None) is not None:
            self._returned.add(place.lease.id)
            self._hurry = True

    def _keep(self) -> None:
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        """Keep our leases and our wishes known, for as long as the lane is open."""
        while True:
            try:
                await self._step(time.monotonic())
            except Exception:
                log.exception("the pool could not be asked")
                await asyncio.sleep(STORE_REST_S)
            await asyncio.sleep(LOOK_S)

    async def _step(self, now: float) -> None:
        since_s = now - self._asked
        wanting = bool(self._waiters) and since_s >= ASK_S
        if self._hurry or wanting or since_s >= BEAT_S:
            await self._ask(now)
        elif any(site.places for site in self._all_sites()):
            for lease_id in await asyncio.to_thread(self._pool.revoked):
                self._call_back(lease_id)

    def _call_back(self, lease_id: int) -> None:
        for site in self._all_sites():
            place = site.places.get(lease_id)
            if place is None or place.called_back:
                continue
            place.called_back = True
            if place.call is not None:
                place.call.cancel()
            elif not place.busy:
                self._give_back(site, place)

    async def _ask(self, now: float) -> None:
        self._asked, self._hurry = now, False
        self._follow_the_roster()
        if not self._waiters:
            for site in self._sites.values():
                self._return_idle(site, keep=0)
        wishes = [self._wish(site) for site in self._sites.values()]
        returned, self._returned = self._returned, set()
        try:
            grants = await asyncio.to_thread(self._pool.sync, wishes, returned)
        except BaseException:
            self._returned |= returned
            raise
        for name, grant in grants.items():
            self._take(self._sites[name], grant)
        self._serve()

    def _wish(self, site: _Site) -> Wish:
        busy = sum(place.busy for place in site.places.values())
        waiting = len(self._waiters)
        lacking = max(0, waiting - site.permits) if site.limited else waiting
        return Wish(
            endpoint=site.client.endpoint,
            wanted=min(site.client.endpoint.slots, busy + waiting),
            waiting=waiting,
            requests=min(lacking, site.client.endpoint.slots),
            tokens_each=site.tokens_each,
        )

    def _take(self, site: _Site, grant: Grant) -> None:
        """Make our places what the pool says that we have."""
        site.target, site.limited, site.held_up = grant.target, grant.limited, False
        site.permits = site.permits + grant.requests if grant.limited else 0
        elsewhere = {lease_id for retired in self._retired for lease_id in retired.places}
        granted = {lease.id: lease for lease in grant.leases if lease.id not in elsewhere}
        for lease_id in set(site.places) - set(granted):
            self._call_back(lease_id)  # it had expired: somebody else may have the slot
        for lease_id, lease in granted.items():
            if lease_id in self._returned:
                continue
            if lease.revoked:
                if lease_id in site.places:
                    self._call_back(lease_id)
                else:
                    self._returned.add(lease_id)
            elif lease_id not in site.places:
                site.places[lease_id] = _Place(lease, site)
        self._return_idle(site, keep=site.target)

    def _return_idle(self, site: _Site, *, keep: int) -> None:
        """Give back what is idle beyond so many places."""
        idle = [place for place in site.places.values() if not place.busy]
        for place in idle[: max(0, len(site.places) - keep)]:
            self._give_back(site, place)

    def _all_sites(self) -> list[_Site]:
        return [*self._sites.values(), *self._retired]

    def _follow_the_roster(self) -> None:
        """Take up what has changed in the configuration; calls under way end as they began."""
        current = {one.name: one for one in self._pool.roster.endpoints()}
        for name, site in list(self._sites.items()):
            if current.get(name) != site.client.endpoint:
                site.retired = True
                self._retired.append(self._sites.pop(name))
        for name, endpoint in current.items():
            if name not in self._sites and Lane.BATCH in endpoint.lanes:
                self._sites[name] = _Site(ModelClient(endpoint, timeout_s=self._timeout_s))
        for site in self._retired:
            self._return_idle(site, keep=0)
            if not site.places:
                asyncio.get_running_loop().create_task(site.client.close())
        self._retired = [site for site in self._retired if site.places]

    async def close(self) -> None:
        """Give everything back."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for site in self._all_sites():
            await site.client.close()
        await asyncio.to_thread(self._pool.close)


class _CalledBack(Exception):
    """The slot is needed for a person."""
