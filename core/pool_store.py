"""Where the pool keeps its leases: short transactions, one after the other, on one clock.

On SQLite a file of its own in the home, so that admitting a call waits neither
for a long write to the other tables nor for the disk. On Postgres the shared
database. Nothing in it is worth more than a few seconds, but for what people
decided about an endpoint; so it is created, never migrated, and a change of a
table gives it another name or :data:`FILE` another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.engine import Connection, Engine

from core.db import Database, clock
from core.engines import open_engine, opening, sqlite_engine
from core.files import make_folder
from core.pool_tables import pool_metadata
from core.postgres import is_postgres
from core.settings import Settings

FILE = "pool-1.db"
#: Any number that is ours alone: Postgres' advisory locks are known by numbers.
LOCK = 0x5_4091
#: Turns take milliseconds, and there is one at a time: more connections would only wait.
CONNECTIONS = 3
#: Takes the lock for the whole pool, then tells the time: peers that skip each other's rows
#: would spend the same slot twice. One statement, since each is a way to the server and back
#: that all others wait for. What is lost in a crash expires anyway.
_LOCKED_AT = sa.text(
    "SELECT extract(epoch FROM clock_timestamp())::float8 FROM (SELECT "
    f"pg_advisory_xact_lock({LOCK}), set_config('synchronous_commit', 'off', true)) AS locked"
)


class PoolStore:
    """Serialised transactions over the pool's tables; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._postgres = is_postgres(db.engine)

    @contextmanager
    def turn(self) -> Iterator[tuple[Connection, float]]:
        """A transaction that excludes every other turn of every process.

        Yields:
            The connection and the database's own time in seconds since the
            epoch; the clocks of the machines around it may all be wrong.
        """
        with self._db.write() as connection:
            if self._postgres:
                now = float(connection.execute(_LOCKED_AT).scalar_one())
            else:
                now = clock(connection)
            yield connection, self._as_told(now)

    @contextmanager
    def look(self) -> Iterator[tuple[Connection, float]]:
        """A transaction for reading, which waits for nobody."""
        with self._db.read() as connection:
            yield connection, self._as_told(clock(connection))

    def close(self) -> None:
        """Give back every connection."""
        self._db.close()

    def _as_told(self, now: float) -> float:
        """What the time is; tests have a time of their own."""
        return now


def open_store(settings: Settings) -> PoolStore:
    """The store of these settings, created where it is missing.

    Raises:
        ShopkeeperError: It cannot be opened.
    """
    make_folder(settings.run)
    engine = _engine(settings)
    with opening(engine, settings.run), FileLock(settings.run / "pool.lock"):
        _create(engine)
    return PoolStore(Database(engine))


def _engine(settings: Settings) -> Engine:
    if settings.database_url.startswith("sqlite"):
        return sqlite_engine(f"sqlite:///{settings.run / FILE}", durable=False)
    return open_engine(settings.database_url, CONNECTIONS)


def _create(engine: Engine) -> None:
    if set(pool_metadata.tables) <= set(sa.inspect(engine).get_table_names()):
        return
    db = Database(engine)
    with db.write() as connection:
        if is_postgres(engine):
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        pool_metadata.create_all(connection)
