"""Brings a database to the newest schema, step by step, with Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from core.errors import SettingError
from core.postgres import is_postgres

#: Any number that is ours alone: Postgres' advisory locks are known by numbers.
LOCK = 0x5_4090
HERE = Path(__file__).parent


def begin(connection: Connection, *, immediate: bool = False) -> None:
    """Open a transaction; ``immediate`` takes SQLite's write lock at once.

    SQLite's driver is told not to begin transactions by itself, since it
    would do so late and leave DDL outside.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
    elif not connection.in_transaction():
        connection.begin()


def current(engine: Engine) -> str | None:
    """The revision a database is at, or None for an empty one."""
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def newest() -> str:
    """The newest revision: the migrations' files begin with their revision."""
    return max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*.py"))


def upgrade(engine: Engine, revision: str | None = None) -> None:
    """Apply the migrations that a database lacks; does nothing when it is up to date.

    Processes that come at the same time wait for the first one.

    Args:
        engine: The database.
        revision: Up to which one; an older one than the newest is for tests.

    Raises:
        SettingError: The database belongs to a newer version of Shopkeeper.
    """
    wanted, found = revision or newest(), current(engine)
    if found == wanted:
        return
    if found is not None and found > newest():
        raise SettingError(
            "The database has been brought up to date by a newer version of Shopkeeper "
            f"(its tables are at {found}, this version knows {newest()}). "
            "Start that version here, too."
        )
    with engine.connect() as connection:
        begin(connection, immediate=True)
        if is_postgres(engine):
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        apply(connection, wanted)
        connection.commit()


def apply(connection: Connection, revision: str) -> None:
    """Apply the migrations up to a revision, within the connection's transaction."""
    # Every process of ours begins by opening the database, and Alembic takes a fifth of
    # the time that this takes: it is imported only by the one that has to migrate.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
