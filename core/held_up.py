"""Why background calls do not move just now, in the words of the person who waits for them."""

from __future__ import annotations

from collections.abc import Sequence

from core.endpoint_state import State
from core.statuses import Lane, Mode


def reason(states: Sequence[State]) -> str:
    """Why no endpoint takes calls of batch at this moment; empty when one does."""
    mine = [state for state in states if Lane.BATCH in state.endpoint.lanes]
    if not mine:
        return "no model serves background jobs (see endpoints.toml)"
    if any(state.room for state in mine):
        return ""
    resting = [state for state in mine if state.rest_s]
    if resting:
        first = min(resting, key=lambda state: state.rest_s)
        why = f"waiting for {first.endpoint.name}: {first.condition.reason}"
        return f"{why}; next try in {max(1, round(first.rest_s))} s"
    if all(state.condition.mode is not Mode.OPEN for state in mine):
        return "waiting: every model is paused (see the Pool page)"
    return "waiting: customers are being answered"
