"""The slots that this process has for batch: who of its calls gets the next one.

Leases are kept from call to call, and the pool is asked only when something
changes, so that a lease costs a call next to nothing. Many times a second it
looks whether one was called back. Knows nothing of what is called.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass

from core.errors import DatabaseAway
from core.grants import Grant
from core.pool import Pool
from core.sites import Place, Site, Sites

log = logging.getLogger(__name__)

#: How often it looks whether a lease was called back: what a person may have to wait.
LOOK_S = 0.04
#: How often it asks for more while calls wait: at first, and at last when nothing comes of it.
ASK_S, LONGEST_ASK_S = 0.1, 0.4
#: How often it shows a sign of life in any case.
BEAT_S = 1.0
#: A store that fails is asked again after this long.
STORE_REST_S = 0.5
#: How often it says that the store's server does not answer.
SAY_EVERY_S = 60.0


@dataclass(slots=True, eq=False)
class _Waiter:
    prefix: str
    only: str | None
    place: asyncio.Future[Place]


class Places:
    """Hands out places; to be used within one event loop."""

    def __init__(self, pool: Pool, *, timeout_s: float) -> None:
        self._pool = pool
        self._sites = Sites(pool.roster, timeout_s=timeout_s)
        self._waiters: deque[_Waiter] = deque()
        self._returned: set[int] = set()
        self._kept: set[int] = set()
        self._asked = 0.0
        self._ask_s = ASK_S
        self._hurry = False
        self._keeper: asyncio.Task[None] | None = None

    async def take(self, prefix: str, *, only: str | None, urgent: bool) -> Place:
        """A free place, waited for.

        Args:
            prefix: What the call begins with.
            only: The one endpoint that may take it; None: any.
            urgent: Whether the call had a place before and so comes first.
        """
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())
        place = None if self._waiters else self._sites.free(prefix, only)
        return place or await self._wait(prefix, only, urgent=urgent)

    async def _wait(self, prefix: str, only: str | None, *, urgent: bool) -> Place:
        waiter = _Waiter(prefix, only, asyncio.get_running_loop().create_future())
        (self._waiters.appendleft if urgent else self._waiters.append)(waiter)
        self._serve()
        try:
            return await waiter.place
        except asyncio.CancelledError:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif waiter.place.done() and not waiter.place.cancelled():
                self.give(waiter.place.result())
            raise

    def give(self, place: Place) -> None:
        """The call has ended: its place goes to the next one, or back to the pool."""
        place.busy, place.call = False, None
        surplus = place.site.retired or len(place.site.places) > place.site.target
        if place.called_back or place.lease.owed or surplus:
            self._give_back(place)
        self._serve()

    def hold_up(self, site: Site) -> None:
        """Begin nothing at an endpoint until the pool has said what its trouble means."""
        site.in_trouble, site.troubled_at = True, time.monotonic()
        site.troubles += 1

    def told(self, site: Site) -> None:
        """The pool knows of a trouble there: ask at the next look what it means."""
        site.told += 1
        self._hurry = True

    def all_refuse(self, only: str | None = None) -> bool:
        """Whether every endpoint that may take a call refuses every call."""
        return self._sites.all_refuse(only)

    def _serve(self) -> None:
        """Give free places to those who wait, the first ones first."""
        full: set[str | None] = set()
        kept: list[_Waiter] = []
        while self._waiters and None not in full:
            waiter = self._waiters.popleft()
            if waiter.place.done():
                continue
            place = None if waiter.only in full else self._sites.free(waiter.prefix, waiter.only)
            if place is None:
                full.add(waiter.only)
                kept.append(waiter)
            else:
                waiter.place.set_result(place)
        self._waiters.extendleft(reversed(kept))

    def _give_back(self, place: Place) -> None:
        if place.site.places.pop(place.lease.id, None) is not None:
            self._returned.add(place.lease.id)
            self._hurry = True

    async def _keep(self) -> None:
        """Keep our leases and our wishes known, until closed."""
        said = -SAY_EVERY_S
        while True:
            try:
                await self._step(time.monotonic())
            except DatabaseAway as error:
                if time.monotonic() - said >= SAY_EVERY_S:
                    log.warning("the pool could not be asked: %s", error.reason)
                    said = time.monotonic()
                await asyncio.sleep(STORE_REST_S)
            except Exception:
                log.exception("the pool could not be asked")
                await asyncio.sleep(STORE_REST_S)
            await asyncio.sleep(LOOK_S)

    async def _step(self, now: float) -> None:
        since_s = now - self._asked
        wanting = bool(self._waiters) and since_s >= self._ask_s
        if self._hurry or wanting or since_s >= BEAT_S:
            await self._ask(now)
        elif any(site.places for site in self._sites.every()):
            revoked = await asyncio.to_thread(self._pool.revoked)
            for site in self._sites.every():
                self._make_way(site, revoked & set(site.places))

    def _make_way(self, site: Site, revoked: set[int]) -> None:
        """Give up as many places as were called back: not the same, but the youngest calls."""
        new = {one for one in revoked - self._kept if not site.places[one].called_back}
        # One that is owed is called back only where the endpoint itself was paused.
        chosen = [site.places[one] for one in new if site.places[one].lease.owed]
        chosen += site.youngest(len(new) - len(chosen))
        self._kept |= new - {place.lease.id for place in chosen}
        for place in chosen:
            self._call_back(place)

    def _call_back(self, place: Place) -> None:
        place.called_back = True
        if place.call is not None:
            place.call.cancel()
        elif not place.busy:
            self._give_back(place)

    async def _ask(self, now: float) -> None:
        self._asked, self._hurry = now, False
        self._sites.follow()
        for site in self._sites.retired:
            self._return_idle(site, keep=0)
        self._sites.forget_left()
        if not self._waiters:
            for site in self._sites.current.values():
                self._return_idle(site, keep=0)
        sites = self._sites.current
        wishes = [site.wish(self._waiting(site)) for site in sites.values()]
        told = {name: site.told for name, site in sites.items()}
        returned, self._returned = self._returned, set()
        # Those that take their place are on their way back; until then they stay called back.
        kept, self._kept = (self._kept, set()) if not self._sites.leaving() else (set(), self._kept)
        try:
            grants = await asyncio.to_thread(self._pool.sync, wishes, returned, kept)
        except BaseException:
            self._returned |= returned
            self._kept |= kept
            raise
        waiting = len(self._waiters)
        for name, grant in grants.items():
            sites[name].heeded = told[name]
            self._accept(sites[name], grant)
        self._serve()
        served = len(self._waiters) < waiting
        self._ask_s = ASK_S if served else min(LONGEST_ASK_S, 2 * self._ask_s)

    def _waiting(self, site: Site) -> int:
        """Calls that wait and may be made at a site."""
        return sum(one.only in (None, site.client.endpoint.name) for one in self._waiters)

    def _accept(self, site: Site, grant: Grant) -> None:
        """Make our places what the pool says that we have."""
        site.target, site.limited = grant.target, grant.limited
        site.permits = site.permits + grant.requests if grant.limited else 0
        elsewhere = {lease_id for retired in self._sites.retired for lease_id in retired.places}
        granted = {lease.id: lease for lease in grant.leases if lease.id not in elsewhere}
        for lease_id in set(site.places) - set(granted):
            # It had expired: somebody else may have the slot.
            if not site.places[lease_id].called_back:
                self._call_back(site.places[lease_id])
        for lease_id in set(granted) - set(site.places) - self._returned:
            site.places[lease_id] = Place(granted[lease_id], site)
        revoked = {lease.id for lease in granted.values() if lease.revoked}
        self._make_way(site, revoked & set(site.places))
        self._return_idle(site, keep=site.target)

    def _return_idle(self, site: Site, *, keep: int) -> None:
        """Give back what is idle beyond so many places."""
        for place in site.idle()[: max(0, len(site.places) - keep)]:
            self._give_back(place)

    async def close(self) -> None:
        """Give everything back."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._sites.close()
        await asyncio.to_thread(self._pool.close)
