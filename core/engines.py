"""Engines for SQLite and Postgres, and why a database cannot be opened, in words.

Knows no table and no transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from core.errors import SettingError
from core.postgres import (
    CONNECTIONS,
    first_line,
    is_postgres,
    postgres_engine,
    where,
    why_not_opened,
)
from core.stored_json import read_json

BUSY_TIMEOUT_S = 30


def sqlite_engine(url: str, *, durable: bool = True) -> Engine:
    """A SQLite engine in WAL mode that waits for its turn.

    Args:
        url: SQLAlchemy URL.
        durable: Whether what was committed survives power loss; without it the
            file still does, and a commit waits for no disk.
    """
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_S},
        json_deserializer=read_json,
    )
    synchronous = "FULL" if durable else "NORMAL"

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: object) -> None:
        # SQLAlchemy, not the driver, begins transactions: see Database.write.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def open_engine(url: str, connections: int = CONNECTIONS) -> Engine:
    """An engine for SQLite or Postgres.

    Args:
        url: SQLAlchemy URL.
        connections: How many it keeps, where it keeps any.

    Raises:
        SettingError: ``DATABASE_URL`` is malformed or names another database.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise SettingError(
            "DATABASE_URL is not a database address; it should look like "
            "postgresql+psycopg://user:password@host/database"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return sqlite_engine(url)
    if backend in ("postgresql", "postgres"):
        return postgres_engine(parsed, connections)
    raise SettingError(f"DATABASE_URL names {backend}; Shopkeeper knows sqlite and postgresql.")


@contextmanager
def opening(engine: Engine, folder: Path) -> Iterator[None]:
    """Put in words why an engine's database cannot be opened, and close the engine then.

    Args:
        engine: The engine.
        folder: Where the database or its locks are, for the advice.

    Raises:
        SettingError: What is wrong and what to do about it.
    """
    try:
        yield
    except (sa.exc.DBAPIError, OSError) as error:
        engine.dispose()
        said = first_line(error)
        if is_postgres(engine) and not isinstance(error, OSError):
            raise SettingError(
                f"The database {where(engine.url)} cannot be opened: {said}. "
                f"{why_not_opened(engine.url, error)}"
            ) from error
        raise SettingError(
            f"The database cannot be opened: {said}. "
            f"Check that {folder} is writable and the disk is not full."
        ) from error
    except BaseException:
        engine.dispose()
        raise
