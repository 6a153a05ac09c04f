"""Somebody else's server for webhooks: it checks every signature, and fails on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from core import webhook


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


#: Told what was said and how often this key was heard before.
Script = Callable[[Any, int], Answer]


@dataclass
class Receiver:
    """The server.

    Attributes:
        secret: What it checks signatures with.
        script: Decides what it answers.
        heard: Key and content of every post that was rightly signed.
        taken: Of those, what it has said yes to, by key: acted on once.
        forged: How many were not rightly signed.
        hosts: Whom each post was addressed to.
        paths: And where there.
    """

    secret: str = field(default_factory=webhook.new_secret)
    script: Script = lambda _said, _before: Answer()
    heard: list[tuple[str, Any]] = field(default_factory=list)
    taken: dict[str, Any] = field(default_factory=dict)
    forged: int = 0
    hosts: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def hear(self, headers: Mapping[str, str], body: bytes) -> Answer:
        self.hosts.append(headers["Host"])
        try:
            said = Webhook(self.secret).verify(body, dict(headers))
        except WebhookVerificationError:
            self.forged += 1
            return Answer(401, body=b"The signature is wrong")
        key = headers["webhook-id"]
        answer = self.script(said, sum(known == key for known, _ in self.heard))
        self.heard.append((key, said))
        if 200 <= answer.status < 300:
            self.taken.setdefault(key, said)
        return answer

    @contextmanager
    def running(self) -> Iterator[Receiver]:
        """Serve on a free port of loopback."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.paths.append(self.path)
                answer = receiver.hear(dict(self.headers), body)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)
