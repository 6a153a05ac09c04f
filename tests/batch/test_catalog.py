from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from batch.catalog import Catalog, distinct, ingest
from batch.notes import MAX_NOTES, Note
from batch.table import read_table
from core.errors import CatalogError
from core.stored_files import local


def taken_in(tmp_path: Path, content: bytes | str) -> tuple[Catalog, list[dict[str, str]]]:
    source, table = tmp_path / "catalog.csv", local(tmp_path / "catalog.parquet")
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    catalog = ingest(local(source), table)
    return catalog, [row for _, row in read_table(table)]


def messages(catalog: Catalog) -> list[str]:
    return [note.message for note in catalog.notes]


def test_a_plain_file(tmp_path: Path) -> None:
    content = "id,name\n1,Shirt\n2,\n"
    catalog, rows = taken_in(tmp_path, content)
    assert catalog.columns == ("id", "name")
    assert catalog.rows == 2
    assert catalog.notes == ()
    assert catalog.size_bytes == len(content)
    assert catalog.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert rows == [{"id": "1", "name": "Shirt"}, {"id": "2", "name": ""}]
    assert json.dumps(asdict(catalog))


def test_cells_are_kept_to_the_letter(tmp_path: Path) -> None:
    long = "x" * 200_000
    content = f'id,text\r\n1,"two\r\nlines, ""quoted"""\r\n2,{long}\r\n3,  spaced \r\n'
    _, rows = taken_in(tmp_path, content)
    assert [row["text"] for row in rows] == ['two\r\nlines, "quoted"', long, "  spaced "]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_every_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    catalog, rows = taken_in(tmp_path, "id;größe\n1;“M” – 5 €\n".encode(encoding))
    assert catalog.columns == ("id", "größe")
    assert rows == [{"id": "1", "größe": "“M” – 5 €"}]
    assert bool(catalog.notes) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("header", "columns", "note"),
    [
        ("name,name,name", ("name", "name (2)", "name (3)"), "A second column “name”"),
        ("id, ,x", ("id", "column 2", "x"), "Column 2 has no name; it is called “column 2” here."),
        ("column 2,,x", ("column 2", "column 2 (2)", "x"), "it is called “column 2 (2)” here."),
        ('"two\nlines",b,c', ("two lines", "b", "c"), None),
    ],
)
def test_column_names(
    tmp_path: Path, header: str, columns: tuple[str, ...], note: str | None
) -> None:
    catalog, rows = taken_in(tmp_path, f"{header}\n1,2,3\n")
    assert catalog.columns == columns
    assert list(rows[0].values()) == ["1", "2", "3"]
    assert (note is None) == (catalog.notes == ())
    if note:
        assert note in messages(catalog)[0]
        assert catalog.notes[0].row == 0


def test_short_rows_are_filled_and_noted(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, "a,b,c\n1,2,3\n4\n")
    assert rows[1] == {"a": "4", "b": "", "c": ""}
    assert catalog.notes == (Note(2, None, "Row 2 has 1 of 3 cells; the rest is blank."),)


def test_long_rows_keep_what_is_beyond(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, "a,b\n1,2\n3,4,five,six\n")
    assert catalog.columns == ("a", "b", "extra cells")
    assert [row["extra cells"] for row in rows] == ["", "five,six"]
    assert [(note.row, note.message) for note in catalog.notes] == [
        (2, "Row 2 has 4 cells for 2 columns; what is beyond is kept in “extra cells”.")
    ]


def test_blank_cells_beyond_the_header_are_nothing(tmp_path: Path) -> None:
    catalog, _ = taken_in(tmp_path, "a,b\n1,2,,\n")
    assert catalog.columns == ("a", "b")
    assert catalog.notes == ()


def test_a_column_already_called_extra_cells(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, "a,extra cells\n1,2,3\n")
    assert catalog.columns == ("a", "extra cells", "extra cells (2)")
    assert rows == [{"a": "1", "extra cells": "2", "extra cells (2)": "3"}]


def test_blank_lines_are_counted_once(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, "\na,b\n\n1,2\n,\n\n3,4\n\n")
    assert [row["a"] for row in rows] == ["1", "3"]
    assert messages(catalog) == ["Blank lines were skipped: 5 (the first before row 0)."]


def test_one_column(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, "title\nRed, warm\nBlue; cold\n")
    assert catalog.columns == ("title",)
    assert [row["title"] for row in rows] == ["Red, warm", "Blue; cold"]


