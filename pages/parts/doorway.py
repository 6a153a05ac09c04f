"""How many pages may be open, and how fast they may come: one web app bears only so many.

Counts pages by their connections, in the one event loop of the web server. Who
does not fit waits for a moment and is then told so: their browser tries again
by itself. Knows nothing of what is done on a page.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from core.limits import Limits, limits_of
from core.turnstile import network
from pages.parts.entry import open_settings
from pages.parts.rooms import ROOMS

#: Pages that may come at once, and then within a second: each takes a twentieth of a second of
#: processor, which those who are there already wait for.
COMING, COMING_S = 20, 8.0
#: What the browser of one page may ask for at once, and then within a second: each draws it anew.
ASKING, ASKING_S = 40, 5.0
#: How long a page waits at the door, and how often it looks. Streamlit's own patience ends at 15 s.
WAIT_S, LOOK_S = 8.0, 0.25
#: WebSocket's code for "try again later".
TRY_AGAIN_LATER = 1013
#: After so many seconds the browser looks again.
AGAIN_S = 10
_STREAM = "/_stcore/stream"
#: What follows the app's own address.
_PAGES = {"", *(Path(one.path).stem for one in ROOMS)}
_LOOPBACK = ("127.0.0.1", "::1")
_FULL = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{AGAIN_S}"><title>The shop is full · Shopkeeper</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.05rem/1.5 system-ui, sans-serif; display: grid; place-content: center;
  min-height: 90vh; margin: 0; padding: 1rem; text-align: center;
  background: light-dark(#fdfbf7, #1b1815); color: light-dark(#2a2520, #efe8dd) }}
h1 {{ font: 600 1.7rem/1.3 ui-serif, Georgia, serif; margin: 0 0 .5rem }}
p {{ margin: 0; max-width: 26rem }}
</style></head><body><main><h1>The shop is full just now</h1>
<p>Very many people are here at the same time. This page looks again by itself
every {AGAIN_S} seconds, and lets you in as soon as there is room.</p></main></body></html>
"""


class Doorway:
    """Middleware around Streamlit's own application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._doors: Doors | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a page in, or say that there is no room."""
        if scope["type"] == "websocket" and scope["path"].endswith(_STREAM):
            await self._page(scope, receive, send)
        elif _asks_for_page(scope) and not self.doors.has_room(_address(scope)):
            full = HTMLResponse(_FULL, 503, {"Retry-After": str(AGAIN_S)})
            await full(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @property
    def doors(self) -> Doors:
        """The doors of this process; its settings are read when the first page comes."""
        if self._doors is None:
            self._doors = Doors(limits_of(open_settings()))
        return self._doors

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = _address(scope)
        if not await self.doors.come_in(address):
            await receive()
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
            return
        pace = Pace(ASKING, ASKING_S)

        async def receive_in_time() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                await asyncio.sleep(pace.wait_s())
            return message

        try:
            await self._app(scope, receive_in_time, send)
        finally:
            self.doors.leave(address)


class Doors:
    """Counts the pages that are open.

    Args:
        limits: How many may be.
        clock: Tells the time in seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.open: Counter[str] = Counter()
        self._limits = limits
        self._clock = clock
        self._pace = Pace(COMING, COMING_S, clock)

    def has_room(self, address: str) -> bool:
        """Whether one more page may be open there; those of this machine have no address."""
        if self.open.total() >= self._limits.pages:
            return False
        return not address or self.open[address] < self._limits.address_pages

    def may_come(self, address: str) -> bool:
        """Whether one more page comes in now; it does, if it may."""
        if not self.has_room(address) or not self._pace.take():
            return False
        self.open[address] += 1
        return True

    async def come_in(self, address: str) -> bool:
        """Have a page come in as soon as it may; returns whether that was soon enough."""
        until = self._clock() + WAIT_S
        while not self.may_come(address):
            if self._clock() >= until:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    def leave(self, address: str) -> None:
        """A page is closed."""
        self.open[address] -= 1
        if not self.open[address]:
            del self.open[address]


class Pace:
    """So many at once, and then so many within a second.

    Args:
        most: At once.
        a_second: Afterwards.
        clock: Tells the time in seconds.
    """

    def __init__(
        self, most: int, a_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._a_second = a_second
        self._clock = clock
        self._left = float(most)
        self._at = clock()

    def take(self) -> bool:
        """Take one, if there is one."""
        self._refill()
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def wait_s(self) -> float:
        """Take one; returns how long to wait for it."""
        self._refill()
        self._left -= 1
        return max(0.0, -self._left / self._a_second)

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._a_second)
        self._at = now


def _asks_for_page(scope: Scope) -> bool:
    """Whether a browser opens one of our pages: not a file, nor what belongs to an open page."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    named = scope["path"].strip("/").removeprefix(base).strip("/")
    return named in _PAGES and "text/html" in HTTPConnection(scope).headers.get("accept", "")


def _address(scope: Scope) -> str:
    """Where a page is, as a trusted proxy says or as it came; empty for this machine."""
    client = scope.get("client")
    host = client[0] if client else ""
    return "" if host in _LOOPBACK else network(host)
