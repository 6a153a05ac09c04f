"""The chat lane: calls that a person waits for, let in at once.

A lease for each call, kept alive by a heartbeat of this process for as long as
the call lasts; before that a line, so that no flood makes more calls than a
process can bear. Knows nothing of what is asked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from core.admission import Lease
from core.endpoints import Endpoint
from core.errors import EndpointError
from core.line import Line, Spot
from core.pool import Pool

log = logging.getLogger(__name__)

#: A sign of life is shown this often, while there is a call.
BEAT_S = 2.0
#: How often a waiting call looks for its slot: at first, at last, and its growth.
LOOK_S, LONGEST_LOOK_S, LOOK_GROWTH = 0.01, 0.1, 1.2
#: With each call that waits before it, it looks so many seconds more rarely, up to a second.
LOOK_BEFORE_S, RAREST_LOOK_S = 0.05, 1.0
#: How often it sees to it that slots of dead processes are passed on.
TIDY_S = 1.0
#: A person does not wait longer for a slot.
WAIT_LIMIT_S = 60.0
#: Of a process to which nobody has told its limits.
ANSWERS, WAITING = 64, 100
BUSY = "Too many people ask at once just now; please try again in a minute."


class Entry:
    """A person's call on its way in, and then in.

    Attributes:
        endpoint: Where it goes.
        slot: Which slot of it is the call's own; None where there are no lanes.
        queue_ms: How long it waited for that.
        before: How many calls waited before it when it was last seen.
        tokens: What it took, to be filled in when it has ended.
        first_token_ms: When its first word came, to be filled in, too.
    """

    def __init__(self, pool: Pool, endpoint: Endpoint, lease: Lease) -> None:
        self.endpoint = endpoint
        self.slot = lease.slot
        self.queue_ms = 0.0
        self.before = 0
        self.tokens = 0
        self.first_token_ms: float | None = None
        self._pool = pool
        self._lease = lease
        self._began = self._tidied = time.monotonic()
        self._pause_s = LOOK_S

    @property
    def pause_s(self) -> float:
        """How long to wait before the next :meth:`look`: longer each time."""
        self._pause_s = min(LONGEST_LOOK_S, self._pause_s * LOOK_GROWTH)
        return max(self._pause_s, min(RAREST_LOOK_S, self.before * LOOK_BEFORE_S))

    def look(self) -> bool:
        """Whether the call may go.

        Raises:
            EndpointError: All slots stay taken by people.
        """
        if self.slot is not None or not self._pool.settings.lanes:
            return True
        now = time.monotonic()
        if now - self._tidied > TIDY_S:
            self._tidied = now
            self._pool.tidy(self.endpoint)
            self.before = self._pool.before(self._lease)
        found = self._pool.look(self._lease)
        if found is None or now - self._began > WAIT_LIMIT_S:
            raise EndpointError(BUSY)
        self.slot = found.slot
        self.queue_ms = (time.monotonic() - self._began) * 1000
        return self.slot is not None


class ChatLane:
    """Lets people's calls in; safe to share between threads.

    Args:
        pool: Who gets a slot, over all processes.
        answers: Answers that are written at the same time for this process.
        waiting: How many more may wait for that.
    """

    def __init__(self, pool: Pool, *, answers: int = ANSWERS, waiting: int = WAITING) -> None:
        self.pool = pool
        self._heart = _Heart(pool)
        self._line = Line(answers, waiting, WAIT_LIMIT_S)

    def spot(self) -> Spot:
        """An answer's turn to be written, to be waited for; whatever calls that takes.

        Raises:
            LimitReached: Too many wait.
        """
        return self._line.enter()

    @contextmanager
    def entry(self, tried: Collection[str] = ()) -> Iterator[Entry]:
        """A call's entry; once its ``look`` says so, a slot is its own until the end.

        Args:
            tried: Endpoints that have failed this call already.

        Raises:
            NoEndpoint: No endpoint is left.
            LimitReached: Too many wait for one.
        """
        endpoint, lease = self.pool.admit(tried)
        entry = Entry(self.pool, endpoint, lease)
        try:
            with self._heart.beating():
                yield entry
        finally:
            self.pool.release(endpoint, lease, entry.tokens, entry.first_token_ms)

    def close(self) -> None:
        """Give everything back."""
        self.pool.close()


class _Heart:
    """A thread that shows a sign of life while there are calls, and ends with the last one."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._calls = 0
        self._idle = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def beating(self) -> Iterator[None]:
        with self._lock:
            self._calls += 1
            self._idle.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    self._idle.set()

    def _beat(self) -> None:
        while True:
            self._idle.wait(BEAT_S)
            with self._lock:
                if not self._calls:
                    self._thread = None
                    return
            try:
                self._pool.renew()
            except Exception:
                log.exception("a sign of life failed; the next one follows")
