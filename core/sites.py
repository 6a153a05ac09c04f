"""What this process has for batch at each endpoint: its places, and whether one can begin."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from core.admission import Lease
from core.model_client import ModelClient

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
