"""Who is signed in: by a token in the browser, of which only the digest is stored."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core import bearer
from core.db import Database
from core.people import Person
from core.people_tables import people
from core.people_tables import sign_ins as table
from core.roles import Role
from core.sign_in_settings import SignIn

#: Somebody who has not been here for so long signs in again; and everybody after some time.
IDLE_S = 3 * 86_400.0
LONGEST_S = 30 * 86_400.0
#: How exactly it is known when somebody was last here: a page asks every second.
_NOTED_S = 300.0


def begin(connection: Connection, person_id: str, *, now: float) -> str:
    """Sign somebody in; returns the token that their browser keeps."""
    token = bearer.fresh()
    connection.execute(sa.delete(table).where(_over(now)))
    values = {"token": bearer.digest(token), "person_id": person_id}
    times = {"created_at": now, "seen_at": now, "ends_at": now + LONGEST_S}
    connection.execute(sa.insert(table).values(values | times))
    connection.execute(sa.update(people).where(people.c.id == person_id).values(seen_at=now))
    return token


def person_of(db: Database, token: str, way: SignIn, *, now: float) -> Person | None:
    """Who keeps a token; None where it opens nothing (any more).

    Args:
        db: The database.
        token: What the browser has sent.
        way: How people sign in at present: what was begun in another way has ended.
        now: Epoch seconds.
    """
    if not token:
        return None
    proven = people.c.login if way is SignIn.PASSWORD else people.c.subject
    key = bearer.digest(token)
    found = (
        sa.select(people.c.id, people.c.name, people.c.role, table.c.seen_at)
        .join(table, table.c.person_id == people.c.id)
        .where(table.c.token == key, people.c.enabled, proven.is_not(None), sa.not_(_over(now)))
    )
    with db.read() as connection:
        row = connection.execute(found).first()
    if row is None:
        return None
    if now - row.seen_at > _NOTED_S:
        _note(db, key, row.id, now)
    return Person(row.id, row.name, Role(row.role))


def end(db: Database, token: str) -> None:
    """Sign out where this token is kept."""
    with db.write() as connection:
        connection.execute(sa.delete(table).where(table.c.token == bearer.digest(token)))


def end_all(connection: Connection, person_id: str) -> None:
    """Sign somebody out everywhere."""
    connection.execute(sa.delete(table).where(table.c.person_id == person_id))


def end_everywhere(db: Database, person_id: str) -> None:
    """Sign somebody out everywhere, by itself."""
    with db.write() as connection:
        end_all(connection, person_id)


def _over(now: float) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.ends_at <= now, table.c.seen_at <= now - IDLE_S)


def _note(db: Database, key: bytes, person_id: str, now: float) -> None:
    with db.write() as connection:
        connection.execute(sa.update(table).where(table.c.token == key).values(seen_at=now))
        connection.execute(sa.update(people).where(people.c.id == person_id).values(seen_at=now))
