from __future__ import annotations

import pytest

from batch.columns import Columns
from batch.feed_mapping import Attribute, Source, mapped, reader, suggested
from batch.fields import Field, FieldType
from batch.layout import layout
from batch.results import ResultRow
from core.errors import FieldsError
from core.values import Value

ATTRIBUTES = (
    Attribute("id", "Id", role="id"),
    Attribute("brand", "Brand", names=("marke",)),
    Attribute("color", "Color", names=("farbe",)),
    Attribute("condition", "Condition", otherwise="new"),
)
TABLE = layout(
    ("sku", "Farbe", "MARKE"), (Field(name="farbe"), Field(name="uses", type=FieldType.LIST))
)
SUGGESTION = suggested(ATTRIBUTES, Columns(id="sku"), TABLE)


def row(**values: Value) -> ResultRow:
    return ResultRow(1, {"sku": " A1 ", "Farbe": "rot", "MARKE": ""}, "done", values)


def test_what_was_found_is_suggested_before_what_the_catalog_says() -> None:
    assert {name: source.column for name, source in SUGGESTION.items()} == {
        "id": "sku",
        "brand": "MARKE",
        "color": "farbe (extracted)",
        "condition": "",
    }
    assert SUGGESTION["condition"].otherwise == "new"


def test_a_person_changes_a_column_or_what_is_said_otherwise() -> None:
    changes = {"brand": Source(otherwise="Acme"), "color": Source(column="Farbe")}
    sources = mapped(SUGGESTION, changes, TABLE)
    assert sources["brand"] == Source("MARKE", "Acme")
    said = reader(sources, TABLE)(row(farbe=Value("red")))
    assert said == {"id": ["A1"], "brand": ["Acme"], "color": ["rot"], "condition": ["new"]}


def test_lists_stay_lists_and_rows_that_are_not_done_say_only_what_the_catalog_says() -> None:
    read = reader(mapped(SUGGESTION, {"color": Source("uses", "")}, TABLE), TABLE)
    done = row(uses=Value(["a", "b"]))
    assert read(done)["color"] == ["a", "b"]
    failed = ResultRow(2, {"sku": "A2"}, "failed", {"uses": Value(["a"])})
    assert read(failed) == {"id": ["A2"], "condition": ["new"]}


def test_what_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(FieldsError, match="no attribute “colour”"):
        mapped(SUGGESTION, {"colour": Source("Farbe")}, TABLE)
    with pytest.raises(FieldsError, match="“color” cannot be taken from “Fabre”"):
        mapped(SUGGESTION, {"color": Source("Fabre")}, TABLE)


def test_changes_can_be_kept() -> None:
    for source in (Source(), Source("a"), Source("", "b")):
        assert Source.from_json(source.to_json()) == source
