"""What is particular to Postgres: how it is reached, and what its failures mean in words."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from core.stored_json import read_json

#: Connections that an engine keeps, and as many again while it has much to do.
CONNECTIONS = 5
CONNECT_TIMEOUT_S = 5
#: A machine that vanished is given up after about ten seconds, not after hours.
_CONNECT: dict[str, Any] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "shopkeeper",
}
#: A process that freezes within a transaction must not keep its locks: the server ends it.
IDLE_TRANSACTION_S = 10
#: Connection lost, too many of them, server stopping or starting, frozen for too long.
_AWAY_STATES = ("08", "53300", "57P", "25P03")
#: The server's own time in seconds since the epoch, as part of a statement.
SERVER_NOW = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)


def postgres_engine(url: URL, connections: int = CONNECTIONS) -> Engine:
    """An engine that notices within seconds when the server or the way to it is gone.

    Args:
        url: SQLAlchemy URL; what it says about the connection wins over our choices.
        connections: How many it keeps; it opens as many again when they are all in use.
    """
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        json_deserializer=read_json,
        pool_pre_ping=True,
        hide_parameters=True,  # customers' words, and what passwords are checked by
        pool_size=connections,
        max_overflow=connections,
        connect_args={name: value for name, value in _CONNECT.items() if name not in url.query},
    )

    @sa.event.listens_for(engine, "connect")
    def limit_idle_transactions(connection: Any, _: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_TRANSACTION_S * 1000}")
        connection.commit()  # the pool would roll it back

    return engine


def is_postgres(engine: Engine) -> bool:
    """Whether an engine speaks to Postgres."""
    return engine.dialect.name == "postgresql"


def server_time(connection: Connection) -> float:
    """The server's own time in seconds since the epoch: one clock for all machines."""
    return float(connection.execute(sa.select(SERVER_NOW)).scalar_one())


def is_away(error: sa.exc.SQLAlchemyError) -> bool:
    """Whether an error means that the server cannot be used now, and may be later."""
    if isinstance(error, sa.exc.TimeoutError):
        return True  # every connection of this process stayed in use
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or isinstance(error, sa.exc.OperationalError)
    return error.connection_invalidated or state.startswith(_AWAY_STATES)


def first_line(error: BaseException) -> str:
    """What a driver says, without its advice."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def where(url: URL) -> str:
    """The server and database of a URL, for people."""
    host = url.host or url.query.get("host") or "this machine"
    return f"{url.database or url.username} at {host}{f':{url.port}' if url.port else ''}"


def why_not_opened(url: URL, error: BaseException) -> str:
    """Why a database cannot be opened, and what to do about it."""
    said = " ".join(str(error).split())
    known = (
        ("password", f"Check the user {url.username} and the password in DATABASE_URL."),
        ("does not exist", "Create it (CREATE DATABASE …), or correct its name in DATABASE_URL."),
        (
            "permission denied",
            f"Let {url.username} own it: ALTER DATABASE {url.database} OWNER TO {url.username}.",
        ),
        ("too many", "Raise max_connections of the server, or run fewer processes."),
    )
    advice = "Check that Postgres runs there and can be reached from this machine."
    return next((words for part, words in known if part in said), advice)
