"""How often somebody may try to sign in: less and less often, over all processes of the shop.

A try is counted before its password is looked at, so that a hundred at the same
time are a hundred. What tries have in common is counted: a login from an
address, the login from anywhere, the address with any login.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from core.db import Database, upsert
from core.errors import SignInLater
from core.people_tables import sign_in_tries as table
from core.turnstile import network

#: What was counted is forgotten when there was no try for this long.
FORGOTTEN_S = 86_400.0
#: The first pause; each further failure doubles it.
FIRST_PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may fail: so often without a pause, and how long pauses become at most."""

    free: int
    longest_s: float


#: One person's typing errors.
PAIR = Allowance(5, 900.0)
#: Guesses from many addresses. Short pauses: they shut out the right person, too.
LOGIN = Allowance(50, 30.0)
#: Many logins tried from one address; a whole shop may have the same.
ADDRESS = Allowance(50, 900.0)


def admit(db: Database, login: str, address: str, *, now: float) -> None:
    """Count a try, unless it comes too early.

    Raises:
        SignInLater: It does; it was not counted, and its password must not be looked at.
    """
    keys = _keys(login, address)
    with db.write() as connection:
        connection.execute(sa.delete(table).where(table.c.last_at < now - FORGOTTEN_S))
        # Rows that are there already stay as they are; either way nobody else counts meanwhile.
        begun = [{"key": key, "failed": 0, "last_at": now} for key in sorted(keys)]
        upsert(connection, table, begun, update=["key"])
        rows = connection.execute(sa.select(table).where(table.c.key.in_(keys))).all()
        wait_s = max(_pause_s(keys[row.key], row.failed) - (now - row.last_at) for row in rows)
        if wait_s <= 0:
            counted = sa.update(table).where(table.c.key.in_(keys))
            connection.execute(counted.values(failed=table.c.failed + 1, last_at=now))
    if wait_s > 0:
        raise SignInLater(f"Too many tries. Please wait {_words(wait_s)}.", wait_s=wait_s)


def succeeded(db: Database, login: str, address: str) -> None:
    """A try was right: it and the typing errors before it count no longer."""
    pair, _, of_address = _keys(login, address)
    with db.write() as connection:
        connection.execute(sa.delete(table).where(table.c.key == pair))
        # Whoever knows one password must not be free to guess others'.
        taken_back = sa.update(table).where(table.c.key == of_address, table.c.failed > 0)
        connection.execute(taken_back.values(failed=table.c.failed - 1))


def _keys(login: str, address: str) -> dict[bytes, Allowance]:
    where = network(address)
    names = ((f"{login}\n{where}", PAIR), (login, LOGIN), (f"\n{where}", ADDRESS))
    return {
        hashlib.blake2b(name.encode(errors="replace"), digest_size=16).digest(): allowance
        for name, allowance in names
    }


def _pause_s(allowance: Allowance, failed: int) -> float:
    over = failed - allowance.free
    if over < 0:
        return 0.0
    return min(allowance.longest_s, FIRST_PAUSE_S * 2.0 ** min(over, 20))


def _words(wait_s: float) -> str:
    return f"{wait_s / 60:.0f} minutes" if wait_s > 90 else f"{max(1, round(wait_s))} seconds"
