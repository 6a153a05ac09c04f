"""Whole files of a real job, read back by libraries that others wrote."""

from __future__ import annotations

import csv
import io

import openpyxl
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch import review, uploads
from batch.choice import Choice
from batch.download_forms import DEFAULTS, Form, Options, file_name
from batch.downloads import download
from batch.fields import Field, FieldType
from batch.jobs import Job
from batch.review_rows import load
from batch.table import SHARD_ROWS
from core.db import Database
from core.errors import CatalogError, JobError, NotFoundError
from core.settings import Settings
from core.values import Origin, Value
from tests.batch.export_job import csv_bytes, export_job
from tests.conftest import on_both

FIELDS = (
    Field(name="color"),
    Field(name="weight", type=FieldType.NUMBER, unit="kg"),
    Field(name="waterproof", type=FieldType.BOOLEAN),
    Field(name="uses", type=FieldType.LIST),
)
HOSTILE = [
    ["sku", "name", "name", "color", "=x"],
    ["=1+1", 'Quote " and, comma; semicolon', "a\nb\r\nc", "🎉 日本 ß", "@SUM(A1)"],
    ["-12", "+49 30 1", "\x07bell \x1b[31m", "x" * 40_000, "<script>alert(1)</script>"],
    ["A3", "", " spaced ", "'quoted'", "\\back\\"],
    ["A4", "| pipe", "tab\there", "NULL", "None"],
]
VALUES = {
    1: {
        "color": Value("=green", Origin.STATED, "name", 0, 5, raw="Green", confidence=0.9),
        "weight": Value(2.5, Origin.INFERRED),
        "waterproof": Value(False),
        "uses": Value(["camping", "a, b"], Origin.HUMAN),
    },
    2: {"color": Value("x" * 40_000), "weight": Value(-3.0)},
}


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    return export_job(settings, db, csv_bytes(HOSTILE), FIELDS, VALUES, failed=[3], flagged=[2])


def fetched(
    settings: Settings,
    db: Database,
    job: Job,
    form: Form,
    choice: Choice = Choice.ALL,
    options: Options = DEFAULTS,
) -> bytes:
    return b"".join(download(settings, db, job.id, form, choice=choice, options=options))


def table(file: bytes, encoding: str = "utf-8-sig", separator: str = ",") -> list[list[str]]:
    text = io.StringIO(file.decode(encoding), newline="")
    csv.field_size_limit(1_000_000)
    return list(csv.reader(text, delimiter=separator))


def test_a_csv_without_the_guard_has_the_very_cells_of_the_catalog(
    settings: Settings, db: Database, job: Job
) -> None:
    header, *found = table(fetched(settings, db, job, Form.CSV, options=Options(guard=False)))
    own = ["sku", "name", "name (2)", "color", "=x"]
    assert header == [*own, "color (extracted)", "weight", "waterproof", "uses"]
    assert [row[:5] for row in found] == HOSTILE[1:]
    assert found[0][5:] == ["=green", "2.5", "no", "camping, a, b"]
    assert [row[5:] for row in found[2:]] == [[""] * 4] * 2


def test_the_file_that_is_downloaded_can_be_uploaded_again(
    settings: Settings, db: Database, job: Job
) -> None:
    file = fetched(settings, db, job, Form.CSV, options=Options(guard=False))
    again = uploads.store(settings, db, "again.csv", io.BytesIO(file))
    assert again.catalog.rows == 4
    assert uploads.preview(settings, again)[1]["color"] == "x" * 40_000


def test_by_default_no_cell_of_csv_can_be_run(settings: Settings, db: Database, job: Job) -> None:
    for options in (Options(), Options(provenance=True), Options(as_uploaded=True)):
        for row in table(fetched(settings, db, job, Form.CSV, options=options)):
            for cell in row:
                assert not cell.startswith(("=", "@", "+", "\t", "\r"))
                assert not cell.startswith("-") or cell[1:].replace(".", "").isdigit()


def test_a_file_as_it_was_uploaded_has_its_separator_letters_quotes_and_line_ends(
    settings: Settings, db: Database
) -> None:
    file = '"id";"name"\r\n"1";"Stühle; groß"\r\n"2";"5€"\r\n'.encode("cp1252")
    values = {1: {"color": Value("grün")}}
    job = export_job(settings, db, file, (Field(name="color"),), values)
    found = fetched(settings, db, job, Form.CSV, options=Options(as_uploaded=True))
    expected = '"id";"name";"color"\r\n"1";"Stühle; groß";"grün"\r\n"2";"5€";""\r\n'
    assert found == expected.encode("cp1252")


def test_parquet_has_typed_columns_and_the_very_cells(
    settings: Settings, db: Database, job: Job
) -> None:
    found = pq.read_table(io.BytesIO(fetched(settings, db, job, Form.PARQUET)))
    own = ["sku", "name", "name (2)", "color", "=x"]
    assert found.column_names == [*own, "color (extracted)", "weight", "waterproof", "uses"]
    assert [list(row.values())[:5] for row in found.to_pylist()] == HOSTILE[1:]
    assert found.schema.types[5:] == [pa.string(), pa.float64(), pa.bool_(), pa.list_(pa.string())]
    assert found["weight"].to_pylist() == [2.5, -3.0, None, None]
    assert found["waterproof"].to_pylist() == [False, None, None, None]
    assert found["uses"].to_pylist() == [["camping", "a, b"], None, None, None]
    frame = pd.read_parquet(io.BytesIO(fetched(settings, db, job, Form.PARQUET)))
    assert frame["color (extracted)"][0] == "=green"


