"""How an endpoint is, and what follows for the calls to it. Pure: no database, no clock.

The batch lane's limit grows additively and shrinks multiplicatively (Chiu and
Jain, 1989): a step up for every second without trouble, a factor down for a
rate limit, a time-out, a broken connection, or a chat that gets slower.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.endpoints import Endpoint
from core.errors import EndpointError, ModelError, RateLimited, Refused, TimedOut, Unreachable
from core.statuses import Mode

#: What one piece of trouble leaves of the batch lane's limit; the pieces of
#: :data:`SAME_TROUBLE_S` count as one, since all calls under way meet it together.
SHRINK = 0.5
SAME_TROUBLE_S = 1.0
#: The limit grows in a second by this share of the slots, and by one at the least.
GROWTH = 1 / 32
#: Longest time that an endpoint is left alone without having asked for it.
LONGEST_REST_S = 30.0
#: A rate limit that asks for at least so long is one on requests a minute, and can be learned:
#: unless fewer answers than these went through, for then it was not we who used it up.
MINUTE_LIMIT_S = 3.0
LEAST_LEARNED = 30
WINDOW_S = 60
#: First words this much later than usual mean that batch has taken too much.
LATE_FACTOR, LATE_MS = 2.0, 100.0
#: Weights of a new first-token time: in what is now, and in what is usual (slow to rise).
NOW_WEIGHT, USUAL_FALL, USUAL_RISE = 0.5, 0.3, 0.02
#: Bounds of what batch is owed, in slot-seconds, and when the debt is called in.
LEAST_OWED_S, MOST_OWED_S, DUE_S = -5.0, 60.0, 1.0
LONGEST_GAP_S = 2.0


class Trouble(StrEnum):
    """What can go wrong with a call that says something about its endpoint."""

    LIMITED = "limited"  #: 429
    TIMEOUT = "timeout"  #: no answer in time
    UNREACHABLE = "unreachable"  #: no connection could be made
    BROKEN = "broken"  #: the connection broke off
    SERVER = "server"  #: 5xx
    REFUSED = "refused"  #: the key, address or model is wrong

    @property
    def patience(self) -> int:
        """How often in a row before the endpoint is left alone for a while."""
        return _PATIENCE[self]


_PATIENCE = {
    Trouble.LIMITED: 1,
    Trouble.TIMEOUT: 3,
    Trouble.UNREACHABLE: 1,
    Trouble.BROKEN: 3,
    Trouble.SERVER: 4,
    Trouble.REFUSED: 1,
}
_WORDS = {
    Trouble.LIMITED: "it asked us to slow down",
    Trouble.TIMEOUT: "it did not answer in time",
    Trouble.UNREACHABLE: "it cannot be reached",
    Trouble.BROKEN: "it broke the connection",
    Trouble.SERVER: "it answered with an error",
    Trouble.REFUSED: "it refuses our key, address or model",
}


def trouble_of(error: ModelError) -> Trouble | None:
    """What kind of trouble an error is, if it says something about its endpoint."""
    if isinstance(error, RateLimited):
        return Trouble.LIMITED
    if isinstance(error, TimedOut):
        return Trouble.TIMEOUT
    if isinstance(error, Refused):
        return Trouble.REFUSED
    if not isinstance(error, EndpointError):
        return None
    if isinstance(error, Unreachable):
        return Trouble.UNREACHABLE
    if error.status is None:
        return Trouble.BROKEN
    return Trouble.SERVER if error.status >= 500 else None


def reason_of(trouble: Trouble, error: ModelError) -> str:
    """The same for the person who looks after the endpoints."""
    status = getattr(error, "status", None)
    return _WORDS[trouble] + (f" ({status})" if status else "")


@dataclass(frozen=True, slots=True)
class Condition:
    """How an endpoint is; times by the database's clock, in seconds since the epoch.

    Attributes:
        mode: What a person has decided about it.
        batch_limit: Calls that batch may have under way; None: not limited.
        limited_at: When that limit last shrank.
        grown_at: When it last grew.
        failures: Troubles in a row, those of one moment counted once.
        failed_at: When the last one was.
        down_until: Until when it is left alone.
        reason: What the last trouble was, in words.
        first_token_ms: Chat's time to the first token lately.
        usual_first_token_ms: The same when it is fast.
        requests_left: Requests that may be sent now; negative: a debt.
        tokens_left: The same in tokens.
        filled_at: When both were last filled up.
        learned_rpm: Requests a minute, as 429s have taught.
        answers: Answers in the last minute, by second.
        owed_s: Slot-seconds that batch lacks to its minimum share.
        owed_at: When that was last reckoned.
    """

    endpoint: str
    mode: Mode = Mode.OPEN
    batch_limit: float | None = None
    limited_at: float = 0.0
    grown_at: float = 0.0
    failures: int = 0
    failed_at: float = 0.0
    down_until: float = 0.0
    reason: str = ""
    first_token_ms: float | None = None
    usual_first_token_ms: float | None = None
    requests_left: float = 1.0
    tokens_left: float = 1.0
    filled_at: float = 0.0
    learned_rpm: float | None = None
    answers: dict[str, int] = field(default_factory=dict)
    owed_s: float = 0.0
    owed_at: float = 0.0

    def is_down(self, now: float) -> bool:
        """Whether it is left alone for now."""
        return now < self.down_until

    @property
    def is_probed(self) -> bool:
        """Whether it failed lately, so that one call at a time has to show that it is back."""
        return self.failures > 1

    def lately(self, now: float) -> dict[str, int]:
        """Answers in the last minute, by second."""
        return {second: n for second, n in self.answers.items() if int(second) > now - WINDOW_S}

    def rpm(self, endpoint: Endpoint) -> float | None:
        """Requests a minute: as configured, or as learned."""
        return endpoint.rpm or self.learned_rpm


def troubled(
    condition: Condition,
    endpoint: Endpoint,
    trouble: Trouble,
    reason: str,
    now: float,
    retry_after_s: float | None = None,
) -> Condition:
    """After a call has met trouble."""
    same = now - condition.failed_at < SAME_TROUBLE_S
    failures = condition.failures + (0 if same else 1)
    rest_s = retry_after_s
    if rest_s is None and failures >= trouble.patience:
        rest_s = min(LONGEST_REST_S, 2.0 ** (failures - trouble.patience))
    down_until = max(condition.down_until, now + rest_s) if rest_s else condition.down_until
    after = replace(
        condition, failures=failures, failed_at=now, reason=reason, down_until=down_until
    )
    if trouble is Trouble.LIMITED and (retry_after_s or 0) >= MINUTE_LIMIT_S and not same:
        lately = sum(after.lately(now).values())
        after = replace(after, learned_rpm=float(lately)) if lately >= LEAST_LEARNED else after
    return shrunk(after, endpoint, now) if _is_too_much(trouble, failures) else after


def _is_too_much(trouble: Trouble, failures: int) -> bool:
    """Whether fewer calls would help: a single one that breaks says nothing about their number."""
    if trouble in (Trouble.LIMITED, Trouble.TIMEOUT):
        return True
    return trouble in (Trouble.UNREACHABLE, Trouble.BROKEN) and failures > 1


def shrunk(condition: Condition, endpoint: Endpoint, now: float) -> Condition:
    """After batch has been too much, at most once for the same trouble."""
    if now - condition.limited_at < SAME_TROUBLE_S:
        return condition
    limit = endpoint.slots if condition.batch_limit is None else condition.batch_limit
    return replace(condition, batch_limit=max(1.0, limit * SHRINK), limited_at=now, grown_at=now)


def grown(condition: Condition, endpoint: Endpoint, now: float) -> Condition:
    """After some time without trouble in which batch could have used more."""
    if condition.batch_limit is None or condition.is_down(now):
        return condition
    step = max(1.0, endpoint.slots * GROWTH) * min(LONGEST_GAP_S, now - condition.grown_at)
    limit = condition.batch_limit + step
    return replace(condition, batch_limit=None if limit >= endpoint.slots else limit, grown_at=now)


def counted(condition: Condition, answers: int, now: float) -> Condition:
    """After so many answers; what went through in a minute is what a limit is learned from."""
    if not answers:
        return condition
    lately, second = condition.lately(now), str(int(now))
    return replace(condition, answers=lately | {second: lately.get(second, 0) + answers})


def answered(condition: Condition, began_at: float, now: float) -> Condition:
    """After a good answer to a call that began at this time; a rest lasts to its end."""
    if not condition.failures or began_at <= condition.failed_at or condition.is_down(now):
        return condition
    return replace(condition, failures=0, down_until=0.0, reason="")


def heard(
    condition: Condition, endpoint: Endpoint, first_token_ms: float, batch: int, now: float
) -> Condition:
    """After chat's first token: batch steps back when it comes late while batch is busy."""
    usual, lately = condition.usual_first_token_ms, condition.first_token_ms
    if usual is None or lately is None:
        return replace(
            condition, first_token_ms=first_token_ms, usual_first_token_ms=first_token_ms
        )
    weight = USUAL_FALL if first_token_ms < usual else USUAL_RISE
    usual += weight * (first_token_ms - usual)
    lately += NOW_WEIGHT * (first_token_ms - lately)
    after = replace(condition, first_token_ms=lately, usual_first_token_ms=usual)
    late = lately > usual * LATE_FACTOR + LATE_MS
    return shrunk(after, endpoint, now) if late and batch else after


def reckoned(
    condition: Condition, endpoint: Endpoint, share: float, held: int, now: float
) -> Condition:
    """What batch, which wants more than it has, is owed by now to reach its share."""
    gone_s = min(LONGEST_GAP_S, max(0.0, now - condition.owed_at))
    owed_s = condition.owed_s + gone_s * (share * endpoint.slots - held)
    return replace(condition, owed_s=min(MOST_OWED_S, max(LEAST_OWED_S, owed_s)), owed_at=now)


def is_due(condition: Condition) -> bool:
    """Whether batch gets its next slot before chat does."""
    return condition.owed_s >= DUE_S
