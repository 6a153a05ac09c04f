from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd  # type: ignore[import-untyped]
import pytest

from batch import xlsx_results
from batch.fields import Field, FieldType
from batch.layout import layout
from batch.results import ResultRow
from batch.xlsx_results import xlsx_pieces
from core.errors import CatalogError, ServiceError
from core.values import Value
from tests.full_disk import room_for

FIELDS = (
    Field(name="color"),
    Field(name="weight", type=FieldType.NUMBER),
    Field(name="waterproof", type=FieldType.BOOLEAN),
    Field(name="uses", type=FieldType.LIST),
)
VALUES = {
    "color": Value("=cmd|' /C calc'!A0"),
    "weight": Value(-2.5),
    "waterproof": Value(True),
    "uses": Value(["camping", "hiking"]),
}


def workbook(rows: list[ResultRow], columns: tuple[str, ...] = ("id",), **options: bool) -> bytes:
    return b"".join(xlsx_pieces(layout(columns, FIELDS), rows, **options))


def cells(file: bytes, sheet: str = "Results") -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(file))
    return [tuple(cell.value for cell in row) for row in book[sheet].rows]


@pytest.mark.parametrize("guard", [True, False])
def test_numbers_are_numbers_and_everything_else_is_text_never_a_formula(guard: bool) -> None:
    texts = ["=1+1", "+49 30", "@SUM(A1)", "{=A1}", "http://x.example", "007", "12", "mailto:a@b.c"]
    rows = [ResultRow(number, {"id": text}, "done", VALUES) for number, text in enumerate(texts, 1)]
    file = workbook(rows, guard=guard)
    sheet = openpyxl.load_workbook(io.BytesIO(file))["Results"]
    assert [cell.value for cell in sheet[1]] == ["id", "color", "weight", "waterproof", "uses"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == texts
    for row in sheet.iter_rows(min_row=2):
        assert [cell.data_type for cell in row] == ["s", "s", "n", "b", "s"]
        assert row[1].value == "=cmd|' /C calc'!A0"
        assert (row[2].value, row[3].value, row[4].value) == (-2.5, True, "camping, hiking")
    written = zipfile.ZipFile(io.BytesIO(file)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in written
    assert not any("hyperlink" in name for name in zipfile.ZipFile(io.BytesIO(file)).namelist())


def test_the_guard_keeps_a_text_a_text_when_somebody_edits_it() -> None:
    rows = [ResultRow(1, {"id": "=1+1"}, "done", {}), ResultRow(2, {"id": "-12"}, "done", {})]
    guarded = openpyxl.load_workbook(io.BytesIO(workbook(rows)))["Results"]
    assert [cell.quotePrefix for cell in guarded["A"][1:]] == [True, False]
    open_ = openpyxl.load_workbook(io.BytesIO(workbook(rows, guard=False)))["Results"]
    assert not any(cell.quotePrefix for cell in open_["A"])


def test_what_xml_cannot_hold_is_left_out_and_the_rest_arrives() -> None:
    text = "a\x00\x07\x1b\ud800\ufffeb <&>\"' 🎉\n日本\t_x0041_"
    file = workbook([ResultRow(1, {"id": text}, "done", {"color": Value(text)})])
    # Excel's own way to escape characters stands for itself in a text.
    found = pd.read_excel(io.BytesIO(file), dtype=str).iloc[0]
    expected = "ab <&>\"' 🎉\n日本\t_x0041_"
    assert found["id"].replace("_x005F_x0041_", "_x0041_") == expected
    assert found["color"] == found["id"]


def test_a_cell_that_is_too_long_is_cut_and_named() -> None:
    rows = [
        ResultRow(7, {"id": "x" * 40_000}, "done", {"color": Value("y" * 32_767)}),
        ResultRow(8, {"id": "fits"}, "done", {}),
    ]
    file = workbook(rows)
    _, first, second = cells(file)
    assert first[0] == "x" * 32_766 + "…"
    assert first[1] == "y" * 32_767
    assert second[0] == "fits"
    assert cells(file, "Cut cells")[1:] == [
        ("Row", "Column", "Characters"),
        ("Row 7", "id", "40,000"),
    ]


def test_more_rows_than_a_sheet_holds_go_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_results, "MAX_ROWS", 4)
    file = workbook([ResultRow(number, {"id": f"A{number}"}, "done", {}) for number in range(7)])
    book = openpyxl.load_workbook(io.BytesIO(file))
    assert book.sheetnames == ["Results", "Results 2", "Results 3"]
    ids = [[row[0] for row in cells(file, name)] for name in book.sheetnames]
    assert ids == [["id", "A0", "A1", "A2"], ["id", "A3", "A4", "A5"], ["id", "A6"]]


def test_too_many_columns_are_refused_in_words() -> None:
    columns = tuple(f"c{number}" for number in range(16_400))
    with pytest.raises(CatalogError, match="at most 16,384 columns"):
        workbook([], columns)


def test_a_full_disk_is_said_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rows = [ResultRow(number, {"id": "x" * 500}, "done", {}) for number in range(2000)]
    with room_for(100_000), pytest.raises(ServiceError, match="Free some room there"):
        workbook(rows)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_behind_by_a_reader_that_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pieces = xlsx_pieces(layout(("id",), FIELDS), [ResultRow(1, {"id": "1"}, "done", {})])
    assert next(pieces).startswith(b"PK")
    assert list(tmp_path.iterdir())
    pieces.close()
    assert not list(tmp_path.iterdir())
