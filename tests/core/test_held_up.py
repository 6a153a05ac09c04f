"""Why jobs wait, told in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.condition import Condition
from core.endpoint_state import State
from core.endpoints import Endpoint
from core.held_up import reason
from core.statuses import Mode

WELL = State(Endpoint("gpu", "u", "m"), Condition("gpu"), 0, 0, 0, room=15, rest_s=0.0)
BUSY = replace(WELL, room=0, chat=16)
PAUSED = replace(BUSY, condition=Condition("gpu", mode=Mode.PAUSED))
RESTING = replace(BUSY, condition=Condition("gpu", reason="it cannot be reached"), rest_s=20.0)


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([WELL], ""),
        ([WELL, PAUSED], ""),
        ([BUSY], "customers are being answered"),
        ([PAUSED], "every model is paused"),
        ([RESTING, PAUSED], "waiting for gpu: it cannot be reached; next try in 20 s"),
        ([], "no model serves background jobs"),
    ],
)
def test_why_jobs_wait(states: list[State], said: str) -> None:
    found = reason(states)
    assert said in found
    assert bool(found) == bool(said)
