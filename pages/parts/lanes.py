"""The two lanes on screen: their names, their colours, and what they use."""

from __future__ import annotations

from collections.abc import Sequence

from core.statuses import Lane
from core.usage import Tokens, Use

NAMES = {Lane.CHAT: "Chat", Lane.BATCH: "Background jobs"}
#: Told apart in light and dark, and by people who see few colours.
COLORS = {Lane.CHAT: "#3d7fb5", Lane.BATCH: "#2c8a63"}


def summed(uses: Sequence[Use], lane: Lane) -> Use:
    """Use in one lane, over all endpoints and spans."""
    mine = [use for use in uses if use.lane is lane]
    return Use(
        since=min((use.since for use in mine), default=0.0),
        endpoint="",
        lane=lane,
        calls=sum(use.calls for use in mine),
        failed=sum(use.failed for use in mine),
        tokens=sum((use.tokens for use in mine), Tokens()),
        cost=sum(use.cost for use in mine),
    )
