"""A real MySQL-like server (MariaDB) for the tests, where its programs are installed."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql  # type: ignore[import-untyped]
import pytest

#: Far more than it takes to start.
START_S = 120
PASSWORD = "hush-hush"


class MySql:
    """A server on loopback; each test gets a database of its own."""

    def __init__(self, socket: Path, port: int) -> None:
        self._socket = socket
        self.port = port

    def run(self, statement: str) -> None:
        with (
            pymysql.connect(unix_socket=str(self._socket), user="root") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            connection.commit()

    def new_database(self) -> str:
        """The SQLAlchemy URL of an empty database."""
        name = f"test_{secrets.token_hex(6)}"
        # The default of older servers: what is told apart there by case must not be here.
        self.run(f"CREATE DATABASE {name} CHARACTER SET latin1 COLLATE latin1_swedish_ci")
        return f"mysql+pymysql://shop:{PASSWORD}@127.0.0.1:{self.port}/{name}"


@contextmanager
def running(port: int) -> Iterator[MySql]:
    """A server of its own, for as long as the context lasts."""
    # Debian keeps servers where the path of most users does not lead.
    path = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
    install, server = (shutil.which(name, path=path) for name in ("mariadb-install-db", "mariadbd"))
    if not install or not server:
        pytest.skip("no MariaDB is installed; see `make mariadb`")
    with tempfile.TemporaryDirectory(prefix="shopkeeper-mysql-") as folder:
        data, socket = Path(folder) / "data", Path(folder) / "socket"
        user = ["--user=root"] if os.geteuid() == 0 else []
        made = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method"]
        made[-1] += "=normal"
        subprocess.run([*made, *user], check=True, capture_output=True)
        command = [server, "--no-defaults", f"--datadir={data}", f"--socket={socket}", *user]
        command += [f"--port={port}", "--bind-address=127.0.0.1", "--innodb-flush-method=nosync"]
        command += ["--innodb-flush-log-at-trx-commit=0"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            found = MySql(socket, port)
            _wait(socket, process)
            found.run(f"CREATE USER shop@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
            found.run("GRANT ALL ON *.* TO shop@'127.0.0.1'")
            yield found
        finally:
            process.kill()
            process.wait(60)


def _wait(socket: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while not socket.exists():
        assert process.poll() is None, "it ended while it started"
        assert time.monotonic() < deadline, "it does not start"
        time.sleep(0.2)
