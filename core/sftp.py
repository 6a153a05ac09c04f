"""The files of an SFTP server, which is told nothing until it has shown the key it is known by.

Known are the keys in the ``known_hosts`` of this machine. Where they do not name
the server, it is the one key that the caller knows.
"""

from __future__ import annotations

import base64
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem
from paramiko.hostkeys import HostKeyEntry

from core.errors import DestinationRefused, HostKeyRefused, SettingError
from core.host_keys import PORT, ShownKey, server_name, told

#: How long a connection is waited for, and then each answer.
CONNECT_S = 20.0
ANSWER_S = 120.0
#: Of two keys of one kind for one server the last one counts.
KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "~/.ssh/known_hosts")


class SftpFileSystem(SFTPFileSystem):  # type: ignore[misc]
    """An SFTP server whose key was checked before a name or a password was sent.

    Args:
        host: The server.
        host_key: The key that it is known by, such as ``ssh-ed25519 AAAA…``; empty: none.
        options: Of paramiko's ``SSHClient.connect``.

    Raises:
        HostKeyRefused: It shows another key, or none is known.
        DestinationRefused: It does not let this user in.
    """

    def __init__(self, host: str, *, host_key: str = "", **options: Any) -> None:
        self._host_key = host_key
        super().__init__(host.lower(), **options)

    @property
    def shown_key(self) -> str:
        """The key that the server has shown."""
        return _text(self._transport().get_remote_server_key())

    def close(self) -> None:
        """End the connection: paramiko does not, even when nobody holds it any longer."""
        self.client.close()

    def _transport(self) -> paramiko.Transport:
        transport = self.client.get_transport()
        assert transport is not None, "it is connected"
        return transport

    def _connect(self) -> None:
        port = self.ssh_kwargs.get("port", PORT)
        server = server_name(self.host, port)
        entry = self.host if port == PORT else f"[{self.host}]:{port}"
        of_machine = _known_hosts().lookup(entry)
        known = of_machine or _key(self._host_key)
        try:
            self._log_in(entry, known)
        except _NothingKnown as error:
            shown = ShownKey(server, _text(error.key))
            raise HostKeyRefused(told(shown), shown) from error
        except paramiko.BadHostKeyException as error:
            expected = _text(error.expected_key)
            shown = ShownKey(server, _text(error.key), expected, of_machine is not None)
            raise HostKeyRefused(told(shown), shown) from error
        except paramiko.AuthenticationException as error:
            raise DestinationRefused(
                f"{server} does not let in the user “{self.ssh_kwargs.get('username', '')}”. "
                "Check the name and the password."
            ) from error

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        **options: Any,
    ) -> Any:
        if autocommit or "w" not in mode:
            return super()._open(path, mode, block_size, **options)
        # Beside the one before: the server's /tmp may not be there, or be another disk.
        part = f"{path}.part"
        self.makedirs(self._parent(path), exist_ok=True)
        file = super()._open(part, mode, block_size, **options)
        file.commit = partial(self._put_in_place, file, part, path)
        file.discard = partial(self.ftp.remove, part)
        return file

    def _put_in_place(self, file: paramiko.SFTPFile, part: str, path: str) -> None:
        # What goes wrong while it is closed is not told by paramiko.
        there, sent = self.ftp.stat(part).st_size, file.tell()
        if there != sent:
            raise OSError(f"only {there:,} of {sent:,} bytes have arrived")
        self.ftp.posix_rename(part, path)

    def _log_in(self, entry: str, known: Mapping[str, paramiko.PKey]) -> None:
        self.client = paramiko.SSHClient()
        for kind, key in known.items():
            self.client.get_host_keys().add(entry, kind, key)
        self.client.set_missing_host_key_policy(_Nobody())
        try:
            # The key is looked at before anything is said about who we are.
            self.client.connect(self.host, timeout=CONNECT_S, **self.ssh_kwargs)
            self._hasten()
            self.ftp = self.client.open_sftp()
            if channel := self.ftp.get_channel():
                channel.settimeout(ANSWER_S)
        except BaseException:
            self.client.close()
            raise

    def _hasten(self) -> None:
        # Or else each block waits 40 ms for a sign that the one before has arrived.
        line = self._transport().sock
        assert isinstance(line, socket.socket)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _NothingKnown(paramiko.SSHException):
    """A server shows a key, and none is known of it."""

    def __init__(self, key: paramiko.PKey) -> None:
        super().__init__("No key of this server is known.")
        self.key = key


class _Nobody(paramiko.MissingHostKeyPolicy):
    """Lets no server through of which nothing is known."""

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        raise _NothingKnown(key)


def _known_hosts() -> paramiko.HostKeys:
    """The keys that this machine knows, for all of its users or for ours."""
    known = paramiko.HostKeys()
    for name in KNOWN_HOSTS:
        try:
            lines = Path(name).expanduser().read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        for number, line in enumerate(lines, 1):
            _add(known, line, f"Line {number} of {name}")
    return known


def _add(known: paramiko.HostKeys, line: str, where: str) -> None:
    # Not by HostKeys.load: a certificate's line, which it does not know, would end it.
    words = line.split()
    if not words or words[0][0] in "#@":
        return
    try:
        entry = HostKeyEntry.from_line(" ".join(words))
    except Exception as error:
        raise SettingError(f"{where} is no key of a server. Mend it or remove it.") from error
    if entry and entry.hostnames and entry.key:
        for host in entry.hostnames:
            known.add(host, entry.key.get_name(), entry.key)


def _key(text: str) -> dict[str, paramiko.PKey]:
    if not text:
        return {}
    kind, _, encoded = text.partition(" ")
    return {kind: paramiko.PKey.from_type_string(kind, base64.b64decode(encoded))}


def _text(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"
