"""A line before a few places: who comes first is served first, and sees how many are before them.

For threads of one process. Whom it would keep waiting too long it does not let in.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

from core.errors import LimitReached

#: How much one more visit changes the mean length of visits.
NEW_PART = 0.2
#: Times are told in steps of so many seconds: they are estimates.
STEP_S = 5


class Line:
    """A line; safe to share between threads.

    Args:
        places: How many are served at the same time.
        waiting: How many may wait.
        patience_s: How long one may wait.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        places: int,
        waiting: int,
        patience_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places = places
        self.patience_s = patience_s
        self.now = clock
        self._most = waiting
        self._lock = threading.Lock()
        self._served = 0
        self._waiting: deque[Spot] = deque()
        self._visit_s = 0.0

    def enter(self) -> Spot:
        """Come in: to a place, where one is free, else to the end of the line.

        Raises:
            LimitReached: Too many wait.
        """
        with self._lock:
            spot = Spot(self)
            if self._served < self.places and not self._waiting:
                self._serve(spot)
            elif len(self._waiting) >= self._most:
                raise self._refusal()
            else:
                self._waiting.append(spot)
            return spot

    def before(self, spot: Spot) -> int:
        """How many wait before somebody; 0 for who is served."""
        with self._lock:
            return self._waiting.index(spot) if spot in self._waiting else 0

    def leave(self, spot: Spot) -> None:
        """Give a place back, to the next who waits, or stop waiting."""
        with self._lock:
            if spot.served_at is None:
                self._waiting.remove(spot)
                return
            self._served -= 1
            visit_s = self.now() - spot.served_at
            self._visit_s += (visit_s - self._visit_s) * (NEW_PART if self._visit_s else 1.0)
            if self._waiting:
                self._serve(self._waiting.popleft())

    def refusal(self) -> LimitReached:
        """What to tell somebody who does not wait any longer."""
        with self._lock:
            return self._refusal()

    def _serve(self, spot: Spot) -> None:
        self._served += 1
        spot.served_at = self.now()
        spot.called.set()

    def _refusal(self) -> LimitReached:
        before = len(self._waiting)
        expected_s = self._visit_s * (before + 1) / self.places
        wait_s = max(1, math.ceil(expected_s / STEP_S)) * STEP_S
        return LimitReached(
            "Very many people ask at the same time just now. "
            f"Please ask again in about {wait_s} seconds.",
            wait_s=wait_s,
        )


class Spot:
    """Somebody's place in the line; leaves it at the end of a ``with`` block, or earlier.

    Attributes:
        served_at: Since when it has a place, by the line's clock; None while it waits.
        called: Set when it has its place.
    """

    def __init__(self, line: Line) -> None:
        self.served_at: float | None = None
        self.called = threading.Event()
        self._line = line
        self._came_at = line.now()
        self._left = False

    @property
    def before(self) -> int:
        """How many wait before it."""
        return self._line.before(self)

    def wait(self, most_s: float) -> bool:
        """Wait for a place; returns whether it has one now.

        Args:
            most_s: Seconds after which to come back without one.

        Raises:
            LimitReached: It has waited too long.
        """
        if self.called.wait(most_s):
            return True
        if self._line.now() - self._came_at > self._line.patience_s:
            raise self._line.refusal()
        return False

    def leave(self) -> None:
        """Let the next one have the place; harmless when that is done already."""
        if not self._left:
            self._left = True
            self._line.leave(self)

    def __enter__(self) -> Spot:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()
