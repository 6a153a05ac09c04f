from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import pandas as pd  # type: ignore[import-untyped]
import pytest

from batch.csv_results import csv_lines, failed_csv_lines
from batch.dialect import NO_DELIMITER, Dialect
from batch.fields import Field, FieldSet, FieldType
from batch.flags import Flag
from batch.layout import layout
from batch.results import ResultRow
from core.statuses import Review
from core.values import Origin, Value

COLUMNS = ("id", "color")
FIELDS: FieldSet = (
    Field(name="Color"),
    Field(name="weight", type=FieldType.NUMBER),
    Field(name="uses", type=FieldType.LIST),
)
DONE = ResultRow(
    1,
    {"id": "A1", "color": "red\nish"},
    "done",
    {
        "Color": Value("Réd", Origin.STATED, "color", 0, 3),
        "weight": Value(-2.5),
        "uses": Value(["a", "b"], Origin.HUMAN),
    },
)
FAILED = ResultRow(2, {"id": "2", "color": "?"}, "failed", {}, error="=No answer")
WAITING = ResultRow(3, {"id": "3"}, "waiting", {})
ROWS = (DONE, FAILED, WAITING)
LAYOUT = layout(COLUMNS, FIELDS)


def parsed(lines: Iterable[bytes]) -> list[list[str]]:
    content = b"".join(lines)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def one_cell(text: str, dialect: Dialect, *, guard: bool = False) -> bytes:
    """A file whose only row has this original cell and an equal new one."""
    row = ResultRow(1, {"id": text}, "done", {"Color": Value(text)})
    return b"".join(csv_lines(layout(("id",), FIELDS[:1]), [row], dialect, guard=guard))


def test_the_catalogs_columns_come_first_and_then_the_new_ones() -> None:
    assert parsed(csv_lines(LAYOUT, ROWS)) == [
        ["id", "color", "Color (extracted)", "weight", "uses"],
        ["A1", "red\nish", "Réd", "-2.5", "a, b"],
        ["2", "?", "", "", ""],
        ["3", "", "", "", ""],
    ]


def test_cells_that_would_run_are_made_harmless_old_and_new_and_in_the_header() -> None:
    row = ResultRow(1, {"=id": "=1+1"}, "done", {"@x": Value("+cmd")})
    table = layout(("=id",), (Field(name="@x"),))
    assert parsed(csv_lines(table, [row])) == [["'=id", "'@x"], ["'=1+1", "'+cmd"]]
    as_they_came = parsed(csv_lines(table, [row], guard=False))
    assert as_they_came == [["=id", "@x"], ["=1+1", "+cmd"]]


def test_failed_rows_come_with_their_reasons() -> None:
    assert parsed(failed_csv_lines(("id", "row"), ROWS)) == [
        ["id", "row", "row (2)", "reason"],
        ["2", "", "2", "'=No answer"],
    ]


def test_where_values_came_from_stands_behind_them_in_words() -> None:
    value = Value(30.48, Origin.STATED, "title", 4, 9, raw="12 in", confidence=0.93, unit="cm")
    row = ResultRow(
        1,
        {"title": "Rod 12 in", "state": "x"},
        "done",
        {"length": value},
        review=Review.FLAGGED,
        flags=(Flag("length", "Repeats our question"), Flag(None, "Long", "6,000")),
    )
    table = layout(("title", "state"), (Field(name="length"), Field(name="color")), provenance=True)
    header, cells = parsed(csv_lines(table, [row]))
    assert dict(zip(header, cells, strict=True)) == {
        "title": "Rod 12 in",
        "state": "x",
        "length": "30.48",
        "color": "",
        "state (2)": "done",
        "review": "flagged",
        "doubts": "length: Repeats our question; Long: 6,000",
        "length: source": "stated",
        "length: place": "title, characters 5 to 9",
        "length: as written": "12 in",
        "length: confidence": "0.93",
        "color: source": "",
        "color: place": "",
        "color: as written": "",
        "color: confidence": "",
    }


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect("cp1252", ";", line_end="\r\n"),
        Dialect("utf-8", "\t"),
        Dialect("utf-8", "|", quotechar="'"),
        Dialect("utf-8", ",", escapechar="\\"),
        Dialect("utf-8-sig", ";", quote_all=True, line_end="\r\n"),
        Dialect("utf-16", ";"),
        Dialect("utf-16-be", ","),
        Dialect("latin-1", ",", line_end="\r"),
    ],
)
def test_a_file_in_the_uploads_dialect_is_read_back_as_it_was(dialect: Dialect) -> None:
    text = "A \"quoted\"; 'single', \\ back\\\\slash | tab\t, two\r\nlines\n and ä€"
    if dialect.encoding == "latin-1":
        text = text.replace("€", "£")
    file = one_cell(text, dialect)
    found = pd.read_csv(
        io.BytesIO(file),
        encoding=dialect.encoding,
        sep=dialect.delimiter,
        quotechar=dialect.quotechar,
        escapechar=dialect.escapechar,
        doublequote=dialect.escapechar is None,
        lineterminator=None,
        keep_default_na=False,
        engine="python",
    )
    assert found.to_dict("records") == [{"id": text, "Color": text}]
    decoded = file.decode(dialect.encoding)
    assert decoded.endswith(dialect.line_end)
    wrapped = f"{dialect.quotechar}id{dialect.quotechar}{dialect.delimiter}"
    assert decoded.startswith(wrapped) == dialect.quote_all


def test_a_line_that_names_the_separator_comes_back() -> None:
    file = one_cell("x", Dialect("cp1252", ";", skip_lines=1, line_end="\r\n"))
    assert file == b"sep=;\r\nid;Color\r\nx;x\r\n"


def test_a_file_of_one_column_gets_a_separator() -> None:
    assert one_cell("a,b", Dialect(delimiter=NO_DELIMITER)) == b'id,Color\n"a,b","a,b"\n'


def test_letters_that_the_encoding_lacks_become_the_nearest() -> None:
    file = one_cell("Łódź – “Čaj” 日 🎉 ﬁn", Dialect("latin-1"))
    (cell, _) = next(csv.reader([file.decode("latin-1").splitlines()[1]]))
    assert cell == 'Lódz - "Caj" ? ? fin'


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb"])
def test_line_breaks_inside_a_cell_are_quoted_whatever_ends_the_line(text: str) -> None:
    for line_end in ("\n", "\r\n", "\r"):
        file = one_cell(text, Dialect(line_end=line_end)).decode()
        assert f'"{text}","{text}"{line_end}' in file


def test_half_a_surrogate_pair_does_not_break_the_file() -> None:
    assert one_cell("a\ud800b", Dialect()).endswith(b"a?b,a?b\n")


def test_writers_do_not_read_ahead() -> None:
    taken: list[int] = []

    def rows() -> Iterator[ResultRow]:
        for row in ROWS:
            taken.append(row.row_no)
            yield row

    lines = csv_lines(LAYOUT, rows())
    next(lines)
    assert taken == []
    next(lines)
    assert taken == [1]
