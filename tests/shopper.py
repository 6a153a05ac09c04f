"""A shopper without a browser: speaks to the app as Streamlit's page does, over its WebSocket.

Fifty browsers do not fit on a machine with two cores; fifty of these take a few percent of one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

#: An answer that still grows; only the one that is waited for does.
GROWING = 'class="sk-prose sk-writing"'
#: How the page's script may end; any other end is followed by another run.
AT_REST = ForwardMsg.FINISHED_SUCCESSFULLY


@dataclass
class Visit:
    """What a shopper has seen since the question was asked; times by ``perf_counter``.

    Attributes:
        cards_at: When the sources stood there.
        word_at: When the first word of the answer stood there.
        told_at: When its last word stood there.
        refused_at: When it was told politely to ask again later.
        rest_at: When the page was at rest again.
        prose: The answer as HTML.
        said: What else the page said: notes, warnings, errors.
        troubles: Errors, tracebacks and lost connections.
        before: What stood on the page before; drawn again, it is no answer to this question,
            unless it is being written.
    """

    question: str
    asked_at: float
    cards_at: float | None = None
    word_at: float | None = None
    told_at: float | None = None
    refused_at: float | None = None
    rest_at: float | None = None
    prose: str = ""
    said: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    before: frozenset[str] = frozenset()

    def see(self, element: Element, now: float) -> None:
        """Take note of something that was drawn."""
        kind = element.WhichOneof("type")
        if kind == "html":
            self._read(element.html.body, now)
        elif kind == "exception":
            self.troubles += (f"{element.exception.type}: {element.exception.message}",)
        elif kind == "alert":
            self._note(element.alert.body, error=element.alert.format == element.alert.ERROR)
        elif kind == "markdown":
            self.said += (element.markdown.body,)

    def _note(self, told: str, *, error: bool) -> None:
        self.said += (told,)
        if "ask again" in told:
            self.refused_at = self.refused_at or time.perf_counter()
        elif error:
            self.troubles += (told,)

    def _read(self, body: str, now: float) -> None:
        if body in self.before and GROWING not in body:
            return
        if "sk-notice" in body:
            self._note(body, error=False)
        if "sk-sources" in body:
            self.cards_at = self.cards_at or now
        if 'class="sk-prose' in body and body != self.prose:
            self.prose = body
            self.word_at = self.word_at or now
            self.told_at = now


class Shopper:
    """A page that is open.

    Attributes:
        input_id: Names the field for questions, once it was drawn.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.input_id = ""
        self.closed_with: int | None = None
        self._socket = socket
        self._page, self._query = "", ""
        self._rested = asyncio.Event()
        self._visit = Visit("", time.perf_counter())
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._seen: set[str] = set()

    async def open(self, timeout_s: float) -> Visit:
        """Have the page drawn for the first time."""
        return await self._do("", None, timeout_s)

    async def ask(self, question: str, timeout_s: float = 60.0) -> Visit:
        """Ask, and wait until the page is at rest again."""

        def type_it(message: BackMsg) -> None:
            typed = message.rerun_script.widget_states.widgets.add()
            typed.id = self.input_id
            typed.chat_input_value.data = question

        return await self._do(question, type_it, timeout_s)

    async def _do(
        self, question: str, fill: Callable[[BackMsg], None] | None, timeout_s: float
    ) -> Visit:
        before = frozenset(self._seen)
        visit = self._visit = Visit(question, time.perf_counter(), before=before)
        self._rested.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(fill)
                await self._rested.wait()
        except TimeoutError:
            visit.troubles += ("The page did not come to rest.",)
        except ConnectionError as error:
            visit.troubles += (f"The connection is lost: {error}",)
        return visit

    async def _send(self, fill: Callable[[BackMsg], None] | None, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page
        state.context_info.timezone, state.context_info.locale = "Europe/Berlin", "en-GB"
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        if fill:
            fill(message)
        await self._socket.send_bytes(message.SerializeToString())

    async def read(self) -> None:
        """Take in what the app sends until the connection is closed."""
        async for packet in self._socket:
            if packet.type is aiohttp.WSMsgType.BINARY:
                self._take(ForwardMsg.FromString(packet.data))
        self.closed_with = self._socket.close_code
        if not self._rested.is_set():
            self._visit.troubles += (f"The connection was closed ({self.closed_with}).",)
            self._rested.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(message.delta.new_element)
        elif kind == "new_session":
            self._page = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self._forget_timers()
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._set_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "script_finished" and message.script_finished == AT_REST:
            self._visit.rest_at = time.perf_counter()
            self._rested.set()

    def _draw(self, element: Element) -> None:
        if element.WhichOneof("type") == "chat_input":
            self.input_id = element.chat_input.id
        elif element.WhichOneof("type") == "html":
            self._seen.add(element.html.body)
        self._visit.see(element, time.perf_counter())

    def _set_timer(self, fragment: str, interval_s: float) -> None:
        """Draw a part of the page again and again, as the browser does when it is told to."""

        async def again() -> None:
            while True:
                await asyncio.sleep(interval_s)
                await self._send(None, fragment)

        if fragment not in self._timers:
            self._timers[fragment] = asyncio.create_task(again())

    def _forget_timers(self) -> None:
        timers, self._timers = self._timers, {}
        for timer in timers.values():
            timer.cancel()

    def leave(self) -> None:
        """Stop what goes on by itself."""
        self._forget_timers()


@asynccontextmanager
async def shopper(
    http: aiohttp.ClientSession, address: str, visitor: str = "", **headers: str
) -> AsyncIterator[Shopper]:
    """Connect to the app at an address such as ``http://127.0.0.1:8501``.

    Args:
        http: Whose connections to use.
        address: Of the app.
        visitor: The id in the shopper's cookie; a new one if there is none.
        headers: Sent with the request.
    """
    cookie = f"shopkeeper_visitor={visitor or uuid4().hex}"
    where = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    async with http.ws_connect(
        where, protocols=("streamlit",), headers={"Cookie": cookie, **headers}, max_msg_size=0
    ) as socket:
        one = Shopper(socket)
        reading = asyncio.create_task(one.read())
        try:
            yield one
        finally:
            one.leave()
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
