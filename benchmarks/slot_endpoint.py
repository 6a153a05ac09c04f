"""A model endpoint with so many slots, first in first out, that watches who is in them.

``python -m benchmarks.slot_endpoint PORT SLOTS DELAY_S [REQUESTS_A_MINUTE]``. Calls that
say they are the chat's (``"user": "chat"``) are counted apart; ``/stats`` tells the
sums, ``/reset`` begins them anew.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import urllib.request
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
from aiohttp import web

from benchmarks.fake_endpoint import BODY

WINDOW_S = 60.0
SAMPLE_S = 0.005


class SlotEndpoint:
    """The endpoint's state."""

    def __init__(self, slots: int, delay_s: float, a_minute: int | None) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._count = slots
        self._delay_s = delay_s
        self._a_minute = a_minute
        self._taken: deque[float] = deque()
        self.reset()

    def reset(self) -> None:
        """Begin the sums anew."""
        self.here: Counter[str] = Counter()
        self.outcomes: Counter[int] = Counter()
        self.most = 0
        self.batch_slots = self.left_by_chat = self.samples = 0

    async def chat(self, request: web.Request) -> web.Response:
        """One call."""
        body = orjson.loads(await request.read())
        if not self._allowed():
            self.outcomes[429] += 1
            wait_s = self._taken[0] + WINDOW_S - time.monotonic()
            return web.Response(
                status=429, body=b"{}", headers={"Retry-After": f"{max(0.0, wait_s):.2f}"}
            )
        async with self._inside("chat" if body.get("user") == "chat" else "batch"):
            await asyncio.sleep(self._delay_s)
        self.outcomes[200] += 1
        return web.Response(body=BODY, content_type="application/json")

    def _allowed(self) -> bool:
        """Whether fewer than so many calls were let in within the last minute."""
        if self._a_minute is None:
            return True
        now = time.monotonic()
        while self._taken and now - self._taken[0] >= WINDOW_S:
            self._taken.popleft()
        if len(self._taken) >= self._a_minute:
            return False
        self._taken.append(now)
        return True

    @asynccontextmanager
    async def _inside(self, who: str) -> AsyncIterator[None]:
        self.here["waiting or served"] += 1
        self.most = max(self.most, self.here["waiting or served"])
        try:
            async with self._slots:
                self.here[who] += 1
                try:
                    yield
                finally:
                    self.here[who] -= 1
        finally:
            self.here["waiting or served"] -= 1

    async def watch(self, _: web.Application) -> AsyncIterator[None]:
        """Sample who is in the slots, for as long as the server runs."""

        async def sample() -> None:
            while True:
                self.samples += 1
                self.batch_slots += self.here["batch"]
                self.left_by_chat += self._count - self.here["chat"]
                await asyncio.sleep(SAMPLE_S)

        task = asyncio.create_task(sample())
        yield
        task.cancel()

    def stats(self) -> dict[str, Any]:
        """The sums."""
        return {
            "answered": self.outcomes[200],
            "limited": self.outcomes[429],
            "most_at_once": self.most,
            "batch_of_what_chat_leaves": self.batch_slots / max(1, self.left_by_chat),
            "batch_slots": self.batch_slots / max(1, self.samples),
        }


def app(slots: int, delay_s: float, a_minute: int | None) -> web.Application:
    """The endpoint as an aiohttp application."""
    endpoint = SlotEndpoint(slots, delay_s, a_minute)

    async def stats(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(endpoint.stats()))

    async def reset(_: web.Request) -> web.Response:
        here = endpoint.here
        endpoint.reset()
        endpoint.here = here
        return web.Response()

    application = web.Application(client_max_size=10_000_000)
    application.router.add_post("/v1/chat/completions", endpoint.chat)
    application.router.add_get("/stats", stats)
    application.router.add_get("/reset", reset)
    application.cleanup_ctx.append(endpoint.watch)
    return application


class Running:
    """A running endpoint, seen from outside."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._root = f"http://127.0.0.1:{port}"

    def stats(self) -> dict[str, Any]:
        """What it has seen since the last reset."""
        with urllib.request.urlopen(f"{self._root}/stats", timeout=10) as response:
            found: dict[str, Any] = orjson.loads(response.read())
            return found

    def reset(self) -> None:
        """Forget what was seen."""
        urllib.request.urlopen(f"{self._root}/reset", timeout=10).close()


@contextmanager
def running(
    port: int, slots: int, delay_s: float, a_minute: int | None = None
) -> Iterator[Running]:
    """The endpoint in a process of its own."""
    words = [str(port), str(slots), str(delay_s), *([str(a_minute)] if a_minute else [])]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.slot_endpoint", *words])
    found = Running(port)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                found.reset()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield found
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    port, slots, delay_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    a_minute = int(sys.argv[4]) if len(sys.argv) > 4 else None
    web.run_app(
        app(slots, delay_s, a_minute), host="127.0.0.1", port=port, print=None, access_log=None
    )
