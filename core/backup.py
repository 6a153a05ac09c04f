"""Makes a backup: one file with all that a shop could not do without, while it runs.

In it: every table as it was at one moment, the uploaded catalogs, the key of
stored secrets, and the file that names the endpoints. Not in it: what is made
again by itself (the search index, the batch engine's record), what only holds
while processes run, and who is signed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core import sealed, storage, table_copy
from core.all_tables import metadata
from core.archive import FORMAT, Manifest
from core.archive_writer import ArchiveWriter, writing
from core.db import Database
from core.migrations import begin, newest
from core.people_tables import invitations, sign_in_tries, sign_ins
from core.postgres import is_postgres
from core.schema import uploads, workers
from core.settings import PROJECT, Settings

#: Gone after a restore: who works now; and who was let in, for it may have been taken back since.
LEFT_OUT = frozenset(table.name for table in (workers, sign_ins, sign_in_tries, invitations))
#: Files of the home that cannot be made again.
HOME_FILES = (sealed.FILE, "seeded")
TABLES, UPLOADS, HOME, SETTINGS = "tables", "uploads", "home", "settings"
#: Compressed by itself.
_PACKED = (".parquet",)

#: Told what is being done, and of how many rows or files how many are done.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a backup, for the person who made it.

    Attributes:
        tables: Rows of each table.
        uploads: How many uploaded catalogs.
        notes: What they should know.
    """

    tables: dict[str, int]
    uploads: int
    notes: list[str]


def tables() -> list[sa.Table]:
    """The tables that a backup has, in an order in which they can be filled."""
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def backup(
    settings: Settings,
    db: Database,
    path: Path,
    *,
    keys: Sequence[str] = (),
    environment: bool = False,
    catalogs: bool = True,
    progress: Progress = lambda _what, _done, _total: None,
) -> Contents:
    """Write a backup; it appears whole or not at all.

    Args:
        settings: Names the home.
        db: Its tables.
        path: The file; only its owner may read it.
        keys: Public keys of those who shall be able to open it; none: it is not encrypted.
        environment: Whether ``.env`` is in it, with the keys that stand there.
        catalogs: Whether uploaded catalogs are.
        progress: Told how far it is.

    Raises:
        BackupError: It cannot be written.
        ShopkeeperError: The database or the storage cannot be read.
    """
    notes: list[str] = []
    with writing(path.expanduser().absolute(), keys) as archive:
        key_id = sealed.key_id(settings)
        with snapshot(db) as connection:
            counts = _tables(archive, connection, progress)
            marks = table_copy.marks(connection, tables())
            ids = list(connection.execute(sa.select(uploads.c.id)).scalars()) if catalogs else []
        _home(archive, settings)
        notes += _settings(archive, settings, environment)
        notes += _uploads(archive, settings, ids, progress)
        archive.end(
            Manifest(
                format=FORMAT,
                made_at=time.time(),
                revision=newest(),
                database=db.engine.dialect.name,
                key_id=key_id,
                key_inside=settings.secret_key is None,
                tables=counts,
                marks=marks,
                members=archive.members,
                notes=notes,
            )
        )
    return Contents(counts, len(ids), notes)


@contextmanager
def snapshot(db: Database) -> Iterator[Connection]:
    """A connection that sees the database as it was at one moment, for as long as it takes."""
    with db.in_words(), db.engine.connect() as connection:
        if is_postgres(db.engine):
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            # It may wait longer for the disk than others may sit in a transaction.
            connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        else:
            begin(connection)
        yield connection


def _tables(archive: ArchiveWriter, connection: Connection, progress: Progress) -> dict[str, int]:
    wanted = tables()
    total = sum(
        connection.execute(sa.select(sa.func.count()).select_from(one)).scalar_one()
        for one in wanted
    )
    counts, done = {}, 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        progress("Tables, by rows", done, total)

    for table in wanted:
        with archive.member(f"{TABLES}/{table.name}.arrow", compress=False) as file:
            counts[table.name] = table_copy.dump(connection, table, file, tell)
    return counts


def _home(archive: ArchiveWriter, settings: Settings) -> None:
    for name in HOME_FILES:
        path = settings.home / name
        if path.exists() and (name != sealed.FILE or settings.secret_key is None):
            with path.open("rb") as file:
                archive.put(f"{HOME}/{name}", file)


def setting_files(settings: Settings) -> dict[str, Path]:
    """The files that settings stand in, by their names in a backup."""
    return {
        "endpoints.toml": settings.endpoint_file,
        "env": PROJECT / ".env",
        "secrets.toml": PROJECT / ".streamlit" / "secrets.toml",
    }


def _settings(archive: ArchiveWriter, settings: Settings, environment: bool) -> list[str]:
    files = setting_files(settings)
    there = [name for name, path in files.items() if path.is_file()]
    taken = [name for name in there if environment or name == "endpoints.toml"]
    for name in taken:
        with files[name].open("rb") as file:
            archive.put(f"{SETTINGS}/{name}", file)
    notes = [
        f"{files[name]} is not in this backup, for it may hold keys: keep it elsewhere, or make "
        "the backup with --with-env."
        for name in there
        if name not in taken
    ]
    if settings.secret_key is not None:
        notes.append(
            "SHOPKEEPER_SECRET_KEY is not in this backup: keep it elsewhere. Without it, stored "
            "passwords and tokens of destinations cannot be read."
        )
    return notes


def _uploads(
    archive: ArchiveWriter, settings: Settings, ids: list[str], progress: Progress
) -> list[str]:
    place, notes = storage.open_storage(settings), []
    for number, upload_id in enumerate(ids, start=1):
        folder = place / upload_id
        names = folder.names()
        if not names:
            notes.append(f"The file of the upload {upload_id} was not there any more.")
        for name in names:
            with (folder / name).stream() as file:
                packed = name.endswith(_PACKED)
                archive.put(f"{UPLOADS}/{upload_id}/{name}", file, compress=not packed)
        progress("Uploaded catalogs", number, len(ids))
    return notes
