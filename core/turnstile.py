"""The turnstile before the counter: whose question may come in, and when the next one may.

Counts questions by visitor and by address in a moving window, and what is being
answered. Its memory is that of one process; a visitor who forges cookies has no
other address, and whatever all of them do, the line behind it stays bounded.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import LimitReached
from core.limits import Limits
from core.line import STEP_S, Line, Spot

WINDOW_S = 60.0
#: A provider gives each of its customers at least so many bits of an IPv6 network.
NETWORK_BITS = 64
#: Questions that are searched for at the same time; some of them wait for a translation.
SEARCHED = 16
#: A shopper does not wait longer for a search.
PATIENCE_S = 20.0
_OWN = (
    "{count} questions within a minute are the most that can be answered for one person. "
    "Please ask again in {again}."
)
_SHARED = (
    "Very many questions come from where you are: {count} within a minute are the most. "
    "Please ask again in {again}."
)


class Turnstile:
    """Lets questions in; safe to share between threads."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.line = Line(SEARCHED, limits.waiting, PATIENCE_S)
        self._rates = Rates()
        self._of_visitor = RateLimitItemPerMinute(limits.questions, namespace="visitor")
        self._of_address = RateLimitItemPerMinute(limits.address_questions, namespace="address")
        self._lock = threading.Lock()
        self._answers: Counter[str] = Counter()

    @contextmanager
    def question(self, visitor: str, address: str | None, length: int) -> Iterator[Spot]:
        """Let a question in; it counts as being answered until the end of the block.

        Args:
            visitor: Whose it is.
            address: Where it comes from; None where that is not known.
            length: How many characters it has.

        Yields:
            Its spot in the line of those that are searched for; to be left when it was.

        Raises:
            LimitReached: Not now; the message is for the shopper.
        """
        self._check_length(length)
        with self._counted(visitor), self.line.enter() as spot:
            self._check_rate(self._of_visitor, visitor, _OWN)
            if address is not None:
                self._check_rate(self._of_address, network(address), _SHARED)
            yield spot

    def _check_length(self, length: int) -> None:
        most = self.limits.question_chars
        if length > most:
            raise LimitReached(
                f"Your question has {length:,} characters, and {most:,} can be read. "
                "Please shorten it.",
                wait_s=0.0,
            )

    @contextmanager
    def _counted(self, visitor: str) -> Iterator[None]:
        most = self.limits.visitor_answers
        with self._lock:
            if self._answers[visitor] >= most:
                answers = "answer is" if most == 1 else "answers are"
                raise LimitReached(
                    f"{most} {answers} still being written for you, maybe in another tab. "
                    "Please ask again when one is done.",
                    wait_s=float(STEP_S),
                )
            self._answers[visitor] += 1
        try:
            yield
        finally:
            with self._lock:
                self._answers[visitor] -= 1
                if not self._answers[visitor]:
                    del self._answers[visitor]

    def _check_rate(self, rate: RateLimitItem, who: str, told: str) -> None:
        wait_s = self._rates.take(rate, who)
        if wait_s:
            seconds = max(1, math.ceil(wait_s))
            again = f"{seconds} second{'' if seconds == 1 else 's'}"
            raise LimitReached(told.format(count=rate.amount, again=again), wait_s=wait_s)


class Rates:
    """What was done within the last minute, by whom; safe to share between threads."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()
        self._last: OrderedDict[tuple[RateLimitItem, str], float] = OrderedDict()

    def take(self, rate: RateLimitItem, who: str) -> float:
        """Count something; returns after how many seconds it may be done, 0.0 if now."""
        now = time.time()
        with self._lock:
            self._forget(now)
            if self._limiter.hit(rate, who):
                self._last[rate, who] = now
                self._last.move_to_end((rate, who))
                return 0.0
            again_at = self._limiter.get_window_stats(rate, who).reset_time
        return max(0.001, again_at - now)

    def __len__(self) -> int:
        return len(self._last)

    def _forget(self, now: float) -> None:
        """Forget who has done nothing for a minute: the storage would keep every name for ever."""
        while self._last and next(iter(self._last.values())) < now - WINDOW_S:
            (rate, who), _ = self._last.popitem(last=False)
            self._limiter.clear(rate, who)


def network(address: str) -> str:
    """What stands for an address: one customer has a whole network of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        # How a server that listens to both kinds sees those of the older one.
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> NETWORK_BITS << NETWORK_BITS))
    return str(parsed)
