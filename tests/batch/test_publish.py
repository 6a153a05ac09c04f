"""What goes on sale of a row: values with units, at their places in the product's own text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch.columns import Columns
from batch.fields import Field, FieldType
from batch.flags import Flag
from batch.publish import product
from batch.results import ResultRow
from batch.verify import NOT_IN_TEXT
from core.products import Product
from core.statuses import Review, RowStatus
from core.values import Origin, Value

COLUMNS = Columns(id="sku", title="name", description="body", text=("name", "body", "note"))
HTML = (
    "<p>Wool&nbsp;&amp; silk, <b>2.9</b>&nbsp;kg.</p><ul><li>Moss green</li>"
    "<li>Lined in <i>moss\n green</i></li></ul>"
)
CELLS = {"sku": "T1", "name": "  Tarn <b>tent</b>", "body": HTML, "note": "Made in <u>Wales</u>"}
FIELDS = (
    Field(name="weight", type=FieldType.NUMBER, unit="kg"),
    Field(name="sleeps", type=FieldType.NUMBER),
    Field(name="brand"),
)


def stated(column: str, written: str, *, last: bool = False, value: object = None) -> Value:
    cell = CELLS[column]
    start = cell.rindex(written) if last else cell.index(written)
    given = written if value is None else value
    return Value(given, Origin.STATED, column, start, start + len(written))  # type: ignore[arg-type]


def on_sale(row: ResultRow) -> Product:
    return product(row, FIELDS, COLUMNS, source="j1")


def done(**values: Value) -> ResultRow:
    return ResultRow(1, CELLS, RowStatus.DONE, values)


def test_numbers_carry_the_unit_of_their_field() -> None:
    values = on_sale(done(weight=Value(2.9), sleeps=Value(4.0), brand=Value("Tarn"))).values
    assert {name: value.unit for name, value in values.items()} == {
        "weight": "kg",
        "sleeps": None,
        "brand": None,
    }


@pytest.mark.parametrize(
    ("value", "part", "words"),
    [
        (stated("name", "Tarn"), "title", "Tarn"),
        (stated("body", "Wool&nbsp;&amp; silk", value="Wool & silk"), "description", "Wool & silk"),
        (stated("body", "2.9</b>&nbsp;kg", value=2.9), "description", "2.9 kg"),
        (stated("body", "Moss green"), "description", "Moss green"),
        (stated("body", "moss\n green", value="moss green"), "description", "moss green"),
        (stated("body", "green", last=True), "description", "green"),
    ],
)
def test_the_place_of_a_value_holds_in_the_products_own_text(
    value: Value, part: str, words: str
) -> None:
    item = on_sale(done(found=value))
    placed = item.values["found"]
    assert placed.column == part
    assert getattr(item, part)[placed.start : placed.end] == words


def test_of_the_same_words_the_place_that_was_meant_is_kept() -> None:
    item = on_sale(done(found=stated("body", "green", last=True)))
    assert item.description.count("green") == 2
    assert item.values["found"].start == item.description.rindex("green")


def test_a_value_of_another_column_keeps_its_words_and_no_place() -> None:
    value = on_sale(done(origin=stated("note", "Wales"))).values["origin"]
    assert (value.column, value.start, value.end, value.raw) == ("note", None, None, "Wales")


def test_what_is_not_in_the_row_and_approved_by_nobody_is_left_out() -> None:
    flags = (
        Flag("brand", NOT_IN_TEXT, "Acme"),
        Flag("tags", NOT_IN_TEXT, "cosy"),
        Flag("colour", NOT_IN_TEXT, "red"),
    )
    row = done(
        brand=Value("Acme"),
        tags=Value(["tent", "cosy"]),
        colour=Value("Blue", Origin.HUMAN),
        summary=Value("A tent."),
    )
    doubted = on_sale(replace(row, flags=flags, review=Review.FLAGGED)).values
    assert {name: value.value for name, value in doubted.items()} == {
        "tags": ["tent"],
        "colour": "Blue",
        "summary": "A tent.",
    }
    approved = on_sale(replace(row, flags=flags, review=Review.APPROVED)).values
    assert list(approved) == ["brand", "tags", "colour", "summary"]
