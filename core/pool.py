"""The pool: every endpoint, shared by chat and batch, over all processes and machines.

Turns rules (:mod:`core.admission`, :mod:`core.condition`) into transactions.
Who waits, and how, is the lanes' business: :mod:`core.chat_lane` and
:mod:`core.batch_lane`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from core import admission, leases
from core.admission import Lease
from core.condition import (
    Condition,
    answered,
    grown,
    heard,
    is_due,
    permitted,
    reason_of,
    reckoned,
    refilled,
    spent,
    trouble_of,
    troubled,
)
from core.endpoints import Endpoint
from core.errors import EndpointError, ModelError, NoEndpoint, RateLimited
from core.pool_store import PoolStore, open_store
from core.roster import Roster
from core.schema import Lane, Mode
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What a process that works for batch would like of an endpoint.

    Attributes:
        wanted: Calls it would have under way at the same time.
        waiting: Of these, how many cannot begin yet.
        requests: Permissions it lacks, where requests or tokens are limited by the minute.
        tokens_each: Tokens that a call takes, about.
    """

    endpoint: Endpoint
    wanted: int
    waiting: int
    requests: int
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


class Pool:
    """One process's view of the pool; safe to share between threads."""

    def __init__(self, settings: Settings, store: PoolStore, roster: Roster) -> None:
        self.settings = settings
        self.roster = roster
        self.holder = leases.holder_name()
        self._store = store

    def close(self) -> None:
        """Give back every lease and connection."""
        with self._store.turn() as (connection, _):
            leases.leave(connection, self.holder)
        self._store.close()

    def admit(self, tried: Collection[str] = ()) -> tuple[Endpoint, Lease]:
        """Let a person's call in: a lease with a slot, or one that waits for the next.

        Args:
            tried: Endpoints that have failed this call already.

        Raises:
            NoEndpoint: No endpoint is open to people, or all were tried.
        """
        endpoints = self.roster.endpoints()
        with self._store.turn() as (connection, now):
            known = leases.load_conditions(connection, endpoints)
            held = leases.load(connection, now)
            chosen = admission.chat_choice(endpoints, known, held, now, tried)
            if chosen is None:
                raise NoEndpoint("No model takes questions just now: look at the Pool page.")
            condition = known[chosen.name]
            self._charge(connection, chosen, condition, now)
            mine = [lease for lease in held if lease.endpoint == chosen.name]
            slot = self._free_for_chat(chosen, condition, mine)
            lease = leases.insert(connection, chosen.name, Lane.CHAT, self.holder, now, slot=slot)
            if slot is None and self.settings.lanes:
                self._serve_chat(connection, chosen, condition, now)
            return chosen, lease

    def _free_for_chat(
        self, endpoint: Endpoint, condition: Condition, held: Sequence[Lease]
    ) -> int | None:
        """A slot for a newcomer, where nobody waits before them; from the top.

        Batch takes from the bottom, so each keeps its prefixes warm.
        """
        chat = admission.in_lane(held, Lane.CHAT)
        if not self.settings.lanes or len(chat) >= admission.chat_room(endpoint, condition, held):
            return None
        free = admission.free_slots(endpoint, held)
        waiting = any(lease.slot is None for lease in chat)
        return free[-1] if free and not waiting else None

    def _charge(
        self, connection: Connection, endpoint: Endpoint, condition: Condition, now: float
    ) -> None:
        """A person's request counts, but is never held back by a limit: batch pays the debt."""
        if endpoint.rpm or endpoint.tpm or condition.learned_rpm:
            after = spent(refilled(condition, endpoint, now), endpoint, 1, 0, now)
            leases.save_condition(connection, after)

    def _serve_chat(
        self, connection: Connection, endpoint: Endpoint, condition: Condition, now: float
    ) -> None:
        """Hand free slots to waiting people, and call back from batch what they still lack."""
        held = leases.load(connection, now, endpoint.name)
        while lease := admission.next_in_line(endpoint, condition, held):
            slot = admission.free_slots(endpoint, held)[-1]
            leases.give_slot(connection, lease, slot, now)
            held = [replace(one, slot=slot) if one is lease else one for one in held]
        leases.revoke(connection, admission.to_revoke(endpoint, condition, held))

    def look(self, lease: Lease) -> Lease | None:
        """A waiting lease as it is now; None when it has expired."""
        with self._store.look() as (connection, _):
            return leases.find(connection, lease.id)

    def tidy(self, endpoint: Endpoint) -> None:
        """Pass on what dead processes have left."""
        with self._store.turn() as (connection, now):
            known = leases.load_conditions(connection, [endpoint])[endpoint.name]
            self._serve_chat(connection, endpoint, known, now)

    def renew(self) -> None:
        """A sign of life for all leases of this process."""
        with self._store.turn() as (connection, now):
            leases.renew(connection, self.holder, now)

    def release(
        self, endpoint: Endpoint, lease: Lease, tokens: int, first_token_ms: float | None
    ) -> None:
        """Give a person's lease back, to the next one who waits.

        Args:
            endpoint: Its endpoint.
            lease: The lease.
            tokens: What the call took.
            first_token_ms: When its first word came, if one did.
        """
        with self._store.turn() as (connection, now):
            leases.drop(connection, [lease.id])
            held = leases.load(connection, now, endpoint.name)
            waiting = any(one.slot is None for one in held)
            if first_token_ms is None and not endpoint.tpm and not waiting:
                return
            known = leases.load_conditions(connection, [endpoint])[endpoint.name]
            after = spent(known, endpoint, 0, tokens, now) if endpoint.tpm else known
            if first_token_ms is not None:
                batch = len(admission.in_lane(held, Lane.BATCH))
                after = heard(after, endpoint, first_token_ms, batch, now)
                after = answered(after, now - first_token_ms / 1000)
            if after != known:
                leases.save_condition(connection, after)
            if waiting:
                self._serve_chat(connection, endpoint, after, now)

    def revoked(self) -> set[int]:
        """Leases of this process that are to be given up at once; cheap."""
        with self._store.look() as (connection, _):
            return leases.revoked(connection, self.holder)

    def sync(self, wishes: Sequence[Wish], returned: Collection[int]) -> dict[str, Grant]:
        """Batch's turn: give leases back, show a sign of life, and get what is to be had.

        Args:
            wishes: One for each endpoint.
            returned: Ids of leases that are not needed any more, or were revoked.

        Returns:
            What this process has by now, by endpoint.
        """
        with self._store.turn() as (connection, now):
            leases.forget_dead(connection, now)
            leases.drop(connection, returned)
            leases.renew(connection, self.holder, now)
            known = leases.load_conditions(connection, [wish.endpoint for wish in wishes])
            return {
                wish.endpoint.name: self._grant(connection, wish, known[wish.endpoint.name], now)
                for wish in wishes
            }

    def _grant(self, connection: Connection, wish: Wish, before: Condition, now: float) -> Grant:
        endpoint = wish.endpoint
        leases.demand(connection, endpoint.name, self.holder, wish.wanted, wish.waiting, now)
        if self.settings.lanes:
            self._serve_chat(connection, endpoint, before, now)
        held = leases.load(connection, now, endpoint.name)
        condition = refilled(before, endpoint, now)
        if wish.waiting:
            batch = len(admission.in_lane(held, Lane.BATCH))
            condition = reckoned(condition, endpoint, self.settings.batch_share, batch, now)
            condition = grown(condition, endpoint, now)
        room = self._room(endpoint, condition, held, now)
        target = admission.shares(room, leases.wanted(connection, endpoint.name, now))[self.holder]
        mine = self._take(connection, endpoint, condition, held, target, room, now)
        limited = bool(condition.rpm(endpoint) or endpoint.tpm)
        requests = permitted(condition, endpoint, wish.requests, wish.tokens_each) if limited else 0
        condition = spent(condition, endpoint, requests, requests * wish.tokens_each, now)
        leases.save_condition(connection, condition)
        return Grant(tuple(mine), target, limited, requests)

    def _room(
        self, endpoint: Endpoint, condition: Condition, held: Sequence[Lease], now: float
    ) -> int:
        if self.settings.lanes:
            return admission.batch_room(endpoint, condition, held, now)
        # First come, first served: chat neither waits here nor is batch held back for it.
        alone = replace(endpoint, reserve=0)
        return admission.batch_room(alone, condition, admission.in_lane(held, Lane.BATCH), now)

    def _take(
        self,
        connection: Connection,
        endpoint: Endpoint,
        condition: Condition,
        held: Sequence[Lease],
        target: int,
        room: int,
        now: float,
    ) -> list[Lease]:
        """This process's leases, with as many new ones as there is room for."""
        batch = admission.in_lane(held, Lane.BATCH)
        kept = [lease for lease in batch if not lease.revoked]
        mine = [lease for lease in batch if lease.holder == self.holder]
        free = admission.free_slots(endpoint, held)
        lacking = target - sum(not lease.revoked for lease in mine)
        owed = is_due(condition) and not any(lease.owed for lease in kept)
        for slot in free[: max(0, min(lacking, room - len(kept)))]:
            mine.append(
                leases.insert(
                    connection, endpoint.name, Lane.BATCH, self.holder, now, slot=slot, owed=owed
                )
            )
            owed = False
        return mine

    def report(self, endpoint: Endpoint, change: Callable[[Condition, float], Condition]) -> None:
        """Change an endpoint's condition by what was met there."""
        with self._store.turn() as (connection, now):
            known = leases.load_conditions(connection, [endpoint])[endpoint.name]
            after = change(known, now)
            if after != known:
                leases.save_condition(connection, after)

    def met(self, endpoint: Endpoint, error: ModelError) -> None:
        """A call has failed; what that says about its endpoint is everybody's business."""
        trouble = trouble_of(error)
        if trouble is None:
            return
        reason = reason_of(trouble, error)
        wait_s = error.retry_after_s if isinstance(error, RateLimited) else None
        self.report(
            endpoint, lambda known, now: troubled(known, endpoint, trouble, reason, now, wait_s)
        )

    def well(self, endpoint: Endpoint, took_s: float) -> None:
        """A call that took so long has been answered."""
        self.report(endpoint, lambda known, now: answered(known, now - took_s))

    def set_mode(self, name: str, mode: Mode) -> None:
        """Open, drain or pause an endpoint; a pause calls batch back at once.

        Raises:
            EndpointError: There is no such endpoint.
        """
        endpoint = next((one for one in self.roster.endpoints() if one.name == name), None)
        if endpoint is None:
            raise EndpointError(f"There is no endpoint {name} any more.")
        with self._store.turn() as (connection, now):
            known = leases.load_conditions(connection, [endpoint])[name]
            leases.save_condition(connection, replace(known, mode=mode))
            if mode is Mode.PAUSED:
                held = leases.load(connection, now, name)
                leases.revoke(connection, admission.in_lane(held, Lane.BATCH))

    def states(self) -> tuple[list[State], int]:
        """Every endpoint as it is now, and how many calls of batch wait for any of them."""
        endpoints = self.roster.endpoints()
        with self._store.look() as (connection, now):
            known = leases.load_conditions(connection, endpoints)
            held = leases.load(connection, now)
            batch_waiting = leases.waiting(connection, now)
        found = [
            _state(one, known[one.name], [x for x in held if x.endpoint == one.name], now)
            for one in endpoints
        ]
        return found, batch_waiting


def _state(endpoint: Endpoint, condition: Condition, held: Sequence[Lease], now: float) -> State:
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


def open_pool(settings: Settings) -> Pool:
    """The pool of these settings.

    Raises:
        SettingError: Its store cannot be opened.
    """
    return Pool(settings, open_store(settings), Roster(settings))
