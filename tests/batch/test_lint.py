"""Advice before the start: each fault is told once, with its field, and sound fields are not."""

from __future__ import annotations

from typing import Any

import pytest

from batch.fields import parse_fields
from batch.lint import field_tokens, lint
from batch.plan import Plan

SOUND: dict[str, Any] = {"name": "brand", "description": "The maker's name."}


def advice(*fields: dict[str, Any], context: int | None = None) -> list[tuple[str, str]]:
    plan = Plan(parse_fields(list(fields)))
    return [(one.field, one.message) for one in lint(plan, context_tokens=context)]


def sole(*fields: dict[str, Any], context: int | None = None) -> str:
    (one,) = advice(*fields, context=context)
    return one[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("color", "colour"),
        ("Main color", "shade"),
        ("colors", "product_colour"),
        ("brandName", "manufacturer"),
        ("weight", "Mass"),
    ],
)
def test_two_names_for_the_same_are_told(one: str, other: str) -> None:
    message = sole(SOUND | {"name": one}, {"name": other, "description": "Something else."})
    assert f"“{one}” and “{other}” seem to mean the same" in message


def test_two_descriptions_that_ask_for_the_same_are_told() -> None:
    text = "The {} of the fabric with all percentages that are given"
    first = {"name": "cloth", "description": text.format("composition")}
    second = {"name": "content", "description": text.format("material")}
    assert "are described almost alike" in sole(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [("frame color", "color"), ("seo_title", "seo_description"), ("width", "height")],
)
def test_fields_that_only_sound_alike_are_left_alone(one: str, other: str) -> None:
    texts = {"frame color": "Of the frame only.", "width": "The stated width in all."}
    fields = [
        {"name": name, "description": texts.get(name, f"Its {name}.")} for name in (one, other)
    ]
    assert advice(*fields) == []


def test_a_long_list_of_choices_tells_what_it_costs_in_every_row() -> None:
    choices = [f"kind {number}" for number in range(300)] + ["other"]
    message = sole(SOUND | {"type": "choice", "choices": choices})
    assert "301 allowed values take about 7" in message
    assert "tokens in every row" in message


def test_choices_that_differ_only_in_case_are_told_with_their_spellings() -> None:
    message = sole(SOUND | {"type": "list", "choices": ["Navy", "red", "navy"]})
    assert "“Navy”, “navy” differ only in case" in message


@pytest.mark.parametrize("more", [["other"], ["Unisex"], ["none of these"]])
def test_a_choice_without_a_catch_all_is_told(more: list[str]) -> None:
    field = SOUND | {"type": "choice", "choices": ["women", "men", "kids"]}
    assert "no value for a product that fits none of its 3" in sole(field)
    assert advice(field | {"choices": [*field["choices"], *more]}) == []
    assert advice(field | {"choices": ["left", "right"]}) == []
    assert advice(field | {"type": "list"}) == []


@pytest.mark.parametrize(
    ("description", "unit"),
    [("Height in cm.", "cm"), ("Its weight in grams.", "grams"), ("Capacity in litres", "litres")],
)
def test_a_number_whose_description_speaks_of_a_unit_wants_one(description: str, unit: str) -> None:
    field = {"name": "number", "type": "number", "description": description}
    assert f"its description speaks of {unit}" in sole(field)
    assert advice(field | {"unit": "cm"}) == []
    assert advice(field | {"type": "text"}) == []


def test_a_plain_number_needs_no_unit() -> None:
    assert advice({"name": "pockets", "type": "number", "description": "How many there are."}) == []


@pytest.mark.parametrize("words", ["such as red", "e.g. red", "(for example red)", "eg. red"])
def test_example_values_in_a_description_are_told_since_small_models_copy_them(words: str) -> None:
    assert "Move them from the description" in sole(
        SOUND | {"description": f"The colour, {words}."}
    )


def test_a_field_without_description_is_told() -> None:
    assert "“fit” has no description" in sole({"name": "fit"})


def test_what_the_model_writes_needs_not_be_required() -> None:
    assert "never missing" in sole(SOUND | {"name": "tags", "manner": "write", "required": True})
    assert "never missing" in sole(SOUND | {"name": "seo_title", "required": True})
    assert advice(SOUND | {"required": True}) == []


def test_copying_and_choosing_contradict_each_other() -> None:
    field = SOUND | {"type": "choice", "manner": "copy", "choices": ["slim", "wide"]}
    assert "copied exactly as written, but has allowed values" in sole(field)


def test_many_required_fields_are_told_by_name() -> None:
    fields = [
        SOUND | {"name": name, "required": True} for name in ("maker", "fit", "lining", "cut")
    ]
    assert "4 fields are required (maker, fit, lining, cut)" in sole(*fields)
    assert advice(*fields[:3]) == []


def test_fields_that_leave_no_room_for_the_product_are_told_with_figures() -> None:
    long = [SOUND | {"name": f"f{n}", "description": f"{n}{n + 1} " * 90} for n in range(40)]
    tokens = field_tokens(parse_fields(long))
    found = sole(*long, context=4096)
    assert f"take about {tokens:,} of the 4,096 tokens" in found
    assert "more than the longest product text (1,500)" in sole(*long)
    assert advice(*long[:3], context=4096) == []


def test_a_type_that_no_product_has_is_told_with_the_column() -> None:
    brand = parse_fields([SOUND])
    plan = Plan(brand, "Type", {"Tents": brand, "Tnets": brand})
    (found,) = lint(plan, types=["TENTS", "Shoes"])
    assert (found.product_type, found.field) == ("Tnets", "")
    assert "No product of this catalog has the type “Tnets” in the column “Type”" in found.message
    assert lint(plan) == []


def test_two_units_in_one_column_are_told() -> None:
    metres, feet = (
        parse_fields([SOUND | {"name": "length", "type": "number", "unit": unit}])
        for unit in ("m", "ft")
    )
    (found,) = lint(Plan(metres, "Type", {"Rope": feet}))
    assert "“length” is in m for some products and in ft for others" in found.message


def test_what_types_share_is_told_once_and_what_is_theirs_with_the_type() -> None:
    shared, own = parse_fields([{"name": "fit"}]), parse_fields([{"name": "fit"}, {"name": "cut"}])
    found = lint(Plan(shared, "Type", {"Tops": own}))
    assert [(one.product_type, one.field) for one in found] == [("", "fit"), ("Tops", "cut")]
