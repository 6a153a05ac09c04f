"""Downloads as a browser fetches them, and how little memory that takes."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config

from batch import control, rows, uploads
from batch.choice import Choice
from batch.columns import Columns
from batch.download_forms import Form, Options
from batch.extract import Outcome
from batch.feed_mapping import Source
from batch.fields import Field
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus
from core.values import Value
from pages.parts.download_address import Wanted, download_address, wanted
from pages.parts.download_route import download_route

KINDS = (
    "There is no such kind of file. There are csv, xlsx, parquet, jsonl, google, google-xml, "
    "shopify, failed."
)
FIELDS = (Field(name="color"),)


def make_job(settings: Settings, db: Database, count: int, name: str = "Spring") -> Job:
    """A job whose first row is done and whose second has failed."""
    lines = [f"A{number},Tent {number}{' of canvas' * 30}" for number in range(1, count + 1)]
    data = io.BytesIO("\n".join(["sku,name", *lines]).encode())
    upload = uploads.store(settings, db, "shop.csv", data)
    job = submit(db, upload.id, Columns(id="sku", text=("name",)), Plan(FIELDS), name)
    done = Outcome(1, RowStatus.DONE, {"color": Value("green")})
    rows.record(db, job.id, 0, [done, Outcome(2, RowStatus.FAILED, error="No answer.")], 1)
    return job


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[download_route()]))


def test_a_catalog_comes_with_its_new_columns(
    client: TestClient, settings: Settings, db: Database
) -> None:
    job = make_job(settings, db, 3)
    answer = client.get(f"/{download_address(job.id, Form.CSV)}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="Spring.csv"' in answer.headers["content-disposition"]
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "sku,name,color"
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["green", "", ""]


def test_the_other_kinds_of_files(client: TestClient, settings: Settings, db: Database) -> None:
    job = make_job(settings, db, 3)
    found = [json.loads(line) for line in client.get(f"/download/{job.id}/jsonl").iter_lines()]
    assert [row["status"] for row in found] == ["done", "failed", "waiting"]
    failed = client.get(f"/download/{job.id}/failed").text.splitlines()
    assert len(failed) == 2
    assert failed[1].endswith("2,No answer.")


def test_a_name_in_any_letters_arrives_whole(
    client: TestClient, settings: Settings, db: Database
) -> None:
    job = make_job(settings, db, 2, name='Größen "50%"; 日本')
    header = client.head(f"/download/{job.id}/csv").headers["content-disposition"]
    assert header == (
        'attachment; filename="Gr__en-50-__.csv"; '
        "filename*=UTF-8''Gr%C3%B6%C3%9Fen-50-%E6%97%A5%E6%9C%AC.csv"
    )


def test_what_is_not_there_is_said_in_plain_words(
    client: TestClient, settings: Settings, db: Database
) -> None:
    job = make_job(settings, db, 2)
    kind = client.get(f"/download/{job.id}/pdf")
    assert (kind.status_code, kind.text) == (404, KINDS)
    unknown = client.get("/download/gone/csv")
    assert (unknown.status_code, unknown.text[:20]) == (404, "There is no job gone")
    uploads.folder(settings, job.upload_id).remove()
    lost = client.get(f"/download/{job.id}/csv")
    assert lost.status_code == 404
    assert "no longer there" in lost.text
    control.delete(db, job.id)
    assert client.get(f"/download/{job.id}/csv").status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rows=some", "“rows” must be one of all, done, approved, flagged."),
        ("provenance=perhaps", "“provenance” must be yes or no."),
        ("guard=1", "“guard” must be yes or no."),
        ("from.title=Titel", "“title” cannot be taken from “Titel”"),
        ("from.titel=name", "The feed has no attribute “titel”"),
        ("rows=%00%0d%0aSet-Cookie:x", "“rows” must be one of"),
    ],
)
def test_what_an_address_asks_for_wrongly_is_said(
    client: TestClient, settings: Settings, db: Database, query: str, said: str
) -> None:
    job = make_job(settings, db, 2)
    answer = client.get(f"/download/{job.id}/google?{query}")
    assert answer.status_code == 400
    assert answer.text.startswith(said)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_form_comes_as_what_it_is_and_under_a_safe_name(
    client: TestClient, settings: Settings, db: Database
) -> None:
    job = make_job(settings, db, 3, name="../a\r\nSet-Cookie: x")
    for form in Form:
        answer = client.get(f"/download/{job.id}/{form}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == form.media_type
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        disposition = answer.headers["content-disposition"]
        assert 'filename="a-Set-Cookie-x' in disposition
        assert f"{form.suffix}" in disposition
        assert "/" not in disposition


def test_options_of_the_address_hold(client: TestClient, settings: Settings, db: Database) -> None:
    job = make_job(settings, db, 3)
    options = Options(provenance=True, sources={"title": Source("sku")})
    address = download_address(job.id, Form.CSV, Choice.DONE, options)
    header, row = client.get(f"/{address}").content.decode("utf-8-sig").splitlines()
    assert header.startswith("sku,name,color,state,review,doubts,color: source")
    assert row.startswith("A1,")
    address = download_address(job.id, Form.GOOGLE, Choice.ALL, options)
    assert client.get(f"/{address}").text.splitlines()[1].split("\t")[1] == "A1"


def test_an_address_is_read_as_it_was_written() -> None:
    sources = {
        "title": Source("sku & co=?"),
        "brand": Source("", "Ä c/me"),
        "id": Source(None, "1"),
    }
    options = Options(True, True, False, sources, True)
    address = download_address("j", Form.GOOGLE_XML, Choice.FLAGGED, options)
    query = parse_qsl(address.partition("?")[2], keep_blank_values=True)
    assert wanted("google-xml", query) == Wanted(Form.GOOGLE_XML, Choice.FLAGGED, options)


@contextmanager
def served() -> Iterator[int]:
    """The route behind a real web server; yields its port."""
    config = uvicorn.Config(Starlette(routes=[download_route()]), port=0, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("form", [Form.CSV, Form.PARQUET, Form.GOOGLE_XML])
def test_a_file_that_breaks_off_does_not_look_whole(
    settings: Settings, db: Database, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(settings, db, 60_000)
    path = Path(uploads.table_path(settings, job.upload_id).path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size * 8 // 10)
        file.write(b"\0" * (size // 10))
    with served() as port, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{port}/download/{job.id}/{form}", timeout=60)
    assert f"a download of job {job.id} broke off: The stored catalog is damaged" in caplog.text


def test_a_reader_that_goes_away_stops_the_work(settings: Settings, db: Database) -> None:
    job = make_job(settings, db, 60_000)
    with served() as port:
        url = f"http://127.0.0.1:{port}/download/{job.id}/csv"
        with httpx.stream("GET", url, timeout=60) as answer:
            assert next(answer.iter_raw())
        # The server is free for the next one at once.
        assert httpx.get(url.replace("/csv", "/jsonl"), timeout=60).status_code == 200


def test_downloads_live_under_the_path_of_the_app(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(settings, db, 2)
    monkeypatch.setattr(config, "get_option", lambda name: "tools/shop")
    client = TestClient(Starlette(routes=[download_route()]))
    assert client.get(f"/tools/shop/download/{job.id}/csv").status_code == 200
    assert client.get(f"/download/{job.id}/csv").status_code == 404


def test_a_large_file_takes_little_memory(settings: Settings, db: Database) -> None:
    job, app, sent = make_job(settings, db, 30_000), Starlette(routes=[download_route()]), 0

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))

    path = f"/download/{job.id}/csv"
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    tracemalloc.start()
    try:
        asyncio.run(app(scope, receive, send))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent > 9_000_000
    assert peak < 3_000_000
