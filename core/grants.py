"""Handing out slots, inside a turn of the pool: to people who wait, and to batch what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from core import admission, leases
from core.admission import Lease
from core.condition import Condition, counted, grown, is_due, reckoned
from core.endpoints import Endpoint
from core.quota import permitted, refilled, spent
from core.settings import Settings
from core.statuses import Lane


@dataclass(frozen=True, slots=True)
class Wish:
    """What a process that works for batch would like of an endpoint.

    Attributes:
        wanted: Calls it would have under way at the same time.
        waiting: Of these, how many cannot begin yet.
        requests: Permissions it lacks, where requests or tokens are limited by the minute.
        answers: Answers it has had since it asked last.
        tokens_each: Tokens that a call takes, about.
    """

    endpoint: Endpoint
    wanted: int
    waiting: int
    requests: int
    answers: int
    tokens_each: float


@dataclass(frozen=True, slots=True)
class Grant:
    """What it gets.

    Attributes:
        leases: All its leases there, the revoked ones too.
        target: How many of them it may keep; the others go back as their calls end.
        limited: Whether each call needs a permission.
        requests: How many it is given now.
    """

    leases: tuple[Lease, ...]
    target: int
    limited: bool
    requests: int


def charge(connection: Connection, endpoint: Endpoint, condition: Condition, now: float) -> None:
    """A person's request counts, but no limit holds it back: batch pays the debt."""
    if endpoint.rpm or endpoint.tpm or condition.learned_rpm:
        after = spent(refilled(condition, endpoint, now), endpoint, 1, 0)
        leases.save_condition(connection, after)


def serve_chat(
    connection: Connection, endpoint: Endpoint, condition: Condition, now: float
) -> None:
    """Hand free slots to waiting people, and call back from batch what they still lack."""
    held = leases.load(connection, now, endpoint.name)
    while lease := admission.next_in_line(endpoint, condition, held):
        slot = admission.free_slots(endpoint, held)[0]
        leases.give_slot(connection, lease, slot, now)
        held = [one._replace(slot=slot) if one is lease else one for one in held]
    leases.revoke(connection, admission.to_revoke(endpoint, condition, held))


def grant(
    connection: Connection,
    settings: Settings,
    holder: str,
    wish: Wish,
    before: Condition,
    now: float,
) -> Grant:
    """What a process that works for batch gets of an endpoint at this moment.

    Args:
        connection: Inside a turn.
        settings: Whether there are lanes, and batch's least share.
        holder: The process.
        wish: What it would like.
        before: How the endpoint was.
        now: By the database's clock.
    """
    endpoint = wish.endpoint
    leases.demand(connection, endpoint.name, holder, wish.wanted, wish.waiting, now)
    if settings.lanes:
        serve_chat(connection, endpoint, before, now)
    held = leases.load(connection, now, endpoint.name)
    condition = counted(refilled(before, endpoint, now), wish.answers, now)
    if wish.waiting:
        batch = len(admission.in_lane(held, Lane.BATCH))
        condition = reckoned(condition, endpoint, settings.batch_share, batch, now)
        condition = grown(condition, endpoint, now)
    room = _room(endpoint, condition, held, now, lanes=settings.lanes)
    target = admission.shares(room, leases.wanted(connection, endpoint.name, now))[holder]
    mine = _take(connection, endpoint, condition, held, holder, target, room, now)
    limited = bool(condition.rpm(endpoint) or endpoint.tpm)
    requests = permitted(condition, endpoint, wish.requests, wish.tokens_each) if limited else 0
    condition = spent(condition, endpoint, requests, requests * wish.tokens_each)
    leases.save_condition(connection, condition)
    return Grant(tuple(mine), target, limited, requests)


def _room(
    endpoint: Endpoint, condition: Condition, held: Sequence[Lease], now: float, *, lanes: bool
) -> int:
    if lanes:
        return admission.batch_room(endpoint, condition, held, now)
    # First come, first served: chat neither waits here nor is batch held back for it.
    alone = replace(endpoint, reserve=0)
    return admission.batch_room(alone, condition, admission.in_lane(held, Lane.BATCH), now)


def _take(
    connection: Connection,
    endpoint: Endpoint,
    condition: Condition,
    held: Sequence[Lease],
    holder: str,
    target: int,
    room: int,
    now: float,
) -> list[Lease]:
    """The holder's leases, with as many new ones as there is room for."""
    batch = admission.in_lane(held, Lane.BATCH)
    kept = [lease for lease in batch if not lease.revoked]
    mine = [lease for lease in batch if lease.holder == holder]
    free = admission.free_slots(endpoint, held)
    lacking = target - sum(not lease.revoked for lease in mine)
    owed = is_due(condition) and not any(lease.owed for lease in kept)
    for slot in free[::-1][: max(0, min(lacking, room - len(kept)))]:
        mine.append(
            leases.insert(connection, endpoint.name, Lane.BATCH, holder, now, slot=slot, owed=owed)
        )
        owed = False
    return mine
