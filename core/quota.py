"""Limits by the minute, on requests and on tokens, as two buckets. Pure, like the condition.

All processes draw from the same buckets. Each holds what a second allows, so
that the limit is kept in every minute, whoever counts it from where.
"""

from __future__ import annotations

from dataclasses import replace

from core.condition import WINDOW_S, Condition
from core.endpoints import Endpoint

#: A bucket that is filled a little slower keeps clear of the limit.
HEADROOM = 0.98
#: What a learned limit grows by in a minute, in case the endpoint allows more by now; twice,
#: three times and so on as often in the minutes after it. After an hour it is forgotten.
RELEARN = 1.03
FORGOTTEN_S = 3600.0


def refilled(condition: Condition, endpoint: Endpoint, now: float) -> Condition:
    """With what the limits a minute allow by now; a bucket holds a second's worth."""
    gone_s = max(0.0, now - condition.filled_at)
    after = replace(condition, learned_rpm=_relearned(condition, now), filled_at=now)
    return replace(
        after,
        requests_left=_filled(condition.requests_left, after.rpm(endpoint), gone_s),
        tokens_left=_filled(condition.tokens_left, endpoint.tpm, gone_s),
    )


def _relearned(condition: Condition, now: float) -> float | None:
    """What a learned limit is by now: the longer it was kept without trouble, the more it grows."""
    since_s = now - max(condition.failed_at, condition.down_until)
    if condition.learned_rpm is None or since_s > FORGOTTEN_S:
        return None
    used_s = max(0.0, min(WINDOW_S, now - condition.filled_at, since_s))
    growth: float = RELEARN ** (used_s / WINDOW_S * since_s / WINDOW_S)
    return condition.learned_rpm * growth


def _filled(left: float, a_minute: float | None, gone_s: float) -> float:
    if a_minute is None:
        return 1.0
    a_second = a_minute / WINDOW_S
    return min(max(1.0, a_second), left + a_second * HEADROOM * gone_s)


def permitted(condition: Condition, endpoint: Endpoint, wanted: int, tokens_each: float) -> int:
    """How many of the wanted requests may be sent now."""
    allowed = wanted
    if condition.rpm(endpoint) is not None:
        allowed = min(allowed, int(condition.requests_left))
    if endpoint.tpm is not None:
        # One goes as soon as there is anything left, however large it is: the debt waits.
        fit = int(condition.tokens_left / max(1.0, tokens_each))
        allowed = min(allowed, max(fit, 1 if condition.tokens_left >= 1 else 0))
    return max(0, allowed)


def spent(condition: Condition, endpoint: Endpoint, requests: int, tokens: float) -> Condition:
    """After so many requests have been sent or promised."""
    limited = condition.rpm(endpoint) is not None
    return replace(
        condition,
        requests_left=condition.requests_left - (requests if limited else 0),
        tokens_left=condition.tokens_left - (tokens if endpoint.tpm is not None else 0),
    )
