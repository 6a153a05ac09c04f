"""Somebody else's FTP server on loopback (aioftp), with TLS or without."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aioftp
from aioftp.server import MemoryUserManager

from tests.sftp_server import PASSWORD, USER

START_S = 60


class _People(MemoryUserManager):
    """One user, and every password that was told."""

    def __init__(self, root: Path, told: list[str]) -> None:
        super().__init__([aioftp.User(USER, PASSWORD, base_path=root)])
        self._told = told

    async def authenticate(self, user: aioftp.User, password: str) -> bool:
        self._told.append(password)
        return await super().authenticate(user, password)


class _Server(aioftp.Server):
    """As servers mostly are: a file may be renamed to the name of another one."""

    def __init__(self, people: _People, context: ssl.SSLContext | None) -> None:
        super().__init__(people)
        self._context = context
        self._writers: list[asyncio.StreamWriter] = []
        self.commands_mapping["rnto"] = self._take_the_name
        if context is not None:
            self.commands_mapping |= {"auth": self._auth, "pbsz": self._fine, "prot": self._fine}

    def encrypt_files(self) -> None:
        """From now on, files come and go by TLS only."""
        self.ssl = self._context

    async def dispatcher(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await super().dispatcher(reader, writer)

    async def close(self) -> None:
        await super().close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.05)  # it is carried out in the loop's next rounds

    async def _start_passive_server(self, connection: Any, handler_callback: Any) -> Any:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append(writer)
            await handler_callback(reader, writer)
            stream = connection.data_connection
            stream.write = _left(stream.write)

        return await super()._start_passive_server(connection, handle)

    async def _auth(self, connection: Any, _rest: Any) -> bool:
        stream = connection.command_connection
        # What the other side says next is for TLS, however soon it comes.
        stream.writer.transport.pause_reading()
        await self.write_response(stream, "234", "go on by TLS")
        await stream.writer.start_tls(self._context)
        return True

    async def _fine(self, connection: Any, _rest: Any) -> bool:
        connection.response("200", "")
        return True

    async def _take_the_name(self, connection: Any, rest: Any) -> bool:
        path, _ = self.get_paths(connection, rest)
        await connection.path_io.rename(connection.rename_from, path)
        connection.response("250", "")
        return True


def _left(write: Callable[[bytes], Awaitable[None]]) -> Callable[[bytes], Awaitable[None]]:
    """Who has read enough of a file may leave, and is still there for the next command."""

    async def written(data: bytes) -> None:
        try:
            await write(data)
        except ConnectionError as error:
            raise aioftp.PathIOError from error

    return written


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
        loop, up = asyncio.new_event_loop(), threading.Event()
        ended = asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=[self._serve(up, ended)])
        thread.start()
        try:
            assert up.wait(START_S)
            yield self
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join(START_S)
            loop.close()

    async def _serve(self, up: threading.Event, ended: asyncio.Event) -> None:
        context = None
        if self.certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate)
        server = _Server(_People(self.root, self.passwords), context)
        await server.start("127.0.0.1")
        server.encrypt_files()
        self.port = server.server_port
        up.set()
        await ended.wait()
        await server.close()
