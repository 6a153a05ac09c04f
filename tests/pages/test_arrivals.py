"""Files as a browser sends them, and how little memory they take on their way."""

from __future__ import annotations

import asyncio
import os
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from core.errors import CatalogError
from core.settings import Settings
from pages.parts.arrivals import Arrivals, arrived
from tests.full_disk import room_for

ADDRESS = "/_stcore/upload_file/session/file"
LARGE = b"sku,name\n" + b"A-1,Tent\n" * 300_000
BOUNDARY = b"----browser"


class FakeStreamlit:
    """What Streamlit does with an upload: it keeps it in memory."""

    def __init__(self) -> None:
        self.files: list[UploadedFile] = []
        self.status = 204

    async def put(self, request: Request) -> Response:
        async with request.form() as form:
            sent: Any = form["file"]
            record = UploadedFileRec("file", sent.filename, sent.content_type, await sent.read())
        self.files.append(UploadedFile(record, FileURLs()))
        return PlainTextResponse("", status_code=self.status)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[Route(ADDRESS, self.put, methods=["PUT", "POST"])],
            middleware=[Middleware(Arrivals)],
        )


@pytest.fixture
def streamlit_() -> FakeStreamlit:
    return FakeStreamlit()


def send(streamlit_: FakeStreamlit, content: bytes, method: str = "PUT") -> int:
    client = TestClient(streamlit_.app)
    files = {"file": ("My shop.csv", content, "text/csv")}
    return client.request(method, ADDRESS, files=files).status_code


def waiting(settings: Settings) -> list[str]:
    folder = settings.home / "arrivals"
    return [path.name for path in folder.glob("*")]


def test_a_large_file_is_not_held_in_memory_and_is_read_whole(
    streamlit_: FakeStreamlit, settings: Settings
) -> None:
    assert send(streamlit_, LARGE) == 204
    (file,) = streamlit_.files
    assert (file.name, file.size < 100) == ("My shop.csv", True)
    with arrived(settings, file) as data:
        assert data.read() == LARGE
    assert waiting(settings) == []
    with (
        pytest.raises(CatalogError, match=r"My shop\.csv is no longer there"),
        arrived(settings, file),
    ):
        pass


def test_a_small_file_goes_the_usual_way(streamlit_: FakeStreamlit, settings: Settings) -> None:
    assert send(streamlit_, b"sku\nA-1\n") == 204
    with arrived(settings, streamlit_.files[0]) as data:
        assert data.read() == b"sku\nA-1\n"
    assert waiting(settings) == []


def test_another_request_is_left_as_it_is(streamlit_: FakeStreamlit, settings: Settings) -> None:
    assert send(streamlit_, LARGE, method="POST") == 204
    assert streamlit_.files[0].getvalue() == LARGE
    assert waiting(settings) == []


def test_nothing_stays_of_a_file_that_streamlit_refuses(
    streamlit_: FakeStreamlit, settings: Settings
) -> None:
    streamlit_.status = 403
    assert send(streamlit_, LARGE) == 403
    assert waiting(settings) == []


def test_nothing_stays_of_a_file_that_finds_no_room(
    streamlit_: FakeStreamlit, settings: Settings
) -> None:
    with room_for(1_000_000):
        assert send(streamlit_, LARGE) == 507
    assert streamlit_.files == []
    assert waiting(settings) == []


def test_nothing_stays_of_a_file_whose_browser_goes_away(
    streamlit_: FakeStreamlit, settings: Settings
) -> None:
    asyncio.run(streamlit_.app(scope(5_000_000), messages(2, gone=True), ignore))
    assert streamlit_.files == []
    assert waiting(settings) == []


def test_what_nobody_asked_for_is_forgotten_after_a_day(
    streamlit_: FakeStreamlit, settings: Settings
) -> None:
    send(streamlit_, LARGE)
    (old,) = waiting(settings)
    yesterday = time.time() - 90_000
    os.utime(settings.home / "arrivals" / old, (yesterday, yesterday))
    send(streamlit_, LARGE)
    assert len(waiting(settings)) == 1
    assert old not in waiting(settings)


def test_a_file_on_its_way_takes_little_memory(
    streamlit_: FakeStreamlit, settings: Settings
) -> None:
    tracemalloc.start()
    try:
        asyncio.run(streamlit_.app(scope(40_000_000), messages(40), ignore))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (file,) = streamlit_.files
    assert file.name == "x.csv"
    with arrived(settings, file) as data:
        assert data.seek(0, os.SEEK_END) == 40_000_000
    assert peak < 5_000_000


def scope(size: int) -> dict[str, Any]:
    headers = {
        b"content-type": b"multipart/form-data; boundary=" + BOUNDARY,
        b"content-length": str(size).encode(),
    }
    return {
        "type": "http",
        "method": "PUT",
        "path": ADDRESS,
        "query_string": b"",
        "headers": list(headers.items()),
    }


def messages(megabytes: int, *, gone: bool = False) -> Any:
    """The request of so many MB in pieces; the browser goes away before the end of it."""
    start = b'\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'

    def parts() -> Iterator[dict[str, Any]]:
        # In such pieces that a header is torn apart.
        for piece in (b"--" + BOUNDARY + start[:30], start[30:60], start[60:]):
            yield {"type": "http.request", "body": piece, "more_body": True}
        for _ in range(megabytes):
            yield {"type": "http.request", "body": bytes(1_000_000), "more_body": True}
        if not gone:
            end = b"\r\n--" + BOUNDARY + b"--\r\n"
            yield {"type": "http.request", "body": end, "more_body": False}
        while True:
            yield {"type": "http.disconnect"}

    made = parts()

    async def receive() -> dict[str, Any]:
        return next(made)

    return receive


async def ignore(message: Any) -> None:
    """Answers are of no interest."""
