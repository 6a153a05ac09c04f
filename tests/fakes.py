"""A scripted model that streams: a real HTTP server on loopback that speaks OpenAI's protocol."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Script:
    """What the model does with one call.

    Attributes:
        pieces: Sent one by one.
        status: Anything but 200 is an error without an answer.
        delay_s: Before the first byte.
        piece_s: Before each piece.
        garbage: Sent after the pieces instead of the end of the stream.
        breaks: Closes the connection after the pieces, without an end.
        hangs: Sends nothing more after the pieces until the server is closed.
    """

    pieces: tuple[str, ...] = ("Yes ", "[1].")
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    delay_s: float = 0.0
    piece_s: float = 0.0
    garbage: bytes = b""
    breaks: bool = False
    hangs: bool = False
    finish_reason: str = "stop"


@dataclass
class FakeModel:
    """Answers by script; the last one is repeated."""

    scripts: list[Script] = field(default_factory=lambda: [Script()])
    requests: list[dict[str, Any]] = field(default_factory=list)
    #: ``perf_counter()`` at which each request had arrived.
    arrived: list[float] = field(default_factory=list)
    #: Calls whose client went away before the end.
    abandoned: int = 0
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def answer(self, *scripts: Script) -> None:
        """What to do from the next call on."""
        self.scripts = list(scripts)

    def next_script(self) -> Script:
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]

    def wait_abandoned(self, timeout_s: float = 120.0) -> bool:
        """Whether a client goes away within this time."""
        deadline = time.monotonic() + timeout_s
        while not self.abandoned and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.abandoned > 0

    @contextmanager
    def running(self) -> Iterator[FakeModel]:
        """Serve on a free loopback port."""
        fake = self

        class Handler(_Handler):
            model = fake

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.port = server.server_port
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield self
            finally:
                self.closing.set()
                server.shutdown()
                thread.join(60)


class _Handler(BaseHTTPRequestHandler):
    model: FakeModel

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.model.requests.append(json.loads(self.rfile.read(size)))
        self.model.arrived.append(time.perf_counter())
        script = self.model.next_script()
        self.close_connection = True
        try:
            self._play(script)
        except (BrokenPipeError, ConnectionResetError):
            self.model.abandoned += 1

    def _play(self, script: Script) -> None:
        if self.model.closing.wait(script.delay_s):
            return
        self.send_response(script.status)
        for name, value in script.headers:
            self.send_header(name, value)
        if script.status != 200:
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"error": {"message": "scripted"}}')
            return
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in script.pieces:
            if self.model.closing.wait(script.piece_s):
                return
            self._event({"delta": {"role": "assistant", "content": piece}})
        self._finish(script)

    def _finish(self, script: Script) -> None:
        if script.hangs:
            while not self.model.closing.wait(0.05):
                # A comment, which clients ignore: how a real server notices that one has gone.
                self.wfile.write(b": still here\n\n")
                self.wfile.flush()
        elif script.garbage:
            self.wfile.write(script.garbage)
        elif not script.breaks:
            self._event({"delta": {}, "finish_reason": script.finish_reason})
            self._send({"choices": [], "usage": _usage(len(script.pieces))})
            self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, choice: dict[str, Any]) -> None:
        self._send({"choices": [{"index": 0, "finish_reason": None} | choice]})

    def _send(self, part: dict[str, Any]) -> None:
        base = {"id": "fake", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
        self.wfile.write(b"data: " + json.dumps(base | part).encode() + b"\n\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output clean."""


def _usage(completion: int) -> dict[str, int]:
    return {
        "prompt_tokens": 100,
        "completion_tokens": completion,
        "total_tokens": 100 + completion,
    }
