"""Large files on their way in: put on disk as they come, not held in the memory of the app.

Streamlit's uploader sends a file to an address of Streamlit's own, which
reads it into memory and keeps it while the tab is open. :class:`Arrivals`
takes the file out of such a request while it comes, and hands on a short note
in its place; :func:`arrived` finds the file again by this note. Requests that
look any different go on untouched.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import CatalogError
from core.settings import Settings
from pages.parts.entry import open_settings

#: Smaller ones may as well go the usual way.
LEAST_BYTES = 1_000_000
_ADDRESS = "/_stcore/upload_file/"
_NOTE = b"shopkeeper-arrived:"
_WHOLE_NOTE = re.compile(_NOTE + b"([0-9a-f]{32})")
_NOTE_BYTES = len(_NOTE) + 32
_FORGOTTEN_S = 86_400


class Arrivals:
    """Middleware around Streamlit's own application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a large file out of the request, if there is one in it."""
        boundary = _boundary(scope, open_settings().upload_limit_mb)
        if boundary is None:
            await self._app(scope, receive, send)
            return
        path = _folder(open_settings()) / secrets.token_hex(16)
        kept = False
        try:
            name = await _taken(Request(scope, receive), boundary, path)
            small = _small(name, boundary, path.name)
            kept = await self._hand_on(scope, receive, send, small)
        except ClientDisconnect:
            return
        except OSError as error:
            words = f"It could not be stored: {error.strerror}."
            await PlainTextResponse(words, status_code=507)(scope, receive, send)
        except MultipartParseError as error:
            await PlainTextResponse(str(error), status_code=400)(scope, receive, send)
        finally:
            if not kept:
                path.unlink(missing_ok=True)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send, body: bytes) -> bool:
        """Let Streamlit have the request with another body; returns whether it took it."""
        headers = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        bodies, statuses = [body], []

        async def receive_small() -> Message:
            if bodies:
                return {"type": "http.request", "body": bodies.pop(), "more_body": False}
            return await receive()

        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await self._app({**scope, "headers": headers}, receive_small, send_noting)
        return statuses[:1] == [204]


def _boundary(scope: Scope, limit_mb: int) -> bytes | None:
    """What separates the parts of a request that brings a large file; None for any other."""
    if scope["type"] != "http" or scope["method"] != "PUT" or _ADDRESS not in scope["path"]:
        return None
    headers = Headers(scope=scope)
    length = headers.get("content-length", "")
    # One over the limit is refused by Streamlit before it is read.
    fitting = length.isdigit() and LEAST_BYTES <= int(length) <= limit_mb << 20
    found = re.fullmatch(
        r'multipart/form-data; ?boundary="?([\w\'()+,./:=?-]{1,70})"?',
        headers.get("content-type", ""),
    )
    return found[1].encode() if found and fitting else None


async def _taken(request: Request, boundary: bytes, path: Path) -> bytes:
    """Write the file of a request to disk while it comes; returns the headers it came with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(path.parent)
    with path.open("wb") as file:
        part = _Part(boundary, file)
        async for chunk in request.stream():
            await asyncio.to_thread(part.parser.write, chunk)
        part.parser.finalize()
    return part.headers


class _Part:
    """Takes the one part of a request apart: its headers, and what goes to a file.

    Attributes:
        headers: As they came, each with the end of its line.
    """

    def __init__(self, boundary: bytes, file: BinaryIO) -> None:
        self.headers = b""
        self._file = file
        self._in_value = False
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._field,
                "on_header_value": self._value,
                "on_header_end": self._end_header,
                "on_part_data": self._data,
            },
        )

    def _begin(self) -> None:
        if self.headers:
            raise MultipartParseError("One file at a time, please.")

    def _field(self, data: bytes, start: int, end: int) -> None:
        self.headers += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        # It may come in several pieces.
        self.headers += (b"" if self._in_value else b": ") + data[start:end]
        self._in_value = True

    def _end_header(self) -> None:
        self.headers += b"\r\n"
        self._in_value = False

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._file.write(data[start:end])


def _small(headers: bytes, boundary: bytes, token: str) -> bytes:
    """The same request with a note in the place of the file."""
    begin, end = b"--" + boundary, b"--" + boundary + b"--"
    return b"\r\n".join([begin, headers, _NOTE + token.encode(), end, b""])


def _forget_old(folder: Path) -> None:
    """Remove what arrived long ago and nobody has asked for: its tab was closed."""
    for old in folder.glob("*"):
        with suppress(OSError):  # another request may be at it
            if old.stat().st_mtime < time.time() - _FORGOTTEN_S:
                old.unlink()


def _folder(settings: Settings) -> Path:
    return settings.home / "arrivals"


@contextmanager
def arrived(settings: Settings, file: UploadedFile) -> Iterator[BinaryIO]:
    """What a browser has sent, for reading; afterwards nothing is left of it.

    Raises:
        CatalogError: It came so long ago that it was removed.
    """
    note = _WHOLE_NOTE.fullmatch(file.getvalue()) if file.size <= _NOTE_BYTES else None
    try:
        if note is None:
            yield cast(BinaryIO, file)
            return
        path = _folder(settings) / note[1].decode()
        if not path.exists():
            raise CatalogError(f"{file.name} is no longer there. Please choose it again.")
        try:
            with path.open("rb") as data:
                yield data
        finally:
            path.unlink(missing_ok=True)
    finally:
        _drop(file)


def _drop(file: UploadedFile) -> None:
    """Take a file out of the memory of the app; Streamlit would keep it as long as the tab."""
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if context and remove:
        remove(session_id=context.session_id, file_id=file.file_id)
