"""Links that let somebody in once: the first administrator, a new person, a lost password."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core import bearer, passwords, people, sign_ins
from core.db import Database
from core.errors import NotFoundError, SignInError
from core.people_tables import invitations as table
from core.people_tables import people as people_table
from core.roles import Role
from core.settings import Settings
from core.sign_in_settings import SignIn

#: How long a link is good that a person hands to another.
LASTS_S = 7 * 86_400.0
#: How long the link is good that a start prints.
FIRST_LASTS_S = 86_400.0
GONE = "This link is not good any more: it was used, or it is too old. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link is good for.

    Attributes:
        person_id: Whose password is set anew; empty for somebody new.
        login: What they sign in with; empty for somebody new.
    """

    role: Role
    person_id: str = ""
    login: str = ""


def invite(
    db: Database, role: Role, *, person_id: str | None = None, now: float, lasts_s: float = LASTS_S
) -> str:
    """A new link; returns what stands in it. Any before it for the same person is void.

    Args:
        db: The database.
        role: What whoever uses it may do.
        person_id: Whose password is set anew; none: somebody new.
        now: Epoch seconds.
        lasts_s: For how long it is good.
    """
    token = bearer.fresh()
    values = {"token": bearer.digest(token), "role": role, "person_id": person_id}
    with db.write() as connection:
        connection.execute(sa.delete(table).where(table.c.ends_at <= now))
        if person_id:
            connection.execute(sa.delete(table).where(table.c.person_id == person_id))
        connection.execute(
            sa.insert(table).values(values | {"created_at": now, "ends_at": now + lasts_s})
        )
    return token


def first_link(settings: Settings, db: Database, *, now: float) -> str | None:
    """A link that makes an administrator, as long as there is none who signs in here."""
    if settings.sign_in is not SignIn.PASSWORD or people.has_administrator(db):
        return None
    token = invite(db, Role.ADMINISTRATOR, now=now, lasts_s=FIRST_LASTS_S)
    return address(settings, token)


def address(settings: Settings, token: str) -> str:
    """The whole address of a link."""
    return f"{settings.address_for_people}/{path(token)}"


def path(token: str) -> str:
    """Where a link leads, as seen from the shop's first page."""
    return f"door/invitation/{token}"


def find(db: Database, token: str, *, now: float) -> Invitation:
    """What a link is good for.

    Raises:
        SignInError: Nothing, or nothing any more.
    """
    with db.read() as connection:
        return _good(connection, token, now)


def accept(db: Database, token: str, *, login: str, name: str, password: str, now: float) -> str:
    """Use a link; returns the token of a sign-in for whoever did.

    Args:
        db: The database.
        token: What stands in the link.
        login: What they want to sign in with; of somebody new.
        name: What they are called; of somebody new.
        password: The new password.
        now: Epoch seconds.

    Raises:
        SignInError: It is not good any more, or one of the three will not do.
    """
    found = find(db, token, now=now)
    people.folded(found.login or login)
    passwords.check_new(password, found.login or login)
    password_hash = passwords.hashed(password)
    with db.write() as connection:
        found = _good(connection, token, now)
        _use_up(connection, token, now)
        if found.person_id:
            _set_password(connection, found.person_id, password_hash)
            return sign_ins.begin(connection, found.person_id, now=now)
        if found.role is Role.ADMINISTRATOR:
            _close_first(connection)
        person_id = people.add(connection, login, name, found.role, password_hash, now=now)
        return sign_ins.begin(connection, person_id, now=now)


def _good(connection: Connection, token: str, now: float) -> Invitation:
    found = (
        sa.select(table.c.role, table.c.person_id, people_table.c.login, people_table.c.enabled)
        .outerjoin(people_table, people_table.c.id == table.c.person_id)
        .where(
            table.c.token == bearer.digest(token), table.c.used_at.is_(None), table.c.ends_at > now
        )
    )
    row = connection.execute(found).first()
    if row is None or row.enabled is False:
        raise SignInError(GONE)
    return Invitation(Role(row.role), row.person_id or "", row.login or "")


def _use_up(connection: Connection, token: str, now: float) -> None:
    mine = (table.c.token == bearer.digest(token), table.c.used_at.is_(None))
    if not connection.execute(sa.update(table).where(*mine).values(used_at=now)).rowcount:
        raise SignInError(GONE)


def _set_password(connection: Connection, person_id: str, password_hash: str) -> None:
    changed = sa.update(people_table).where(people_table.c.id == person_id)
    if not connection.execute(changed.values(password_hash=password_hash)).rowcount:
        raise NotFoundError("This person is no longer listed.")
    # Whoever knew the old password may be signed in with it.
    sign_ins.end_all(connection, person_id)


def _close_first(connection: Connection) -> None:
    """With the first administrator, the links that earlier starts have printed are void."""
    there = sa.select(people_table.c.id).where(people_table.c.role == Role.ADMINISTRATOR).limit(1)
    if connection.scalar(there) is None:
        left = (table.c.role == Role.ADMINISTRATOR, table.c.used_at.is_(None))
        connection.execute(sa.delete(table).where(*left))
