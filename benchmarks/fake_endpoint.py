"""A model endpoint that always answers the same, after a set time, as fast as aiohttp can.

``python -m benchmarks.fake_endpoint PORT DELAY_S``; ``/calls`` tells how often it was asked,
``/answers`` when each answer was ready (seconds since the epoch, in order).
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

ANSWER = {"brand": "Acme", "color": "red", "waterproof": True, "seo_title": "Acme jacket"}
BODY = json.dumps(
    {
        "id": "fake",
        "object": "chat.completion",
        "model": "fake",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": json.dumps(ANSWER)},
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220},
    }
).encode()


def app(delay_s: float) -> web.Application:
    """The endpoint as an aiohttp application."""
    calls = 0
    answers: list[float] = []

    async def chat(request: web.Request) -> web.Response:
        nonlocal calls
        await request.read()
        calls += 1
        await asyncio.sleep(delay_s)
        answers.append(time.time())
        return web.Response(body=BODY, content_type="application/json")

    async def count(_: web.Request) -> web.Response:
        return web.Response(text=str(calls))

    async def times(_: web.Request) -> web.Response:
        return web.json_response(answers)

    application = web.Application()
    application.router.add_post("/v1/chat/completions", chat)
    application.router.add_get("/calls", count)
    application.router.add_get("/answers", times)
    return application


@contextmanager
def running(
    port: int, delay_s: float, module: str = "benchmarks.fake_endpoint", ready: str = "calls"
) -> Iterator[str]:
    """An endpoint in a process of its own, which is there once it answers; yields its base URL."""
    command = [sys.executable, "-m", module, str(port), str(delay_s)]
    process = subprocess.Popen(command)
    try:
        wait_for(f"http://127.0.0.1:{port}/{ready}")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, timeout_s: float = 20.0) -> None:
    """Wait until a server answers.

    Raises:
        TimeoutError: It did not.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


if __name__ == "__main__":
    port, delay_s = int(sys.argv[1]), float(sys.argv[2])
    web.run_app(app(delay_s), host="127.0.0.1", port=port, print=None, access_log=None)
