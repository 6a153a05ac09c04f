"""How the durable engine (DBOS) is set up: where it keeps its record, and what of it is logged."""

from __future__ import annotations

import logging
import sqlite3

from dbos import DBOSConfig, DBOSPortableJSONSerializer

from batch.post import Post
from core.db import Database
from core.engines import open_engine
from core.postgres import is_postgres
from core.settings import Settings

#: The engine's own connections on Postgres: it asks often, and shortly.
CONNECTIONS = 4
#: How soon the engine's scheduler learns of a schedule that is new or changed.
SCHEDULES_S = 2.0
#: What the engine says in one place of its code is logged at most this often: while the
#: database is away it says so many times a second.
QUIET_S = 30.0


def engine_config(settings: Settings, db: Database, post: Post) -> DBOSConfig:
    """The engine's configuration for a worker: beside our tables, under the worker's name."""
    config: DBOSConfig = {
        "name": "shopkeeper",
        "application_version": post.version,
        "executor_id": post.name,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        # Nothing of ours waits for a notification, and listening would take a connection.
        "use_listen_notify": False,
        "scheduler_polling_interval_sec": SCHEDULES_S,
    }
    if is_postgres(db.engine):
        # A schema of its own beside our tables.
        engine = open_engine(settings.database_url, CONNECTIONS)
        return config | {"system_database_engine": engine}
    return config | {"system_database_url": _engine_file(settings)}


def _engine_file(settings: Settings) -> str:
    """The engine's own file beside our tables."""
    path = settings.home / "engine.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # kept by the file; the engine never sets it
    connection.close()
    return f"sqlite:///{path}"


class Quiet(logging.Filter):
    """Lets a message through when the same place of the code has been quiet for a while.

    Of a warning, its first line: the engine adds a whole trace to what passes by itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message is logged."""
        place = (record.pathname, record.lineno)
        if record.created - self._said.get(place, 0.0) < QUIET_S:
            return False
        self._said[place] = record.created
        if record.levelno == logging.WARNING:
            record.msg, record.args = record.getMessage().partition("\n")[0], None
        return True
