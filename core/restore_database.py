"""The database that a backup is put back into: a new SQLite file, or a Postgres database.

SQLite is filled in a file of its own that takes its place at the end. Postgres
is filled in one transaction, in which the tables that were there move to
schemas of their own.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from core import table_copy
from core.all_tables import metadata
from core.archive_reader import ArchiveReader
from core.backup import TABLES
from core.engines import open_engine, opening, sqlite_engine
from core.errors import BackupError
from core.migrations import LOCK, apply, begin, current, newest, upgrade
from core.postgres import first_line, is_postgres, where
from core.restore_moves import Moves
from core.settings import Settings

#: The batch engine's own tables. What they know follows from ours.
ENGINE_SCHEMA = "dbos"
VERSION = "alembic_version"
#: A server notices within this that a process which was killed is gone.
CLOSING_S = 3.0

Progress = Callable[[str, int, int], None]


class Target(ABC):
    """Where the tables go."""

    name: str

    @abstractmethod
    def in_use(self) -> str:
        """Who uses it, in words; empty for nobody."""

    @abstractmethod
    def is_filled(self) -> bool:
        """Whether there is something in it that is not in the home."""

    @abstractmethod
    def fill(self, archive: ArchiveReader, moves: Moves, progress: Progress) -> int:
        """Fill it; returns how many rows there are.

        Raises:
            BackupError: It does not take them; it is as it was.
        """


@contextmanager
def target(settings: Settings) -> Iterator[Target]:
    """The database that the settings name.

    Raises:
        SettingError: It cannot be opened.
    """
    engine = open_engine(settings.database_url)
    try:
        if is_postgres(engine):
            with opening(engine, settings.home):
                engine.connect().close()
            yield _Postgres(engine)
        else:
            yield _File(Path(engine.url.database or "").absolute(), settings.home)
    finally:
        engine.dispose()


class _File(Target):
    """A SQLite file, mostly in the home."""

    def __init__(self, path: Path, home: Path) -> None:
        self.name = str(path)
        self._path = path
        self._in_home = path.parent == home

    def in_use(self) -> str:
        return ""  # whoever has the file open is found with the home

    def is_filled(self) -> bool:
        return not self._in_home and self._path.exists()

    def fill(self, archive: ArchiveReader, moves: Moves, progress: Progress) -> int:
        if not self._in_home:
            for suffix in ("", "-wal", "-shm"):
                moves.set_aside(self._path.with_name(self._path.name + suffix))
        staged = moves.place_for(self._path)
        engine = sqlite_engine(f"sqlite:///{staged}", durable=False)
        try:
            upgrade(engine, archive.manifest.revision)
            with engine.connect() as connection, _told():
                begin(connection, immediate=True)
                rows = _load(connection, archive, progress)
                connection.commit()
            upgrade(engine)
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            engine.dispose()
        return rows


class _Postgres(Target):
    """A Postgres database."""

    def __init__(self, engine: Engine) -> None:
        self.name = f"the database {where(engine.url)}"
        self._engine = engine

    def in_use(self) -> str:
        deadline = time.monotonic() + CLOSING_S
        while (others := self._others()) and time.monotonic() < deadline:
            time.sleep(0.1)
        said = "1 connection" if others == 1 else f"{others} connections"
        return f"Shopkeeper has {said} to {self.name} open." if others else ""

    def _others(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(_OTHERS).scalar_one())

    def is_filled(self) -> bool:
        return current(self._engine) is not None

    def fill(self, archive: ArchiveReader, moves: Moves, progress: Progress) -> int:
        with self._engine.connect() as connection, _told():
            connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            if kept := _set_aside(connection, moves.stamp.replace("-", "_")):
                moves.keep_too(f"{kept} of {self.name}")
            apply(connection, archive.manifest.revision)
            rows = _load(connection, archive, progress)
            apply(connection, newest())
            connection.commit()
        return rows


_OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'shopkeeper' AND pid <> pg_backend_pid()"
)


def _set_aside(connection: Connection, stamp: str) -> str:
    """Move our tables, and the engine's, to schemas of their own; returns what was made."""
    inspector = sa.inspect(connection)
    found = set(inspector.get_table_names()) & {*metadata.tables, VERSION}
    quote = connection.dialect.identifier_preparer.quote
    schema, made = f"before_restore_{stamp}", []
    if found:
        connection.execute(sa.schema.CreateSchema(schema))
        for name in sorted(found):
            connection.exec_driver_sql(f"ALTER TABLE {quote(name)} SET SCHEMA {quote(schema)}")
        made.append(schema)
    if ENGINE_SCHEMA in inspector.get_schema_names():
        other = f"{schema}_{ENGINE_SCHEMA}"
        connection.exec_driver_sql(f"ALTER SCHEMA {ENGINE_SCHEMA} RENAME TO {quote(other)}")
        made.append(other)
    return f"the schemas {' and '.join(made)}" if made else ""


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (sa.exc.SQLAlchemyError, pa.ArrowException) as error:
        raise BackupError(
            f"The database did not take the backup: {first_line(error)}. It is as it was."
        ) from error


def _load(connection: Connection, archive: ArchiveReader, progress: Progress) -> int:
    manifest = archive.manifest
    total, done = sum(manifest.tables.values()), 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        progress("Tables, by rows", done, total)

    for name, expected in manifest.tables.items():
        with archive.member(f"{TABLES}/{name}.arrow") as file:
            count = table_copy.load(connection, name, file, tell)
        if count != expected:
            raise BackupError(f"The table {name} has {count:,} rows instead of {expected:,}.")
    for name, mark in manifest.marks.items():
        table_copy.set_mark(connection, name, mark)
    _index_again(connection)
    return done


def _index_again(connection: Connection) -> None:
    """Let the search index be made again: what is there, if anything, is another shop's."""
    for table in metadata.sorted_tables:
        if "indexed_version" in table.columns and sa.inspect(connection).has_table(table.name):
            connection.execute(sa.update(table).values(indexed_version=0))
