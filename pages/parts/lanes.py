"""Model use by who was waiting: people in the chat, or jobs in the background."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from core.schema import Lane
from core.usage import LaneUse, Tokens

NAMES = {Lane.CHAT: "Chat", Lane.BATCH: "Background jobs"}


def of_lane(uses: Sequence[LaneUse], lane: Lane) -> LaneUse:
    """All endpoints' use in one lane, summed."""
    mine = [use for use in uses if use.lane is lane]
    return LaneUse(
        endpoint="",
        lane=lane,
        calls=sum(use.calls for use in mine),
        failed=sum(use.failed for use in mine),
        tokens=sum((use.tokens for use in mine), Tokens()),
        ttft_ms=tuple(sorted(time for use in mine for time in use.ttft_ms)),
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value that this share of the ordered values does not exceed; None without values."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None
