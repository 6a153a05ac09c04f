"""Downloads as a browser fetches them, and how little memory that takes."""

from __future__ import annotations

import asyncio
import io
import json
import tracemalloc
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config

from batch import control, jobs, rows, uploads
from batch.columns import Columns
from batch.downloads import Form
from batch.extract import Outcome
from batch.fields import Field
from batch.jobs import Job
from batch.plan import Plan
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus
from core.values import Value
from pages.parts.download_address import download_address
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
    job = jobs.submit(db, upload.id, Columns(id="sku", text=("name",)), Plan(FIELDS), name)
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
