from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from batch.fields import Field, FieldSet, FieldType
from batch.results import (
    ResultRow,
    csv_lines,
    failed_csv_lines,
    jsonl_lines,
    safe_name,
    write_lines,
)
from core.values import Origin, Value

COLUMNS = ("id", "color")
FIELDS: FieldSet = (
    Field(name="Color"),
    Field(name="weight", type=FieldType.NUMBER),
    Field(name="uses", type=FieldType.LIST),
)
DONE = ResultRow(
    1,
    {"id": "=A1", "color": "red\nish"},
    "done",
    {
        "Color": Value("Réd", Origin.STATED, "color", 0, 3),
        "weight": Value(-2.5),
        "uses": Value(["a", "b"], Origin.HUMAN),
    },
    notes=("doubted",),
)
FAILED = ResultRow(2, {"id": "2", "color": "?"}, "failed", {}, error="=No answer")
WAITING = ResultRow(3, {"id": "3"}, "waiting", {})
ROWS = (DONE, FAILED, WAITING)


def parsed(lines: Iterable[bytes]) -> list[list[str]]:
    content = b"".join(lines)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv() -> None:
    assert parsed(csv_lines(COLUMNS, FIELDS, ROWS)) == [
        ["id", "color", "Color (extracted)", "weight", "uses"],
        ["=A1", "red\nish", "Réd", "-2.5", "a, b"],
        ["2", "?", "", "", ""],
        ["3", "", "", "", ""],
    ]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1", "'+49 30 1"),
        ("-cmd|'x'", "'-cmd|'x'"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-12", "-12"),
        ("+1.5e3", "+1.5e3"),
        ("a=b", "a=b"),
    ],
)
def test_new_cells_never_run_as_formulas(text: str, cell: str) -> None:
    row = ResultRow(1, {"id": text}, "done", {"Color": Value(text)})
    written = parsed(csv_lines(("id",), FIELDS[:1], [row]))[1]
    assert written == [text, cell]


def test_failed_rows() -> None:
    assert parsed(failed_csv_lines(("id", "row"), ROWS)) == [
        ["id", "row", "row (2)", "reason"],
        ["2", "", "2", "'=No answer"],
    ]


def test_jsonl() -> None:
    lines = list(jsonl_lines(ROWS))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    done, failed, waiting = map(json.loads, lines)
    assert done == {
        "row": 1,
        "status": "done",
        "notes": ["doubted"],
        "original": {"id": "=A1", "color": "red\nish"},
        "values": {"Color": "Réd", "weight": -2.5, "uses": ["a", "b"]},
        "sources": {
            "Color": {"origin": "stated", "column": "color", "start": 0, "end": 3},
            "weight": {"origin": "inferred"},
            "uses": {"origin": "human"},
        },
    }
    assert (failed["status"], failed["error"], failed["values"]) == ("failed", "=No answer", {})
    assert "error" not in waiting


def test_writers_do_not_read_ahead() -> None:
    taken: list[int] = []

    def rows() -> Iterator[ResultRow]:
        for row in ROWS:
            taken.append(row.row_no)
            yield row

    lines = csv_lines(COLUMNS, FIELDS, rows())
    next(lines)
    assert taken == []
    next(lines)
    assert taken == [1]


def test_write_lines_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.csv"
    write_lines(path, [b"one\n", b"two\n"])
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o644

    def broken() -> Iterator[bytes]:
        yield b"three\n"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_lines(path, broken())
    assert path.read_bytes() == b"one\ntwo\n"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Autumn catalog 2026.csv", "Autumn-catalog-2026.csv.csv"),
        ("../../etc/passwd", "etc-passwd.csv"),
        ('a<b>:"c"|d?*\\e', "a-b-c-d-e.csv"),
        ("Größe", "Größe.csv"),
        ("", "results.csv"),
        ("...", "results.csv"),
        ("con", "con-results.csv"),
        ("x" * 200, "x" * 80 + ".csv"),
        ("a\r\nb\0", "a-b.csv"),
    ],
)
def test_safe_name(text: str, name: str) -> None:
    assert safe_name(text, ".csv") == name


def test_jsonl_has_what_was_written_beside_the_form_it_was_given() -> None:
    value = Value(30.48, Origin.STATED, "title", 0, 5, raw="12 in", confidence=0.9)
    row = ResultRow(1, {"title": "12 in"}, "done", {"length": value})
    (line,) = jsonl_lines([row])
    found = json.loads(line)
    assert found["values"] == {"length": 30.48}
    assert found["sources"]["length"] == {
        "origin": "stated",
        "column": "title",
        "start": 0,
        "end": 5,
        "raw": "12 in",
        "confidence": 0.9,
    }
