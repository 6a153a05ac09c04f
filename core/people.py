"""The people who may come in: what they are called, what each may do, who is shut out.

Knows neither how somebody proves who they are (:mod:`core.sign_in`) nor
whether they are signed in at the moment (:mod:`core.sign_ins`).
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from core.db import Database
from core.errors import NotFoundError, PeopleError, SignInError
from core.people_tables import people as table
from core.people_tables import sign_ins
from core.roles import Role

LONGEST_LOGIN = 200
LONGEST_NAME = 100
TAKEN = "Somebody signs in with this name already. Please choose another."


@dataclass(frozen=True, slots=True)
class Person:
    """Who is in front of the screen, and what they may do.

    Attributes:
        id: Empty for somebody who has not signed in.
        name: As others read it; empty for somebody who has not signed in.
    """

    id: str
    name: str
    role: Role


#: Somebody who has not signed in.
STRANGER = Person("", "", Role.SHOPPER)
#: Everybody, where nobody has to sign in.
ANYBODY = Person("", "", Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is known here.

    Attributes:
        login: By which they sign in here; empty for those who sign in at a provider.
        email: Of those who sign in at a provider.
        created_at: Epoch seconds, as the next.
        seen_at: When they were last here; None: never.
    """

    id: str
    login: str
    name: str
    email: str
    role: Role
    enabled: bool
    created_at: float
    seen_at: float | None

    @property
    def elsewhere(self) -> bool:
        """Whether they sign in at a provider."""
        return not self.login


def folded(login: str) -> str:
    """A login as it is stored and compared: case and spaces around it do not matter.

    Raises:
        SignInError: It is empty or too long.
    """
    text = unicodedata.normalize("NFKC", login).strip().casefold()
    if not text or len(text) > LONGEST_LOGIN or not text.isprintable():
        raise SignInError("Please choose a name to sign in with, such as your e-mail address.")
    return text


def listing(db: Database) -> list[Account]:
    """Everybody, by name."""
    with db.read() as connection:
        rows = connection.execute(sa.select(table)).mappings().all()
    return sorted(map(_account, rows), key=lambda one: (one.name.casefold(), one.id))


def get(db: Database, person_id: str) -> Account:
    """One of them.

    Raises:
        NotFoundError: There is no such person.
    """
    with db.read() as connection:
        return _found(connection, person_id)


def add(
    connection: Connection, login: str, name: str, role: Role, password_hash: str, *, now: float
) -> str:
    """Somebody who signs in here, from now on; returns their id.

    Raises:
        SignInError: Somebody else signs in with this name.
    """
    login = folded(login)
    if connection.scalar(sa.select(table.c.id).where(table.c.login == login)) is not None:
        raise SignInError(TAKEN)
    person_id = secrets.token_hex(8)
    row = {"id": person_id, "login": login, "name": name.strip()[:LONGEST_NAME] or login}
    values = row | {"role": role, "password_hash": password_hash, "created_at": now}
    try:
        connection.execute(sa.insert(table).values(values))
    except sa.exc.IntegrityError as error:  # by somebody else, at this moment
        raise SignInError(TAKEN) from error
    return person_id


def has_administrator(db: Database) -> bool:
    """Whether anybody who signs in here may say who else may."""
    with db.read() as connection:
        found = sa.select(table.c.id).where(*_administers(), table.c.login.is_not(None)).limit(1)
        return connection.scalar(found) is not None


def set_role(db: Database, person_id: str, role: Role) -> None:
    """Let somebody do more or less from now on; what they have open notices at its next step.

    Raises:
        PeopleError: Nobody would be left who says who may come in.
        NotFoundError: There is no such person.
    """
    with db.write() as connection:
        if role is not Role.ADMINISTRATOR:
            _keep_one(connection, person_id)
        _change(connection, person_id, role=role)


def set_enabled(db: Database, person_id: str, enabled: bool) -> None:
    """Shut somebody out at once, or let them in again.

    Raises:
        PeopleError: Nobody would be left who says who may come in.
        NotFoundError: There is no such person.
    """
    with db.write() as connection:
        if not enabled:
            _keep_one(connection, person_id)
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.person_id == person_id))
        _change(connection, person_id, enabled=enabled)


def remove(db: Database, person_id: str) -> None:
    """Forget somebody: their account, where they are signed in, the links made for them.

    Raises:
        PeopleError: Nobody would be left who says who may come in.
        NotFoundError: There is no such person.
    """
    with db.write() as connection:
        _keep_one(connection, person_id)
        gone = connection.execute(sa.delete(table).where(table.c.id == person_id))
        if not gone.rowcount:
            raise NotFoundError("This person is no longer listed.")


def _change(connection: Connection, person_id: str, **values: object) -> None:
    changed = connection.execute(sa.update(table).where(table.c.id == person_id).values(values))
    if not changed.rowcount:
        raise NotFoundError("This person is no longer listed.")


def _keep_one(connection: Connection, person_id: str) -> None:
    """See that another administrator is there; two who leave at the same time wait in turn."""
    found = sa.select(table.c.id).where(*_administers()).order_by(table.c.id).with_for_update()
    there = connection.scalars(found).all()
    if list(there) == [person_id]:
        raise PeopleError(
            "This is the only administrator. Make somebody else administrator first: "
            "nobody could let people in any more."
        )


def _administers() -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.role == Role.ADMINISTRATOR, table.c.enabled


def _found(connection: Connection, person_id: str) -> Account:
    row = connection.execute(sa.select(table).where(table.c.id == person_id)).mappings().first()
    if row is None:
        raise NotFoundError("This person is no longer listed.")
    return _account(row)


def _account(row: RowMapping) -> Account:
    return Account(
        row["id"],
        row["login"] or "",
        row["name"],
        row["email"],
        Role(row["role"]),
        row["enabled"],
        row["created_at"],
        row["seen_at"],
    )


if __name__ == "__main__":
    from core.people_command import app

    app()
