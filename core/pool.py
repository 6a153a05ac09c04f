"""The pool: every endpoint, shared by chat and batch, over all processes and machines.

Turns rules (:mod:`core.admission`, :mod:`core.condition`) into transactions.
Who waits, and how, is the lanes' business: :mod:`core.chat_lane` and
:mod:`core.batch_lane`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from core import admission, holders, leases
from core.admission import Lease
from core.condition import Condition, answered, counted, heard, reason_of, trouble_of, troubled
from core.endpoint_state import State, state_of
from core.endpoints import Endpoint
from core.errors import EndpointError, LimitReached, ModelError, NoEndpoint
from core.grants import Grant, Wish, charge, grant, serve_chat
from core.pool_store import PoolStore, open_store
from core.quota import spent
from core.roster import Roster
from core.settings import Settings
from core.statuses import Lane, Mode

#: Where more than may wait for an endpoint, one does not wait at all.
CROWDED_S = 60.0
CROWDED = "Very many people wait for an answer just now. Please ask again in a minute."


class Pool:
    """One process's view of the pool; safe to share between threads."""

    def __init__(self, settings: Settings, store: PoolStore, roster: Roster) -> None:
        self.settings = settings
        self.roster = roster
        self.holder = holders.new_name()
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
            LimitReached: Too many people wait for it already, of all processes.
        """
        endpoints = self.roster.endpoints()
        with self._store.turn() as (connection, now):
            known = leases.load_conditions(connection, endpoints)
            held = leases.load(connection, now)
            chosen = admission.chat_choice(endpoints, known, held, now, tried)
            if chosen is None:
                raise NoEndpoint("No model takes questions just now: look at the Pool page.")
            condition = known[chosen.name]
            mine = [lease for lease in held if lease.endpoint == chosen.name]
            lanes = self.settings.lanes
            slot = admission.free_for_chat(chosen, condition, mine) if lanes else None
            if lanes and slot is None:
                self._check_waiting(mine)
            charge(connection, chosen, condition, now)
            lease = leases.insert(connection, chosen.name, Lane.CHAT, self.holder, now, slot=slot)
            if slot is None and lanes:
                serve_chat(connection, chosen, condition, now)
            return chosen, lease

    def _check_waiting(self, held: Sequence[Lease]) -> None:
        waiting = sum(lease.slot is None for lease in held)
        if waiting > self.settings.waiting:
            raise LimitReached(CROWDED, wait_s=CROWDED_S)

    def before(self, lease: Lease) -> int:
        """How many people's calls wait before this one; cheap."""
        with self._store.look() as (connection, _):
            return leases.before(connection, lease)

    def look(self, lease: Lease) -> Lease | None:
        """A waiting lease as it is now; None when it has expired."""
        with self._store.look() as (connection, _):
            return leases.find(connection, lease.id)

    def tidy(self, endpoint: Endpoint) -> None:
        """Pass on what dead processes have left."""
        with self._store.turn() as (connection, now):
            known = leases.load_conditions(connection, [endpoint])[endpoint.name]
            serve_chat(connection, endpoint, known, now)

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
            after = spent(known, endpoint, 0, tokens) if endpoint.tpm else known
            if first_token_ms is not None:
                batch = len(admission.in_lane(held, Lane.BATCH))
                after = heard(after, endpoint, first_token_ms, batch, now)
                after = counted(answered(after, lease.since, now), 1, now)
            if after != known:
                leases.save_condition(connection, after)
            if waiting:
                serve_chat(connection, endpoint, after, now)

    def revoked(self) -> set[int]:
        """Leases of this process that are to be given up at once; cheap."""
        with self._store.look() as (connection, _):
            return leases.revoked(connection, self.holder)

    def sync(
        self, wishes: Sequence[Wish], returned: Collection[int], kept: Collection[int] = ()
    ) -> dict[str, Grant]:
        """Batch's turn: give leases back, show a sign of life, and get what is to be had.

        Args:
            wishes: One for each endpoint.
            returned: Ids of leases that are not needed any more, or were revoked.
            kept: Ids of revoked leases for which others are among the returned ones.

        Returns:
            What this process has by now, by endpoint.
        """
        with self._store.turn() as (connection, now):
            leases.forget_dead(connection, now)
            leases.drop(connection, returned)
            leases.keep(connection, kept)
            leases.renew(connection, self.holder, now)
            known = leases.load_conditions(connection, [wish.endpoint for wish in wishes])
            return {
                wish.endpoint.name: grant(
                    connection, self.settings, self.holder, wish, known[wish.endpoint.name], now
                )
                for wish in wishes
            }

    def report(
        self, endpoint: Endpoint, change: Callable[[Condition, float], Condition]
    ) -> Condition:
        """Change an endpoint's condition by what was met there; returns how it is then."""
        with self._store.turn() as (connection, now):
            known = leases.load_conditions(connection, [endpoint])[endpoint.name]
            after = change(known, now)
            if after != known:
                leases.save_condition(connection, after)
            return after

    def met(self, endpoint: Endpoint, error: ModelError, answers: int = 0) -> None:
        """A call has failed; what that says about its endpoint is everybody's business.

        Args:
            endpoint: Where.
            error: How.
            answers: Answers had there since the pool was told last.
        """
        trouble = trouble_of(error)
        if trouble is None:
            return
        reason = reason_of(trouble, error)
        wait_s = error.retry_after_s if isinstance(error, EndpointError) else None

        def change(known: Condition, now: float) -> Condition:
            counting = counted(known, answers, now)
            return troubled(counting, endpoint, trouble, reason, now, wait_s)

        self.report(endpoint, change)

    def well(self, endpoint: Endpoint, began: float) -> bool:
        """A call that began then (monotonic) was answered; returns whether no trouble is left."""

        def change(known: Condition, now: float) -> Condition:
            # Its age is that of this turn: one that was waited for must not make it younger
            # than a trouble that it began before.
            return answered(known, now - (time.monotonic() - began), now)

        return not self.report(endpoint, change).failures

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
            state_of(one, known[one.name], [x for x in held if x.endpoint == one.name], now)
            for one in endpoints
        ]
        return found, batch_waiting


def open_pool(settings: Settings) -> Pool:
    """The pool of these settings.

    Raises:
        SettingError: Its store cannot be opened.
    """
    return Pool(settings, open_store(settings), Roster(settings))
