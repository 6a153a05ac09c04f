"""What this process has for batch at each endpoint: its places, and whether one can begin."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from core.admission import Lease
from core.grants import Wish
from core.model_client import ModelClient
from core.roster import Roster
from core.statuses import Lane

#: What a call is expected to take before the first one has ended, in tokens.
FIRST_TOKENS = 1000.0


@dataclass(slots=True, eq=False)
class Place:
    """A lease of ours and the call on it.

    Attributes:
        prefix: What the last call there began with.
        began: When that was, on the loop's own clock (monotonic).
        call: The task that makes it, to be cancelled when the place is called back.
    """

    lease: Lease
    site: Site
    prefix: str = ""
    began: float = 0.0
    busy: bool = False
    call: asyncio.Task[Any] | None = None
    called_back: bool = False


@dataclass(slots=True, eq=False)
class Site:
    """What we have at one endpoint.

    Attributes:
        target: How many places we may keep.
        limited: Whether each call needs a permit.
        tokens_each: Tokens that a call takes, about.
        answers: Answers had since the pool was told last.
        refused_until: It refuses every call; on the loop's own clock (monotonic).
        in_trouble: A call failed there, and none that began after it has been answered.
        troubled_at: When the last one failed; on the loop's own clock (monotonic).
        troubles: Calls that failed by the endpoint's doing.
        told: Of how many of these the pool was told.
        heeded: How many of these the pool knew of when it spoke last.
        retired: It is not configured like this any more.
    """

    client: ModelClient
    places: dict[int, Place] = field(default_factory=dict)
    target: int = 0
    limited: bool = False
    permits: int = 0
    tokens_each: float = FIRST_TOKENS
    answers: int = 0
    refused_until: float = 0.0
    in_trouble: bool = False
    troubled_at: float = 0.0
    troubles: int = 0
    told: int = 0
    heeded: int = 0
    retired: bool = False

    @property
    def held_up(self) -> bool:
        """Whether nothing begins there: the pool has not said yet what a trouble means."""
        return self.troubles > self.heeded

    def free(self, prefix: str) -> Place | None:
        """A place that can begin now; one that has served this prefix last, if there is any."""
        if self.retired or self.held_up or (self.limited and self.permits < 1):
            return None
        if time.monotonic() < self.refused_until:
            return None
        warm = [place for place in self.idle() if place.prefix == prefix]
        return next(iter(warm or self.idle()), None)

    def idle(self) -> list[Place]:
        """Places without a call."""
        return [place for place in self.places.values() if not place.busy]

    def count_answers(self) -> int:
        """Answers since the last count."""
        count, self.answers = self.answers, 0
        return count

    def youngest(self, count: int) -> list[Place]:
        """The places to give up for people: idle ones, then those whose call has done least."""
        spare = [one for one in self.places.values() if not (one.called_back or one.lease.owed)]
        spare.sort(key=lambda place: (place.busy, -place.began))
        return spare[:count]

    def load(self) -> float:
        """Share of the endpoint's slots that we keep busy."""
        return (len(self.places) - len(self.idle())) / self.client.endpoint.slots

    def wish(self, waiting: int) -> Wish:
        """What the pool is told of us there, and asked for.

        Args:
            waiting: Calls that wait and may be made there.
        """
        endpoint = self.client.endpoint
        lacking = max(0, waiting - self.permits) if self.limited else waiting
        return Wish(
            endpoint=endpoint,
            wanted=min(endpoint.slots, len(self.places) - len(self.idle()) + waiting),
            waiting=waiting,
            requests=min(lacking, endpoint.slots),
            answers=self.count_answers(),
            tokens_each=self.tokens_each,
        )


class Sites:
    """What we have at all endpoints, those included that are not configured any more.

    Args:
        roster: Which endpoints are configured.
        timeout_s: Longest wait for a whole answer.
    """

    def __init__(self, roster: Roster, *, timeout_s: float) -> None:
        self.current: dict[str, Site] = {}
        self.retired: list[Site] = []
        self._roster = roster
        self._timeout_s = timeout_s

    def every(self) -> list[Site]:
        """All of them, the retired ones last."""
        return [*self.current.values(), *self.retired]

    def free(self, prefix: str, only: str | None) -> Place | None:
        """A free place at the least loaded endpoint, marked as busy.

        Args:
            prefix: What the call begins with.
            only: The one endpoint that may take it; None: any.
        """
        for site in sorted(self.current.values(), key=Site.load):
            if only not in (None, site.client.endpoint.name):
                continue
            place = site.free(prefix)
            if place is not None:
                place.busy = True
                site.permits -= site.limited
                return place
        return None

    def all_refuse(self, only: str | None) -> bool:
        """Whether every endpoint that may take a call refuses every call."""
        now = time.monotonic()
        serving = (site for name, site in self.current.items() if only in (None, name))
        return all(now < site.refused_until for site in serving)

    def leaving(self) -> bool:
        """Whether a place that was called back has not been given back yet."""
        return any(one.called_back for site in self.every() for one in site.places.values())

    def follow(self) -> None:
        """Take up what has changed in the configuration; calls under way end as they began."""
        configured = {one.name: one for one in self._roster.endpoints()}
        for name, site in list(self.current.items()):
            if configured.get(name) != site.client.endpoint:
                site.retired = True
                self.retired.append(self.current.pop(name))
        for name, endpoint in configured.items():
            if name not in self.current and Lane.BATCH in endpoint.lanes:
                self.current[name] = Site(ModelClient(endpoint, timeout_s=self._timeout_s))

    def forget_left(self) -> None:
        """Close retired ones at which nothing is left."""
        for site in self.retired:
            if not site.places:
                asyncio.get_running_loop().create_task(site.client.close())
        self.retired = [site for site in self.retired if site.places]

    async def close(self) -> None:
        """Close every connection."""
        for site in self.every():
            await site.client.close()