def test_parquet_tells_where_values_came_from(settings: Settings, db: Database, job: Job) -> None:
    file = fetched(settings, db, job, Form.PARQUET, options=Options(provenance=True))
    found = pq.read_table(io.BytesIO(file)).to_pylist()
    assert [(row["state"], row["review"], row["doubts"]) for row in found] == [
        ("done", "", ""),
        ("done", "flagged", "Looks like a link, code or an order"),
        ("failed", "", ""),
        ("waiting", "", ""),
    ]
    assert found[0]["color (extracted): source"] == {
        "origin": "stated",
        "column": "name",
        "start": 0,
        "end": 5,
        "raw": "Green",
        "confidence": 0.9,
    }
    assert found[0]["uses: source"]["origin"] == "human"
    assert found[3]["uses: source"] is None


def test_excel_has_the_cells_that_excel_can_hold(
    settings: Settings, db: Database, job: Job
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(fetched(settings, db, job, Form.XLSX)))
    rows = [[cell.value for cell in row] for row in book["Results"].rows]
    assert rows[1][:2] == ["=1+1", 'Quote " and, comma; semicolon']
    assert rows[1][5:] == ["=green", 2.5, False, "camping, a, b"]
    assert rows[2][2] == "bell [31m"
    assert len(str(rows[2][3])) == 32_767
    cut = [row[:2] for row in book["Cut cells"].iter_rows(min_row=3, values_only=True)]
    assert cut == [("Row 2", "color"), ("Row 2", "color (extracted)")]


@on_both
def test_only_the_rows_that_are_meant(settings: Settings, db: Database) -> None:
    count = 2 * SHARD_ROWS + 3
    file = csv_bytes([["id"], *([f"A{number}"] for number in range(1, count + 1))])
    done = {number: {"color": Value("red")} for number in (1, 5, SHARD_ROWS + 1, count)}
    job = export_job(settings, db, file, FIELDS, done, failed=[2], flagged=[5])
    who = review.Reviewer(settings, db, job, "Ada")
    review.approve(who, load(settings, db, job, [count]))
    expected = {
        Choice.DONE: ["A1", "A5", f"A{SHARD_ROWS + 1}", f"A{count}"],
        Choice.APPROVED: [f"A{count}"],
        Choice.FLAGGED: ["A5"],
    }
    for choice, ids in expected.items():
        found = table(fetched(settings, db, job, Form.CSV, choice))
        assert [row[0] for row in found[1:]] == ids
        parquet = pq.read_table(io.BytesIO(fetched(settings, db, job, Form.PARQUET, choice)))
        assert parquet["id"].to_pylist() == ids
        lines = fetched(settings, db, job, Form.JSONL, choice).splitlines()
        assert len(lines) == len(ids)
    everything = table(fetched(settings, db, job, Form.CSV))
    assert [row[0] for row in everything[1:]] == [f"A{number}" for number in range(1, count + 1)]
    assert len(table(fetched(settings, db, job, Form.FAILED))) == 2


def test_a_job_without_any_result_has_files_all_the_same(settings: Settings, db: Database) -> None:
    job = export_job(settings, db, csv_bytes([["id"], ["A1"]]), FIELDS, {})
    assert len(table(fetched(settings, db, job, Form.CSV))) == 2
    for choice in (Choice.DONE, Choice.APPROVED, Choice.FLAGGED):
        assert len(table(fetched(settings, db, job, Form.CSV, choice))) == 1
        parquet = pq.read_table(io.BytesIO(fetched(settings, db, job, Form.PARQUET, choice)))
        assert (parquet.num_rows, parquet.num_columns) == (0, 5)
        book = openpyxl.load_workbook(io.BytesIO(fetched(settings, db, job, Form.XLSX, choice)))
        assert book["Results"].max_row == 1
        assert fetched(settings, db, job, Form.JSONL, choice) == b""


def test_what_is_gone_is_said_in_words(settings: Settings, db: Database, job: Job) -> None:
    with pytest.raises(JobError, match="There is no job"):
        download(settings, db, "gone", Form.CSV)
    uploads.folder(settings, job.upload_id).remove()
    for form in Form:
        with pytest.raises((CatalogError, NotFoundError), match="no longer there"):
            b"".join(download(settings, db, job.id, form))


def test_files_have_safe_names_that_say_which_rows(settings: Settings, db: Database) -> None:
    job = export_job(settings, db, csv_bytes([["id"], ["A1"]]), FIELDS, {}, name="../Spring: 50%")
    assert file_name(job, Form.CSV) == "Spring-50.csv"
    assert file_name(job, Form.XLSX, Choice.APPROVED) == "Spring-50-approved.xlsx"
    assert file_name(job, Form.FAILED) == "Spring-50-failed-rows.csv"
