"""Brings a database to the newest schema, step by step, with Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

HERE = Path(__file__).parent


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    return config


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


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply the migrations that a database lacks; does nothing when it is up to date.

    Args:
        engine: The database.
        revision: Up to which one; an older one than the newest is for tests.
    """
    config = _config()
    if current(engine) == ScriptDirectory.from_config(config).as_revision_number(revision):
        return
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        begin(connection, immediate=True)
        command.upgrade(config, revision)
        connection.commit()
