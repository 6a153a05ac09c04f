"""A real S3 server on loopback (moto), which counts what is asked and can be made to fail."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3  # type: ignore[import-untyped]
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

#: What the server takes; anything else is refused by those who check.
KEY, SECRET = "testing", "testing"


@dataclass
class ObjectStore:
    """The server.

    Attributes:
        asked: Method and path of every request.
        sent: Bytes of all answers.
        refuse: Decides by method and query which requests fail with status 403.
    """

    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0
    refuse: Callable[[str, str], bool] = lambda _method, _query: False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def begin(self, bucket: str) -> None:
        """Forget everything; there is nothing but an empty bucket."""
        self.refuse = lambda _method, _query: False
        urllib.request.urlopen(f"{self.url}/moto-api/reset", b"").close()
        self.client().create_bucket(Bucket=bucket)
        self.asked, self.sent = [], 0

    def keys(self, bucket: str) -> list[str]:
        """Everything in a bucket."""
        found = self.client().list_objects_v2(Bucket=bucket).get("Contents", [])
        return [item["Key"] for item in found]

    def unfinished(self, bucket: str) -> int:
        """Uploads that were begun and neither completed nor given up."""
        return len(self.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        self.asked.append((method, environ["PATH_INFO"]))
        if self.refuse(method, query):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>"]
        answer = b"".join(self._moto(environ, start_response))
        self.sent += len(answer)
        return [answer]

    def __post_init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)

    @contextmanager
    def running(self) -> Iterator[ObjectStore]:
        """Serve on a free port of loopback."""
        server = make_server("127.0.0.1", 0, self, threaded=True)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)
