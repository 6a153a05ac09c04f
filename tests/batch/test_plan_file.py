from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch.fields import Field, FieldType
from batch.plan import Plan
from batch.plan_file import check_plan, dump_plan, load_plan, parse_plan, plan_object
from core.errors import FieldsError

BRAND = {"name": "brand"}
TENTS = {"by": "Type", "fields": [BRAND], "types": {"Tents": [BRAND, {"name": "persons"}]}}


def test_a_list_is_a_plan_for_all_products() -> None:
    assert parse_plan([BRAND]) == parse_plan(json.dumps([BRAND])) == Plan((Field(name="brand"),))
    assert dump_plan(parse_plan([BRAND])) == '[\n  {"name": "brand", "type": "text"}\n]\n'


def test_fields_for_each_product_type_go_there_and_back(tmp_path: Path) -> None:
    plan = parse_plan(TENTS)
    assert plan.by == "Type"
    assert [one.name for one in plan.of_type("tents")] == ["brand", "persons"]
    assert [one.name for one in plan.of_type("Shoes")] == ["brand"]
    assert parse_plan(plan_object(plan)) == plan
    path = tmp_path / "plan.json"
    path.write_text(dump_plan(plan), encoding="utf-8-sig")
    assert load_plan(path) == plan
    assert '    "Tents": [\n      {"name": "brand", "type": "text"},' in dump_plan(plan)


def test_a_column_of_product_types_needs_no_fields_of_their_own() -> None:
    plan = parse_plan({"by": "Type", "fields": [BRAND]})
    assert (plan.by, plan.sets) == ("Type", {})
    assert parse_plan(dump_plan(plan)) == plan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinds": {}}, "unknown key “kinds”"),
        ({"by": None}, "no “by”"),
        ({"by": " "}, "“by” must be the name of the column"),
        ({"by": 5}, "“by” must be the name of the column"),
        ({"fields": []}, "All other products: There are no fields"),
        ({"fields": {}}, "All other products: the fields must be a list"),
        ({"types": ["Tents"]}, "“types” must be an object"),
        ({"types": {"Tents": []}}, "Product type “Tents”: There are no fields"),
        ({"types": {"Tents": None}}, "Product type “Tents”: the fields must be a list"),
        ({"types": {" ": [BRAND]}}, "One of the product types has no name"),
        ({"types": {"x" * 121: [BRAND]}}, "more than 120 characters"),
        ({"types": {"Tents": [BRAND], "TENTS ": [BRAND]}}, "“Tents” and “TENTS” are the same"),
        ({"types": {f"t{n}": [BRAND] for n in range(201)}}, "201 product types are too many"),
        (
            {"types": {"Tents": [BRAND, {"name": "Brand"}]}},
            r"Product type “Tents”: Field 2 \(“Brand”\) has the same name as field 1",
        ),
        (
            {"types": {"Tents": [{"name": "fit", "type": "choice"}]}},
            r"Product type “Tents”: Field 1 \(“fit”\) is a choice without choices",
        ),
        (
            {"types": {"Tents": [{"name": "brand", "type": "number"}]}},
            "“brand” is a number in “Tents” but a text in all other products",
        ),
        (
            {"types": {"Tents": [{"name": "Brand"}]}},
            "“Brand” in “Tents” is written “brand” in all other products",
        ),
    ],
)
def test_plans_that_cannot_be_used_say_which_type_and_field_is_wrong(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(FieldsError, match=message):
        parse_plan(TENTS | change)


@pytest.mark.parametrize("data", ["7", '"fields"', "null"])
def test_what_is_neither_list_nor_object_shows_both_forms(data: str) -> None:
    with pytest.raises(FieldsError, match=r"must be a JSON list .* or \{\"by\""):
        parse_plan(data)


def test_two_types_that_disagree_are_both_named() -> None:
    types = {"Tents": [{"name": "size"}], "Shoes": [{"name": "size", "type": "number"}]}
    with pytest.raises(FieldsError, match="a number in “Shoes” but a text in “Tents”"):
        parse_plan({"by": "Type", "fields": [BRAND], "types": types})


def test_errors_of_a_file_name_it(tmp_path: Path) -> None:
    with pytest.raises(FieldsError, match=r"none\.json could not be read"):
        load_plan(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('{"by": "Type"}')
    with pytest.raises(FieldsError, match=r"bad\.json: All other products: There are no fields"):
        load_plan(tmp_path / "bad.json")


def test_a_column_that_the_catalog_does_not_have_is_told_with_those_it_has() -> None:
    check_plan(parse_plan(TENTS), ("id", "Type"))
    check_plan(parse_plan([BRAND]), ("id",))
    with pytest.raises(FieldsError, match=r"column “Type”.*Its columns are “id”, “type”"):
        check_plan(parse_plan(TENTS), ("id", "type"))


def test_choices_may_differ_between_types() -> None:
    fit: dict[str, Any] = {"name": "fit", "type": "choice"}
    types = {
        "Shoes": [fit | {"choices": ["narrow", "wide"]}],
        "Tops": [fit | {"choices": ["slim"]}],
    }
    plan = parse_plan({"by": "Type", "fields": [BRAND], "types": types})
    assert plan.of_type("Tops")[0] == Field(name="fit", type=FieldType.CHOICE, choices=("slim",))
