"""A scripted OpenAI-compatible endpoint on loopback, which counts the calls of each row."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web


@dataclass(frozen=True)
class Reply:
    """What the endpoint does with one call.

    Attributes:
        held: The answer does not come before this is set.
    """

    text: str = "{}"
    status: int = 200
    delay_s: float = 0.0
    held: threading.Event | None = None
    finish_reason: str = "stop"
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


#: Told the row's text and how often it was asked before; says what to do.
Script = Callable[[str, int], Reply]


class Addressed(Protocol):
    """A server with an address."""

    @property
    def url(self) -> str: ...


class FakeEndpoint:
    """Answers by script, in a thread of its own."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.calls: Counter[str] = Counter()
        self.requests: list[dict[str, Any]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.cancelled = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        text = body["messages"][-1]["content"]
        before = self.calls[text]
        self.calls[text] += 1
        self.requests.append(body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        reply = self.script(text, before)
        try:
            await asyncio.sleep(reply.delay_s)
            while reply.held is not None and not reply.held.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        content = reply.body if reply.body is not None else completion(reply)
        return web.Response(
            body=content,
            status=reply.status,
            content_type="application/json",
            headers=dict(reply.headers),
        )

    async def _start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        server = site._server
        assert isinstance(server, asyncio.Server)
        self.port = server.sockets[0].getsockname()[1]
        return runner

    @contextmanager
    def running(self) -> Iterator[FakeEndpoint]:
        self._thread.start()
        runner = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()


def completion(reply: Reply) -> bytes:
    """The body of a whole answer."""
    return json.dumps(
        {
            "id": "fake",
            "object": "chat.completion",
            "model": "fake",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": reply.finish_reason,
                    "message": {"role": "assistant", "content": reply.text},
                }
            ],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        }
    ).encode()
