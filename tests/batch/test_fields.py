from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch.fields import (
    MAX_FIELDS,
    Field,
    FieldType,
    Manner,
    dump_fields,
    load_fields,
    parse_fields,
    result_columns,
)
from core.errors import FieldsError


def test_a_field_set() -> None:
    data = json.dumps(
        [
            {"name": " Color ", "type": "text", "description": " The main color. "},
            {"name": "fit", "type": "choice", "choices": ["slim", "wide", "slim"]},
            {"name": "uses", "type": "list", "required": True},
            {"name": "note"},
        ]
    )
    assert parse_fields(data) == (
        Field(name="Color", description="The main color."),
        Field(name="fit", type=FieldType.CHOICE, choices=("slim", "wide")),
        Field(name="uses", type=FieldType.LIST, required=True),
        Field(name="note"),
    )
    assert parse_fields(data.encode("utf-8-sig")) == parse_fields(json.loads(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('[\n  {"name": "a",}\n]', r"not valid JSON: line 2, column \d+"),
        ("", "not valid JSON: line 1, column 1"),
        (b"\xff\xfe\x00", "saved as UTF-8"),
        ('{"name": "a"}', "must be a JSON list"),
        ([], "There are no fields"),
        (["color"], "Field 1 must be an object"),
        ([{"name": "a"}, {"type": "text"}], "Field 2 has no name"),
        ([{"name": "  "}], "Field 1 has no name"),
        ([{"name": 5}], "Field 1 has no name"),
        ([{"name": "x" * 61}], r"Field 1 \(“x{20}…”\): .* at most 60 characters, .* has 61"),
        ([{"name": "a", "type": "colour"}], r"Field 1 \(“a”\) has an unknown type “colour”"),
        ([{"name": "a", "type": ["text"]}], r"Field 1 \(“a”\) has an unknown type"),
        ([{"name": "a", "kind": "text"}], r"Field 1 \(“a”\) has an unknown key “kind”"),
        ([{"name": "a", "required": "yes"}], "“required” must be true or false"),
        ([{"name": "a", "description": 5}], "“description” must be text"),
        ([{"name": "a", "manner": "guess"}], r"Field 1 \(“a”\): “manner” must be copy .* or write"),
        ([{"name": "a", "manner": ["copy"]}], "“manner” must be copy"),
        ([{"name": "a", "examples": "red"}], "“examples” must be a list of texts"),
        ([{"name": "a", "type": "number", "unit": 5}], "“unit” must be text"),
        ([{"name": "b", "unit": "cm"}], r"Field 1 \(“b”\) has the unit “cm” but is of type text"),
        (
            [{"name": "ok"}, {"name": "w", "type": "number", "unit": "kgs per week"}],
            r"Field 2 \(“w”\): “kgs per week” is not a unit that is known",
        ),
        ([{"name": "w", "type": "number", "unit": "5 cm"}], "“5 cm” is not a unit"),
        ([{"name": "w", "type": "number", "unit": "__import__('os')"}], "is not a unit"),
        ([{"name": "w", "type": "number", "unit": "XQZ"}], "“XQZ” is not a unit"),
        ([{"name": "w", "type": "number", "unit": "pcs"}], "pieces are plain numbers"),
        ([{"name": "Fit"}, {"name": "b"}, {"name": "fit"}], r"Field 3 .* same name as field 1"),
        ([{"name": "a", "type": "choice"}], r"Field 1 \(“a”\) is a choice without choices"),
        ([{"name": "a", "type": "choice", "choices": [" "]}], "is a choice without choices"),
        ([{"name": "a", "choices": ["x"]}], "has choices but is of type text"),
        ([{"name": "a", "type": "list", "choices": "x, y"}], "“choices” must be a list of texts"),
        ([{"name": f"f{n}"} for n in range(MAX_FIELDS + 1)], "61 fields are too many: at most 60"),
    ],
)
def test_unusable_field_sets(data: str | bytes | list[Any], message: str) -> None:
    with pytest.raises(FieldsError, match=message):
        parse_fields(data)


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "fields.json"
    field_set = (
        Field(name="Größe"),
        Field(name="fit", type=FieldType.CHOICE, choices=("slim", "wide"), required=True),
    )
    path.write_text(dump_fields(field_set), encoding="utf-8")
    assert load_fields(path) == field_set
    assert (
        path.read_text(encoding="utf-8").splitlines()[1] == '  {"name": "Größe", "type": "text"},'
    )


def test_errors_of_a_file_name_it(tmp_path: Path) -> None:
    with pytest.raises(FieldsError, match=r"none\.json could not be read"):
        load_fields(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(FieldsError, match=r"bad\.json: There are no fields"):
        load_fields(tmp_path / "bad.json")


def test_manner_unit_and_examples_are_read_and_written_again() -> None:
    data = [
        {"name": "weight", "type": "number", "unit": " kg ", "examples": ["2.5", " 2.5", "0.3"]},
        {"name": "summary", "manner": "copy"},
        {"name": "tags", "type": "list", "manner": "write"},
        {"name": "area", "type": "number", "unit": "g/m²"},
        {"name": "plain", "manner": None, "unit": "", "examples": []},
    ]
    fields = parse_fields(data)
    weight, summary, tags, _, plain = fields
    assert (weight.unit, weight.examples) == ("kg", ("2.5", "0.3"))
    assert (summary.manner, summary.copied) == (Manner.COPY, True)
    assert tags.manner is Manner.WRITE
    assert plain == Field(name="plain")
    assert parse_fields(dump_fields(fields)) == fields


def test_result_columns_never_take_an_original() -> None:
    field_set = parse_fields([{"name": "Color"}, {"name": "size"}, {"name": "fit (extracted)"}])
    columns = ["color", "title", "fit (extracted)", "Fit (extracted) (extracted)"]
    assert result_columns(field_set, columns) == {
        "Color": "Color (extracted)",
        "size": "size",
        "fit (extracted)": "fit (extracted) (extracted 2)",
    }
    clash = parse_fields([{"name": "a"}, {"name": "a (extracted)"}])
    assert len(set(result_columns(clash, ["a"]).values())) == 2


@pytest.mark.parametrize("unit", ["cm", "fl oz", "Zoll", "km/h", "%", "EUR", "€"])
def test_numbers_are_given_in_units_as_shops_write_them_and_in_currencies(unit: str) -> None:
    (field,) = parse_fields([{"name": "w", "type": "number", "unit": unit}])
    assert field.unit == unit
