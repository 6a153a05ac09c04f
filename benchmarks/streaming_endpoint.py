"""A model endpoint that streams the same words to everybody, and notes how long each call took it.

Runs in the event loop of whoever asks, to know its times without asking.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

WORDS = ("Yes, ", "we ", "have ", "what ", "you ", "are ", "looking ", "for ", "[1]", ".")
USAGE = {"prompt_tokens": 200, "completion_tokens": len(WORDS), "total_tokens": 200 + len(WORDS)}


@dataclass(frozen=True, slots=True)
class Served:
    """One call: when it came, when its first and its last word were sent, by ``perf_counter``."""

    came_at: float
    first_at: float
    last_at: float


@dataclass
class StreamingEndpoint:
    """The endpoint and what it has seen.

    Attributes:
        first_word_s: How long it thinks.
        word_s: How long each further word takes it.
        served: The calls by the question that stood in them.
    """

    first_word_s: float = 0.3
    word_s: float = 0.03
    words: Sequence[str] = WORDS
    served: dict[str, Served] = field(default_factory=dict)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        came_at = time.perf_counter()
        body = await request.json()
        question = str(body["messages"][-1]["content"]).rpartition("Question: ")[2].strip()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await response.prepare(request)
            await asyncio.sleep(self.first_word_s)
            first_at = time.perf_counter()
            for word in self.words:
                await response.write(_event({"delta": {"role": "assistant", "content": word}}))
                await asyncio.sleep(self.word_s)
            await response.write(_event({"delta": {}, "finish_reason": "stop"}))
            await response.write(_line({"choices": [], "usage": USAGE}) + b"data: [DONE]\n\n")
        finally:
            self.in_flight -= 1
        self.served[question] = Served(came_at, first_at, time.perf_counter())
        return response

    @asynccontextmanager
    async def running(self) -> AsyncIterator[StreamingEndpoint]:
        """Serve on a free loopback port."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self.chat)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()


def _event(choice: dict[str, Any]) -> bytes:
    return _line({"choices": [{"index": 0, "finish_reason": None} | choice]})


def _line(part: dict[str, Any]) -> bytes:
    base = {"id": "fake", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
    return b"data: " + json.dumps(base | part).encode() + b"\n\n"
