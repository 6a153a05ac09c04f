"""Somebody else's FTP server on loopback (pyftpdlib), with TLS or without."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sftp_server import PASSWORD, USER

with warnings.catch_warnings():
    # Of its age: it stands on a module that Python has left out since.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer


@dataclass
class FtpServer:
    """The server.

    Attributes:
        root: What it serves.
        certificate: A file with its certificate and key; none: it cannot encrypt.
        passwords: Every password that it was told.
    """

    root: Path
    certificate: Path | None = None
    passwords: list[str] = field(default_factory=list)
    port: int = 0

    def files(self) -> list[str]:
        """What is in it, below its root."""
        found = (one for one in self.root.rglob("*") if one.is_file())
        return sorted(str(one.relative_to(self.root)) for one in found)

    @contextmanager
    def running(self) -> Iterator[FtpServer]:
        """Serve on a free port of loopback."""
        loop = IOLoop()
        server = FTPServer(("127.0.0.1", 0), self._handler(), ioloop=loop)
        self.port = server.address[1]
        ended = threading.Event()
        thread = threading.Thread(target=self._serve, args=(server, ended))
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            thread.join(10)

    @staticmethod
    def _serve(server: Any, ended: threading.Event) -> None:
        while not ended.is_set():
            server.serve_forever(timeout=0.05, blocking=False)
        server.close_all()

    def _handler(self) -> Any:
        told = self.passwords

        class Door(DummyAuthorizer):  # type: ignore[misc]
            def validate_authentication(self, username: str, password: str, handler: Any) -> None:
                told.append(password)
                if (username, password) != (USER, PASSWORD):
                    raise AuthenticationFailed

        door = Door()
        door.add_user(USER, PASSWORD, str(self.root), perm="elradfmwMT")
        given = {"authorizer": door, "banner": "ready", "log_prefix": ""}
        if self.certificate is None:
            return type("Plain", (FTPHandler,), given)
        tls = {"certfile": str(self.certificate), "tls_control_required": True}
        return type("Tls", (TLS_FTPHandler,), given | tls | {"tls_data_required": True})
