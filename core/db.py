"""The database: engine, SQLite's pragmas, transactions and the one upsert.

Knows no table. Callers write short transactions: on SQLite a write
transaction excludes every other writer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from core.errors import SettingError
from core.migrations import begin, upgrade
from core.settings import Settings

BUSY_TIMEOUT_S = 30


class Database:
    """Short transactions over one engine; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; it sees one consistent state."""
        with self.engine.connect() as connection:
            begin(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on an error.

        On SQLite it takes the write lock at once (``BEGIN IMMEDIATE``), so a
        read-then-write inside it cannot fail with a stale snapshot.
        """
        with self.engine.connect() as connection:
            begin(connection, immediate=True)
            yield connection
            connection.commit()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def upsert(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    update: Sequence[str] | None = None,
) -> None:
    """Insert rows, or overwrite those whose primary key is already there.

    Args:
        connection: A connection in a write transaction.
        table: The table; its primary key decides what is the same row.
        rows: Rows with the same keys each.
        update: Columns to overwrite; every given non-key column by default.
    """
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    overwritten = update if update is not None else [name for name in rows[0] if name not in keys]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: statement.excluded[name] for name in overwritten},
        ),
        [dict(row) for row in rows],
    )


def sqlite_engine(url: str, *, durable: bool = True) -> Engine:
    """A SQLite engine in WAL mode that waits for its turn.

    Args:
        url: SQLAlchemy URL.
        durable: Whether what was committed survives power loss; without it the
            file still does, and a commit waits for no disk.
    """
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    synchronous = "FULL" if durable else "NORMAL"

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: object) -> None:
        # SQLAlchemy, not the driver, begins transactions: see Database.write.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def open_engine(url: str) -> Engine:
    """An engine for SQLite or Postgres.

    Raises:
        SettingError: ``DATABASE_URL`` is malformed or names another database.
    """
    try:
        backend = sa.make_url(url).get_backend_name()
    except sa.exc.ArgumentError as error:
        raise SettingError(
            "DATABASE_URL is not a database address; it should look like "
            "postgresql+psycopg://user:password@host/database"
        ) from error
    if backend == "sqlite":
        return sqlite_engine(url)
    if backend == "postgresql":
        return sa.create_engine(url, pool_pre_ping=True)
    raise SettingError(f"DATABASE_URL names {backend}; Shopkeeper knows sqlite and postgresql.")


def open_database(settings: Settings) -> Database:
    """Open our tables, creating or upgrading them first where that is due.

    Raises:
        SettingError: The home or the database cannot be opened.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"The data directory {settings.home} cannot be created: {error.strerror}. "
            "Set SHOPKEEPER_HOME to a directory you can write to."
        ) from error
    engine = open_engine(settings.database_url)
    try:
        with FileLock(settings.home / "migrate.lock"):
            upgrade(engine)
    except (sa.exc.OperationalError, OSError) as error:
        engine.dispose()
        raise SettingError(
            f"The database cannot be opened: {getattr(error, 'orig', None) or error}. "
            f"Check that {settings.home} is writable and the disk is not full."
        ) from error
    return Database(engine)
