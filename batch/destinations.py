"""Where results go: destinations that a merchandiser sets up once, and what is known of each.

Secrets are stored sealed and apart, and leave this module only towards
:mod:`batch.targets`, which uses them.
"""

from __future__ import annotations

import json
import secrets as random_secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch import delivery_moves, server_keys
from batch.destination_options import DestinationKind, Options, from_json, read, receiver
from core import sealed, webhook
from core.db import Database
from core.delivery_tables import destinations as table
from core.errors import DestinationRefused, NotFoundError
from core.settings import Settings

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination, without its secrets.

    Attributes:
        has_secret: Whether a password or the like is stored.
        problem: What the last try has found wrong; empty: nothing, None: never tried.
    """

    id: str
    name: str
    options: Options
    has_secret: bool
    problem: str | None
    tried_at: float | None
    created_at: float
    updated_at: float

    @property
    def kind(self) -> DestinationKind:
        """What kind of thing it is."""
        return self.options.kind


def add(
    settings: Settings, db: Database, name: str, kind: DestinationKind, given: Mapping[str, Any]
) -> Destination:
    """Set up a destination; a webhook gets a signing secret: see :func:`renew_signing`.

    Args:
        name: What people call it; no two have the same.
        given: Options and secrets of its kind: see :mod:`batch.destination_options`.

    Raises:
        DestinationRefused: Something is missing or wrong, or the name is taken.
    """
    options, found = read(kind, given)
    if kind is DestinationKind.WEBHOOK:
        found.setdefault("signing", webhook.new_secret())
    now, destination_id, name = time.time(), random_secrets.token_hex(5), _name(name)
    row = {
        "id": destination_id,
        "name": name,
        "kind": kind,
        "options": options.model_dump(mode="json"),
        "sealed": _sealed(settings, found),
        "created_at": now,
        "updated_at": now,
    }
    _write(db, table.insert().values(row), name)
    return get(db, destination_id)


def change(
    settings: Settings, db: Database, destination_id: str, name: str, given: Mapping[str, Any]
) -> Destination:
    """Set a destination up anew; secrets that are not given stay as they are.

    What is on its way goes on at once as it is set up now, and sends nothing more to where it was.

    Raises:
        DestinationRefused: Something is missing or wrong, the name is taken, or a stored
            password would go to another server than the one that it was given for.
        NotFoundError: It is gone.
    """
    before, name = get(db, destination_id), _name(name)
    options, found = read(before.kind, given)
    kept = secrets_of(settings, db, destination_id)
    if before.kind is DestinationKind.WEBHOOK:
        kept.pop("rest", None)
    if not receiver(options):
        kept.pop("password", None)
    if "password" in kept.keys() - found.keys() and receiver(options) != receiver(before.options):
        raise DestinationRefused(
            "The stored password is only ever sent to the server that it was given for. Type the "
            "password for this server, too."
        )
    row = {
        "name": name,
        "options": server_keys.kept(before.options, options).model_dump(mode="json"),
        "sealed": _sealed(settings, kept | found),
        "problem": None,
        "tried_at": None,
        "updated_at": time.time(),
    }
    change = table.update().where(table.c.id == destination_id).values(row)
    _write(db, change, name, *delivery_moves.moved(destination_id, before.options, options))
    return get(db, destination_id)


def remove(db: Database, destination_id: str) -> None:
    """Delete a destination with the record of its deliveries; what it has been sent stays there."""
    with db.write() as connection:
        connection.execute(table.delete().where(table.c.id == destination_id))


def get(db: Database, destination_id: str) -> Destination:
    """One destination.

    Raises:
        NotFoundError: There is none of this id.
    """
    with db.read() as connection:
        return _destination(_row(connection, destination_id))


def listing(db: Database) -> list[Destination]:
    """All destinations, by name."""
    with db.read() as connection:
        found = connection.execute(table.select().order_by(sa.func.lower(table.c.name)))
        return [_destination(row) for row in found.mappings()]


def note_try(db: Database, destination_id: str, problem: str) -> None:
    """Keep what a try has found; an empty problem: all is well."""
    change = table.update().where(table.c.id == destination_id)
    with db.write() as connection:
        connection.execute(change.values(problem=problem, tried_at=time.time()))


def keep_key(db: Database, destination_id: str, server: str, key: str) -> None:
    """Know the SFTP server of a destination by this key from now on, and by no other.

    Args:
        server: Which one has shown the key.
        key: What it has shown, such as ``ssh-ed25519 AAAA…``.

    Raises:
        DestinationRefused: The destination is on another server by now.
        NotFoundError: It is gone.
    """
    with db.write() as connection:
        row = _row(connection, destination_id)
        options = from_json(row["options"])
        if server_keys.ssh_server(options) != server:
            raise DestinationRefused(
                f"The destination was changed meanwhile: it is not on {server} now. Test it again."
            )
        if server_keys.known_key(options) == key:
            return
        kept = server_keys.with_key(options, key).model_dump(mode="json")
        same = sa.and_(table.c.id == destination_id, table.c.updated_at == row["updated_at"])
        change = table.update().where(same).values(options=kept, updated_at=time.time())
        if not connection.execute(change).rowcount:
            raise DestinationRefused("The destination was changed meanwhile. Test it again.")


def secrets_of(settings: Settings, db: Database, destination_id: str) -> dict[str, str]:
    """The secrets of a destination, for whoever speaks to it.

    Raises:
        NotFoundError: It is gone.
        SettingError: They were sealed with another key.
    """
    with db.read() as connection:
        row = _row(connection, destination_id)
    return _unsealed(settings, row)


def renew_signing(settings: Settings, db: Database, destination_id: str) -> str:
    """Give a webhook another signing secret; the old one is worth nothing from now on.

    Returns:
        The secret: to be shown once, to whoever sets up the receiver.
    """
    fresh = webhook.new_secret()
    found = secrets_of(settings, db, destination_id) | {"signing": fresh}
    change = table.update().where(table.c.id == destination_id)
    with db.write() as connection:
        connection.execute(change.values(sealed=_sealed(settings, found), updated_at=time.time()))
    return fresh


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise DestinationRefused("Give the destination a name, such as “Web shop”.")
    if len(name) > MAX_NAME:
        raise DestinationRefused(f"The name is too long: {MAX_NAME} characters at most.")
    return name


def _write(
    db: Database, change: sa.Insert | sa.Update, name: str, *more: sa.Update | sa.Delete
) -> None:
    try:
        with db.write() as connection:
            for statement in (change, *more):
                connection.execute(statement)
    except sa.exc.IntegrityError as error:
        raise DestinationRefused(
            f"There is a destination “{name}” already. Choose another name."
        ) from error


def _row(connection: Connection, destination_id: str) -> RowMapping:
    found = connection.execute(table.select().where(table.c.id == destination_id)).mappings()
    row = found.first()
    if row is None:
        raise NotFoundError("This destination is no longer there; it may have been deleted.")
    return row


def _destination(row: RowMapping) -> Destination:
    return Destination(
        id=row["id"],
        name=row["name"],
        options=from_json(row["options"]),
        has_secret=row["sealed"] is not None,
        problem=row["problem"],
        tried_at=row["tried_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _sealed(settings: Settings, found: Mapping[str, str]) -> str | None:
    return sealed.seal(settings, json.dumps(dict(found))) if found else None


def _unsealed(settings: Settings, row: RowMapping) -> dict[str, str]:
    if not row["sealed"]:
        return {}
    found: dict[str, str] = json.loads(sealed.unseal(settings, row["sealed"]))
    return found
