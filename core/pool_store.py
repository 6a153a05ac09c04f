"""Where the pool keeps its leases: short transactions, one after the other, on one clock.

On SQLite a file of its own in the home, so that admitting a call waits neither
for a long write to the other tables nor for the disk. On Postgres the shared
database. Nothing in it is worth more than a few seconds, but for what people
decided about an endpoint; so it is created, never migrated, and a change of a
table gives it another name or :data:`FILE` another one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.engine import Connection, Engine

from core.db import Database, open_engine, sqlite_engine
from core.errors import SettingError
from core.files import make_folder
from core.pool_tables import pool_metadata
from core.settings import Settings

FILE = "pool-1.db"
#: Any number that is ours alone: Postgres' advisory locks are known by numbers.
LOCK = 0x5_4091
_POSTGRES_NOW = sa.text("SELECT extract(epoch FROM clock_timestamp())::float8")


class PoolStore:
    """Serialised transactions over the pool's tables; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._postgres = db.engine.dialect.name == "postgresql"

    @contextmanager
    def turn(self) -> Iterator[tuple[Connection, float]]:
        """A transaction that excludes every other turn of every process.

        Yields:
            The connection and the database's own time in seconds since the
            epoch; the clocks of the machines around it may all be wrong.
        """
        with self._db.write() as connection:
            if self._postgres:
                # A lock for the whole pool: peers that skip each other's rows would
                # spend the same slot twice. What is lost in a crash expires anyway.
                connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            yield connection, self._now(connection)

    @contextmanager
    def look(self) -> Iterator[tuple[Connection, float]]:
        """A transaction for reading, which waits for nobody."""
        with self._db.read() as connection:
            yield connection, self._now(connection)

    def close(self) -> None:
        """Give back every connection."""
        self._db.close()

    def _now(self, connection: Connection) -> float:
        if not self._postgres:
            return time.time()  # a file is shared by processes of one machine only
        return float(connection.execute(_POSTGRES_NOW).scalar_one())


def open_store(settings: Settings) -> PoolStore:
    """The store of these settings, created where it is missing.

    Raises:
        ShopkeeperError: It cannot be opened.
    """
    make_folder(settings.run)
    engine = _engine(settings)
    try:
        with FileLock(settings.run / "pool.lock"):
            _create(engine)
    except (sa.exc.OperationalError, OSError) as error:
        engine.dispose()
        raise SettingError(
            f"The pool's leases cannot be kept: {getattr(error, 'orig', None) or error}. "
            f"Check that {settings.run} is writable and the disk is not full."
        ) from error
    return PoolStore(Database(engine))


def _engine(settings: Settings) -> Engine:
    if settings.database_url.startswith("sqlite"):
        return sqlite_engine(f"sqlite:///{settings.run / FILE}", durable=False)
    return open_engine(settings.database_url)


def _create(engine: Engine) -> None:
    if set(pool_metadata.tables) <= set(sa.inspect(engine).get_table_names()):
        return
    db = Database(engine)
    with db.write() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        pool_metadata.create_all(connection)
