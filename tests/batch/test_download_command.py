from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from batch.__main__ import app
from batch.fields import Field
from batch.jobs import Job
from core.db import Database
from core.settings import Settings
from core.values import Value
from tests.batch.export_job import csv_bytes, export_job

ROWS = [["sku", "name", "price"], ["A1", "=Tent", "10 €"], ["A2", "", "12"]]


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    values = {1: {"brand": Value("Acme")}}
    return export_job(settings, db, csv_bytes(ROWS), (Field(name="brand"),), values, failed=[2])


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(settings.home))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["download", *arguments])


def test_the_files_name_says_what_it_looks_like(job: Job, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    result = run(job.id, "--rows", "done", "--out", str(out))
    assert result.exit_code == 0, result.stderr
    assert pq.read_table(out)["sku"].to_pylist() == ["A1"]
    assert "Written to" in result.stderr
    assert result.stdout == ""


def test_standard_output_gets_the_file_alone(job: Job) -> None:
    result = run(job.id, "--out", "-", "--form", "csv", "--no-guard", "--provenance")
    header, first, _ = csv.reader(io.StringIO(result.stdout_bytes.decode("utf-8-sig"), newline=""))
    assert header[:4] == ["sku", "name", "price", "brand"]
    assert first[:4] == ["A1", "=Tent", "10 €", "Acme"]
    assert "brand: source" in header


def test_a_feed_names_what_products_lack(job: Job, tmp_path: Path) -> None:
    out = tmp_path / "feed.tsv"
    changes = [
        "--from",
        "title=sku",
        "--otherwise",
        "description=Fine",
        "--otherwise",
        "brand=House",
    ]
    result = run(job.id, "--form", "google", "--out", str(out), *changes)
    assert result.exit_code == 0, result.stderr
    assert "2 products have no full address of an image (they will be refused)" in result.stderr
    assert "1 product has no price with a currency (they will be refused): row 2" in result.stderr
    first, second = csv.DictReader(io.StringIO(out.read_text(), newline=""), delimiter="\t")
    assert (first["title"], first["description"], first["brand"]) == ("A1", "Fine", "Acme")
    assert second["brand"] == "House"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "x.tsv"], "--form names any other form"),
        (["--out", "/no/such/folder/x.csv"], "does not exist"),
        (["--out", "x.tsv", "--form", "google", "--from", "titel=name"], "no attribute “titel”"),
        (["--out", "x.tsv", "--form", "google", "--from", "title"], "must be an attribute"),
    ],
)
def test_what_cannot_be_done_is_said_and_no_file_is_left(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(job.id, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(tmp_path.glob("x*"))


def test_an_unknown_job_is_said(tmp_path: Path) -> None:
    result = run("gone", "--out", str(tmp_path / "x.csv"))
    assert result.exit_code == 2
    assert "There is no job gone" in result.stderr
