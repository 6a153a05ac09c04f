"""Who gets a slot: the rules of the two lanes. Pure: no database, no clock.

Chat is admitted while there is any slot, and takes one from batch where there
is none. Batch has what chat and the reserve leave, shared evenly between the
processes that want it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import floor
from typing import NamedTuple

from core.condition import Condition, is_due
from core.endpoints import Endpoint
from core.statuses import Lane, Mode


class Lease(NamedTuple):
    """A call's right to a slot of an endpoint; a tuple, since each turn makes one of each row.

    Attributes:
        slot: The slot's number, from 0; None while it waits for one.
        revoked: Called back for a person: to be given up at once.
        owed: Batch's minimum share: never called back, given up after one call.
        since: When the slot was taken, by the database's clock.
    """

    id: int
    endpoint: str
    lane: Lane
    holder: str
    slot: int | None
    revoked: bool
    owed: bool
    since: float


def in_lane(leases: Sequence[Lease], lane: Lane) -> list[Lease]:
    """The leases of one lane."""
    return [lease for lease in leases if lease.lane is lane]


def free_slots(endpoint: Endpoint, leases: Sequence[Lease]) -> list[int]:
    """Numbers of the slots that nobody has."""
    taken = {lease.slot for lease in leases}
    return [slot for slot in range(endpoint.slots) if slot not in taken]


def batch_room(
    endpoint: Endpoint, condition: Condition, leases: Sequence[Lease], now: float
) -> int:
    """How many slots batch may have now, those that it has included."""
    if Lane.BATCH not in endpoint.lanes or condition.mode is not Mode.OPEN:
        return 0
    if condition.is_down(now):
        return 0
    if condition.is_probed:
        return 1
    chat = len(in_lane(leases, Lane.CHAT))
    room = endpoint.batch_slots
    if condition.batch_limit is not None:
        room = min(room, floor(condition.batch_limit))
    if chat:
        room = min(room, endpoint.slots - chat)
        if endpoint.beside_chat is not None:
            room = min(room, endpoint.beside_chat)
    return max(room, 1 if is_due(condition) else 0)


def chat_room(endpoint: Endpoint, condition: Condition, leases: Sequence[Lease]) -> int:
    """How many slots chat may have now, those that it has included."""
    owed = any(lease.owed for lease in leases)
    promised = 1 if is_due(condition) and not owed and endpoint.slots > 0 else 0
    return endpoint.slots - promised - sum(lease.owed for lease in leases)


def free_for_chat(endpoint: Endpoint, condition: Condition, leases: Sequence[Lease]) -> int | None:
    """A slot for a newcomer, where nobody waits before them; from the bottom.

    Batch takes from the top, so each keeps its prefixes warm; and llama.cpp
    reads the prompts of low slots first.
    """
    chat = in_lane(leases, Lane.CHAT)
    if len(chat) >= chat_room(endpoint, condition, leases):
        return None
    free = free_slots(endpoint, leases)
    waiting = any(lease.slot is None for lease in chat)
    return free[0] if free and not waiting else None


def shares(room: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """Slots for each holder: as even as their wishes allow, none left while one is wished for."""
    result = dict.fromkeys(wanted, 0)
    # Ties go by name, so that every process comes to the same result.
    hungry = sorted(name for name in wanted if wanted[name] > 0)
    while hungry and room > 0:
        least = min(wanted[name] - result[name] for name in hungry)
        each = min(least, room // len(hungry)) or 1
        for name in hungry[:room]:
            result[name] += each
            room -= each
        hungry = [name for name in hungry if result[name] < wanted[name]]
    return result


def to_revoke(endpoint: Endpoint, condition: Condition, leases: Sequence[Lease]) -> list[Lease]:
    """The batch leases to call back so that all of chat has its slots: the youngest first.

    What they have done so far is thrown away, and the youngest have done least.
    """
    chat = min(len(in_lane(leases, Lane.CHAT)), chat_room(endpoint, condition, leases))
    batch = in_lane(leases, Lane.BATCH)
    leaving = sum(lease.revoked for lease in batch)
    surplus = chat + len(batch) - leaving - endpoint.slots
    spare = [lease for lease in batch if not lease.revoked and not lease.owed]
    return sorted(spare, key=lambda lease: lease.since, reverse=True)[: max(0, surplus)]


def next_in_line(endpoint: Endpoint, condition: Condition, leases: Sequence[Lease]) -> Lease | None:
    """The chat lease that gets the next free slot, if there is one for chat."""
    chat = in_lane(leases, Lane.CHAT)
    served = sum(lease.slot is not None for lease in chat)
    waiting = [lease for lease in chat if lease.slot is None]
    if not waiting or served >= chat_room(endpoint, condition, leases):
        return None
    return min(waiting, key=lambda lease: lease.id) if free_slots(endpoint, leases) else None


def chat_choice(
    endpoints: Sequence[Endpoint],
    conditions: Mapping[str, Condition],
    leases: Sequence[Lease],
    now: float,
    tried: Collection[str] = (),
) -> Endpoint | None:
    """The endpoint that a person's call should go to: well, least busy, first in the file.

    One that is left alone for its failures is still better than none at all.
    """
    open_ones = [
        one
        for one in endpoints
        if Lane.CHAT in one.lanes
        and one.name not in tried
        and conditions[one.name].mode is Mode.OPEN
    ]

    def rank(one: Endpoint) -> tuple[bool, bool, float, int]:
        mine = [lease for lease in leases if lease.endpoint == one.name]
        chat = len(in_lane(mine, Lane.CHAT))
        down = conditions[one.name].is_down(now) or conditions[one.name].is_probed
        return down, chat >= one.slots, chat / one.slots, open_ones.index(one)

    return min(open_ones, key=rank, default=None)
