"""How the home's supervisord is spoken to: XML-RPC over a private socket in the file system."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy, Transport

from core.settings import Settings

#: The kernel allows 104 to 107 characters; supervisord first binds a longer, temporary name.
LONGEST_SOCKET = 90
RPC_TIMEOUT_S = 10.0


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=RPC_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(str(self._path))
        except OSError:
            self.sock.close()
            raise


class _Transport(Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _Connection(self._path)
        self._connection = host, connection  # what the base class closes
        return connection


def socket_path(settings: Settings) -> Path:
    """Where supervisord listens: in the home, or a short private folder if that is too long."""
    path = settings.run / "supervisor.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    digest = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"shopkeeper-{os.getuid()}-{digest}" / "s"


@contextmanager
def proxy(settings: Settings) -> Iterator[Any]:
    """supervisord's own methods, by their names; connects at the first call."""
    # The host is of no meaning: the transport goes to the socket.
    with ServerProxy("http://localhost", transport=_Transport(socket_path(settings))) as server:
        yield server.supervisor
