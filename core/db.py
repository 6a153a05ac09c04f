"""The database: transactions, the one clock and the one upsert.

Knows no table. Callers write short transactions: on SQLite a write
transaction excludes every other writer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from core.engines import open_engine, opening
from core.errors import DatabaseAway, SettingError
from core.migrations import begin, upgrade
from core.postgres import first_line, is_away, is_postgres, server_time, where
from core.settings import Settings

log = logging.getLogger(__name__)

#: A server that does not answer is asked again after this long.
AWAY_PAUSE_S = 1.0

T = TypeVar("T")


class Database:
    """Short transactions over one engine; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; it sees one consistent state.

        Raises:
            DatabaseAway: The server does not answer.
        """
        with self.in_words(), self.engine.connect() as connection:
            begin(connection)
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on an error.

        On SQLite it takes the write lock at once (``BEGIN IMMEDIATE``), so a
        read-then-write inside it cannot fail with a stale snapshot.

        Args:
            durable: Whether it survives power loss at once; without it only together with
                the next one that does, but the commit waits for no disk.

        Raises:
            DatabaseAway: The server does not answer; whether the last transaction
                was committed is then not known.
        """
        with (
            self.in_words(),
            self.engine.connect() as connection,
            _as_durable(connection, durable),
        ):
            begin(connection, immediate=True)
            if not durable and is_postgres(self.engine):
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
            yield connection
            connection.commit()

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Raise :class:`DatabaseAway` for what goes wrong inside because of the server."""
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            if is_postgres(self.engine) and is_away(error):
                # Shoppers see the message, and the server's address is no business of theirs.
                raise DatabaseAway(
                    "The database does not answer at the moment. Nothing that was saved is lost, "
                    "and jobs go on by themselves once it is back.",
                    reason=f"{where(self.engine.url)}: {first_line(error)}",
                ) from error
            raise

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def clock(connection: Connection) -> float:
    """The time on the one clock that all processes of a database share, since the epoch."""
    # A file is shared by processes of one machine only.
    return server_time(connection) if is_postgres(connection.engine) else time.time()


def when_back(do: Callable[[], T]) -> T:
    """Do something in the database, and again until its server answers.

    Args:
        do: Done again when it is not known whether it was done: it must bear that.
    """
    told = False
    while True:
        try:
            return do()
        except DatabaseAway as error:
            if not told:
                log.warning("waiting for the database: %s", error.reason)
                told = True
            time.sleep(AWAY_PAUSE_S)


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
    keys = [column.name for column in table.primary_key]
    overwritten = update if update is not None else [name for name in rows[0] if name not in keys]
    statement = _upserting(connection.dialect.name, table, tuple(overwritten))
    connection.execute(statement, [dict(row) for row in rows])


@cache
def _upserting(dialect: str, table: sa.Table, overwritten: tuple[str, ...]) -> sa.Insert:
    """Built once: building a statement takes as long as running it."""
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    built: sa.Insert = statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={name: statement.excluded[name] for name in overwritten},
    )
    return built


@contextmanager
def _as_durable(connection: Connection, durable: bool) -> Iterator[None]:
    """Let SQLite's commits inside wait for the disk or not; between transactions only."""
    if durable or is_postgres(connection.engine):
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql(f"PRAGMA synchronous={usual}")


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
    if settings.restoring.exists():
        raise SettingError(
            f"A backup is being put back into {settings.home}, or that was interrupted. Wait for "
            "it, or end it with the same command: python -m core restore …"
        )
    engine = open_engine(settings.database_url)
    with opening(engine, settings.home), FileLock(settings.home / "migrate.lock"):
        upgrade(engine)
    return Database(engine)
