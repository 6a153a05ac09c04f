"""Signing in with a password that the shop keeps."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from core import passwords, sign_ins, tries
from core.db import Database
from core.errors import SignInError
from core.people import folded
from core.people_tables import people

log = logging.getLogger(__name__)

#: One answer to whatever was wrong: nobody learns who is known here.
WRONG = "That name and password do not belong together. Please try again."


def with_password(db: Database, login: str, password: str, address: str, *, now: float) -> str:
    """Sign somebody in; returns the token that their browser keeps.

    Args:
        db: The database.
        login: As they typed it.
        password: As they typed it.
        address: From where they ask, on the network.
        now: Epoch seconds.

    Raises:
        SignInLater: They have tried too often.
        SignInError: The two do not belong together, or they were shut out.
    """
    login = folded(login)
    tries.admit(db, login, address, now=now)
    with db.read() as connection:
        found = sa.select(people.c.id, people.c.password_hash)
        row = connection.execute(found.where(people.c.login == login, people.c.enabled)).first()
    stored = str(row.password_hash) if row and row.password_hash else None
    if not passwords.matches(stored, password) or row is None or stored is None:
        log.warning("somebody could not sign in from %s", address)
        raise SignInError(WRONG)
    tries.succeeded(db, login, address)
    renewed = {"password_hash": passwords.hashed(password)} if passwords.is_outdated(stored) else {}
    with db.write() as connection:
        if renewed:
            connection.execute(sa.update(people).where(people.c.id == row.id).values(renewed))
        log.info("person %s signed in from %s", row.id, address)
        return sign_ins.begin(connection, row.id, now=now)
