"""How an endpoint is at a moment, for people: slots in use, who waits, whether it rests.

Knows no store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core import admission
from core.admission import Lease
from core.condition import Condition
from core.endpoints import Endpoint
from core.statuses import Lane


@dataclass(frozen=True, slots=True)
class State:
    """An endpoint at a moment, for people.

    Attributes:
        chat: Slots in use by chat.
        batch: Slots in use by batch.
        waiting: Chat calls that wait for a slot of it.
        room: Slots that batch may have now.
        rest_s: How long it is still left alone; 0.0 when it is not.
    """

    endpoint: Endpoint
    condition: Condition
    chat: int
    batch: int
    waiting: int
    room: int
    rest_s: float


def state_of(endpoint: Endpoint, condition: Condition, held: Sequence[Lease], now: float) -> State:
    """An endpoint as it is now.

    Args:
        endpoint: The endpoint.
        condition: How it is known to be.
        held: The leases of its calls.
        now: On the clock of the leases.
    """
    chat = admission.in_lane(held, Lane.CHAT)
    return State(
        endpoint=endpoint,
        condition=condition,
        chat=sum(lease.slot is not None for lease in chat),
        batch=len(admission.in_lane(held, Lane.BATCH)),
        waiting=sum(lease.slot is None for lease in chat),
        room=admission.batch_room(endpoint, condition, held, now),
        rest_s=max(0.0, condition.down_until - now),
    )
