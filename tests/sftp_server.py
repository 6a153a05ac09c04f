"""Somebody else's SFTP server on loopback (paramiko), which can be put in another one's place."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_OK

USER, PASSWORD = "shop", "hush-hush-sftp"


def new_key() -> paramiko.PKey:
    """A host key, as a server is given one when it is installed."""
    made = Ed25519PrivateKey.generate()
    text = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return paramiko.Ed25519Key.from_private_key(io.StringIO(text.decode()))


def public(key: paramiko.PKey) -> str:
    """What everybody may see of a key."""
    return f"{key.get_name()} {key.get_base64()}"


@dataclass
class SftpServer:
    """The server.

    Attributes:
        root: What it serves.
        keys: What it shows to who connects; another one in its place has others.
        passwords: Every password that it was told.
        users: The name of every user that it was told.
        connections: All that there were, each with the thread that it is served by.
    """

    root: Path
    keys: list[paramiko.PKey] = field(default_factory=lambda: [new_key()])
    passwords: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    connections: list[paramiko.Transport] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"sftp://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """Its first key, in public."""
        return public(self.keys[0])

    @property
    def login(self) -> dict[str, Any]:
        """What it lets in."""
        return {"username": USER, "password": PASSWORD, "look_for_keys": False}

    def make_known(self, key: str = "", *, hashed: bool = False) -> Path:
        """Have this machine know the server, by its own key or by another one.

        Returns:
            The file that says so.
        """
        name = f"[127.0.0.1]:{self.port}"
        file = Path("~/.ssh/known_hosts").expanduser()
        file.parent.mkdir(exist_ok=True)
        shown = paramiko.HostKeys.hash_host(name) if hashed else name
        file.write_text(f"{shown} {key or self.key}\n")
        return file

    def files(self) -> list[str]:
        """What is in it, below its root."""
        found = (one for one in self.root.rglob("*") if one.is_file())
        return sorted(str(one.relative_to(self.root)) for one in found)

    @contextmanager
    def running(self) -> Iterator[SftpServer]:
        """Serve on a free port of loopback."""
        with socket.create_server(("127.0.0.1", self.port)) as listening:
            self.port = listening.getsockname()[1]
            thread = threading.Thread(target=self._accept, args=(listening,))
            thread.start()
            try:
                yield self
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                thread.join(5)
                for one in self.connections:
                    one.close()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                transport = paramiko.Transport(connection)
                self.connections.append(transport)
                for key in self.keys:
                    transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self.root)
                # Not waited for: whoever leaves in the middle of it is what is tried here.
                transport.start_server(threading.Event(), _Door(self))


class _Door(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_none(self, username: str) -> int:
        self._server.users.append(username)
        return AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.users.append(username)
        self._server.passwords.append(password)
        right = (username, password) == (USER, PASSWORD)
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def _at(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def list_folder(self, path: str) -> Any:
        found = []
        for one in self._at(path).iterdir():
            found.append(paramiko.SFTPAttributes.from_stat(one.stat(), one.name))
        return found

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._at(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        try:
            number = os.open(self._at(path), flags, 0o644)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = handle.writefile = os.fdopen(  # type: ignore[attr-defined]
            number, "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb"
        )
        return handle

    def remove(self, path: str) -> int:
        return self._done(lambda: self._at(path).unlink())

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self._done(lambda: self._at(oldpath).replace(self._at(newpath)))

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return self._done(lambda: self._at(path).mkdir())

    def rmdir(self, path: str) -> int:
        return self._done(lambda: self._at(path).rmdir())

    @staticmethod
    def _done(do: Any) -> int:
        try:
            do()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK
