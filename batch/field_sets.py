"""Field sets that people keep by name: every version stays until the set is deleted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from batch.plan import Plan
from batch.plan_file import parse_plan, plan_object
from core.db import Database
from core.errors import FieldsError
from core.schema import field_sets

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class SavedSet:
    """One version of a saved set.

    Attributes:
        version: From 1, over all versions of the name.
        created_at: Seconds since the epoch.
        plan: What it extracts.
    """

    name: str
    version: int
    created_at: float
    plan: Plan


def save(db: Database, name: str, plan: Plan) -> SavedSet:
    """Keep a plan under a name, as its next version; the newest one if nothing has changed.

    Raises:
        FieldsError: The name is missing or too long, or the plan cannot be extracted.
    """
    name = " ".join(name.split())
    if not name:
        raise FieldsError("Give the field set a name to save it under.")
    if len(name) > MAX_NAME:
        raise FieldsError(f"A name has at most {MAX_NAME} characters, this one has {len(name)}.")
    document = plan_object(plan)
    parse_plan(document)
    try:
        _store(db, name, document)
    except IntegrityError:
        # Somebody has saved the same version in the same moment: ours is the one after it.
        _store(db, name, document)
    return load(db, name)


def _store(db: Database, name: str, document: Any) -> None:
    with db.write() as connection:
        name = _as_kept(connection, name)
        latest = connection.execute(_newest_first(name)).mappings().first()
        if latest is not None and latest["document"] == document:
            return
        connection.execute(
            field_sets.insert().values(
                name=name,
                version=latest["version"] + 1 if latest else 1,
                document=document,
                created_at=time.time(),
            )
        )


def load(db: Database, name: str, version: int | None = None) -> SavedSet:
    """A saved set: the version named, or the newest.

    Raises:
        FieldsError: There is none of this name or version; the message says what there is.
    """
    found = versions(db, name)
    if not found:
        names = ", ".join(f"“{one.name}”" for one in listing(db)) or "none yet"
        raise FieldsError(f"There is no saved field set “{name}”. Saved are: {names}.")
    if version is None:
        return found[0]
    for one in found:
        if one.version == version:
            return one
    raise FieldsError(f"“{name}” has no version {version}; its newest is {found[0].version}.")


def versions(db: Database, name: str) -> list[SavedSet]:
    """All versions of a name, the newest first; none where nothing is saved under it."""
    with db.read() as connection:
        query = _newest_first(_as_kept(connection, name))
        return [_saved(row) for row in connection.execute(query).mappings()]


def listing(db: Database) -> list[SavedSet]:
    """The newest version of every saved set, by name."""
    newest = (
        sa.select(field_sets.c.name, sa.func.max(field_sets.c.version).label("version"))
        .group_by(field_sets.c.name)
        .subquery()
    )
    same = sa.and_(field_sets.c.name == newest.c.name, field_sets.c.version == newest.c.version)
    with db.read() as connection:
        found = connection.execute(sa.select(field_sets).join(newest, same)).mappings().all()
    return sorted((_saved(row) for row in found), key=lambda one: one.name.casefold())


def delete(db: Database, name: str) -> int:
    """Remove a saved set with all its versions; jobs keep their own fields.

    Returns:
        How many versions are gone; 0 where there was no such set.
    """
    with db.write() as connection:
        kept = _as_kept(connection, name)
        return connection.execute(field_sets.delete().where(field_sets.c.name == kept)).rowcount


def _as_kept(connection: Connection, name: str) -> str:
    """The name as it was first saved: case makes no other set of it."""
    names = connection.execute(sa.select(field_sets.c.name).distinct()).scalars().all()
    if name in names:
        return name
    return next((one for one in names if one.casefold() == name.casefold()), name)


def _newest_first(name: str) -> sa.Select[Any]:
    of_name = sa.select(field_sets).where(field_sets.c.name == name)
    return of_name.order_by(field_sets.c.version.desc())


def _saved(row: Any) -> SavedSet:
    return SavedSet(row["name"], row["version"], row["created_at"], parse_plan(row["document"]))
