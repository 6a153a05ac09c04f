"""Middleware in front of Streamlit's own addresses, which know nothing of roles.

A session of Streamlit runs what a click asks for before any of its page is
drawn again. So it is looked at here, before each message, whether whoever has
it open is still signed in and may still do what they could when it was drawn.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ShopkeeperError
from core.people import STRANGER, Person
from core.roles import Role
from core.settings import Settings, is_loopback
from core.sign_in_settings import SignIn
from pages.parts import sessions
from pages.parts.base_path import under_base
from pages.parts.entry import open_settings, open_shop_database
from pages.parts.person import person_of
from pages.parts.provider import CALLBACK

#: A browser that loses its connection by this opens another one, and is looked at anew.
GONE = 4001
#: WebSocket's code for what is not allowed.
POLICY = 1008
_PROTOCOL = "sec-websocket-protocol"
#: What an address needs that is not for everybody, Streamlit's own and ours; by how it begins.
LEAST = {
    "_stcore/upload_file/": Role.MERCHANDISER,
    "_stcore/metrics": Role.ADMINISTRATOR,
    "download/": Role.MERCHANDISER,
}


class Guard:
    """Middleware around everything that Streamlit answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or not."""
        settings = open_settings()
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif settings.sign_in is SignIn.OFF:
            inside = self._app if _is_named(settings, scope) else _elsewhere
            await inside(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._watched(scope, receive, send)
        elif scope["path"] == under_base(CALLBACK):
            await self._app(scope, receive, _to_the_door(send))
        elif (least := _least(scope["path"])) and not (await _who(scope)).role.reaches(least):
            answer = PlainTextResponse(f"This needs a {least}. Please sign in.", 403)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A connection of a session, until whoever opened it is somebody else."""
        person = await _who(scope)

        async def receive_watched() -> Message:
            message = await receive()
            # Nobody who is not signed in can become less than that.
            if message["type"] == "websocket.receive" and person != STRANGER:
                now = await _who(scope)
                if (now.id, now.role) != (person.id, person.role):
                    await send({"type": "websocket.close", "code": GONE})
                    return {"type": "websocket.disconnect", "code": GONE}
            return message

        await self._app(_without_others_session(scope, person), receive_watched, send)


def _least(path: str) -> Role | None:
    """What an address needs; None where it is for everybody, or looks after itself."""
    return next(
        (least for begin, least in LEAST.items() if path.startswith(under_base(begin))), None
    )


def _is_named(settings: Settings, scope: Scope) -> bool:
    """Whether a request names this machine.

    Where nobody signs in, a page of another site could have its own name lead here, and then
    read and do everything as if it were ours.
    """
    try:
        host = urlsplit(f"//{HTTPConnection(scope).headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return is_loopback(host) or host == urlsplit(settings.url or "").hostname


async def _elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY})
        return
    words = (
        "Nobody signs in here, so the shop answers only to names of this machine, such as "
        "localhost. Set SHOPKEEPER_URL to the address that you use."
    )
    await PlainTextResponse(words, 421)(scope, receive, send)


async def _who(scope: Scope) -> Person:
    def asked() -> Person:
        try:
            return person_of(open_settings(), open_shop_database(), HTTPConnection(scope))
        except ShopkeeperError:
            # The page itself says that the database is away.
            return STRANGER

    return await run_in_threadpool(asked)


def _without_others_session(scope: Scope, person: Person) -> Scope:
    """A connection that takes up an earlier session only if that was drawn for them."""
    headers = MutableHeaders(scope={**scope, "headers": list(scope["headers"])})
    parts = headers.get(_PROTOCOL, "").split(",")
    if len(parts) < 3 or sessions.is_theirs(parts[2].strip(), person):
        return scope
    headers[_PROTOCOL] = ",".join(parts[:2])
    return {**scope, "headers": headers.raw}


def _to_the_door(send: Send) -> Send:
    """Streamlit sends whoever comes from the provider to the first page; we, to the door."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
            headers = MutableHeaders(raw=list(message["headers"]))
            headers["location"] = under_base("door/arrived")
            message = {**message, "headers": headers.raw}
        await send(message)

    return sent