def test_separator_hint_of_excel(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, "sep=;\r\na;b\r\n1;2\r\n")
    assert rows == [{"a": "1", "b": "2"}]
    assert catalog.notes == ()


def test_nul_characters_are_removed(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, b"a,b\n1,2\n3,fo\0ur\n")
    assert rows[1]["b"] == "four"
    assert messages(catalog) == ["NUL characters were removed from lines: 1 (the first in row 2)."]


def test_undecodable_bytes_far_into_the_file(tmp_path: Path) -> None:
    rows_before = "".join(f"{n},größe {n}\n" for n in range(1, 9001)).encode()
    assert len(rows_before) > 100_000
    catalog, rows = taken_in(tmp_path, b"id,name\n" + rows_before + b"9001,Caf\xe9 \x80\n")
    assert rows[8999]["name"] == "größe 9000"
    assert rows[9000]["name"] == "Café €"
    assert catalog.notes == (
        Note(
            9001,
            None,
            "Lines with characters that are not UTF-8: 1 (the first in row 9001). "
            "Those characters were read as Windows-1252.",
        ),
    )


def test_broken_utf_16_names_the_row(tmp_path: Path) -> None:
    content = "a,b\n1,2\n3,".encode("utf-16") + b"\x00\xdc" + "4\n".encode("utf-16-le")
    with pytest.raises(CatalogError, match="holds bytes that are not UTF-16"):
        taken_in(tmp_path, content)


def test_stray_quote_within_its_line(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, 'a,b,c\n1,"5" pipe,x\n2,ok,y\n')
    assert [(row["a"], row["c"]) for row in rows] == [("1", "x"), ("2", "y")]
    assert catalog.notes == (Note(1, None, 'Row 1 has a stray quote ("); please check it.'),)


@pytest.mark.parametrize(
    ("content", "row", "where"),
    [
        ('a,b\n1,2\n3,"four\n5,6\n', 2, "Row 2"),
        ('a,b\n1,"Big red\n2,"Blue"\n3,4\n', 1, "Row 1"),
        ('a,"b\n1,2\n3,4\n', 0, "The header"),
    ],
)
def test_unclosed_quote_names_its_row(tmp_path: Path, content: str, row: int, where: str) -> None:
    with pytest.raises(CatalogError, match=f"{where} opens a quote") as caught:
        taken_in(tmp_path, content)
    assert caught.value.row == row


def test_unclosed_quote_in_a_huge_file_stops_early(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"Row 1 holds a cell of more than 10,000,000"):
        taken_in(tmp_path, 'a,b\n1,"' + ("x" * 100_000 + "\n") * 101)


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "a,b\n\n,\n"])
def test_header_without_rows(tmp_path: Path, content: str) -> None:
    with pytest.raises(CatalogError, match="a header but no products"):
        taken_in(tmp_path, content)
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.csv"]


def test_a_failure_leaves_an_older_table_alone(tmp_path: Path) -> None:
    taken_in(tmp_path, "a,b\n1,2\n")
    with pytest.raises(CatalogError):
        taken_in(tmp_path, 'a,b\n3,"4\n')
    assert list(read_table(local(tmp_path / "catalog.parquet"))) == [(1, {"a": "1", "b": "2"})]
    assert not list(tmp_path.glob("*.part"))


def test_notes_are_capped(tmp_path: Path) -> None:
    catalog, rows = taken_in(tmp_path, "a,b\n\n1,2\n" + "3\n" * 300)
    assert len(rows) == 301
    assert len(catalog.notes) == MAX_NOTES
    assert catalog.notes[0].message.startswith("Blank lines were skipped")
    # 301 notes, of which the first 199 are shown.
    assert messages(catalog)[-1] == "And 102 more notes of these kinds."


def test_progress_in_bytes(tmp_path: Path) -> None:
    source = tmp_path / "catalog.csv"
    source.write_text("a,b\n" + "1,2\n" * 2500)
    seen: list[tuple[int, int]] = []
    ingest(
        local(source), local(tmp_path / "t.parquet"), lambda done, total: seen.append((done, total))
    )
    size = source.stat().st_size
    assert len(seen) == 3
    assert seen[-1] == (size, size)


def test_distinct() -> None:
    assert distinct("a", []) == "a"
    assert distinct("a", ["a", "a (2)"]) == "a (3)"
