from __future__ import annotations

from typing import Any

import pytest

from batch.answers import (
    MAPPED,
    MAX_ITEM,
    MAX_ITEMS,
    NOT_A_CHOICE,
    NOT_A_NUMBER,
    NOT_A_VALUE,
    NOT_YES_OR_NO,
    answer_schema,
    coerce,
)
from batch.fields import Field, FieldSet, FieldType
from core.values import Value

FIELDS: FieldSet = (
    Field(name="title", required=True),
    Field(name="weight", type=FieldType.NUMBER),
    Field(name="waterproof", type=FieldType.BOOLEAN),
    Field(name="colour", type=FieldType.CHOICE, choices=("Red", "Blue", "None")),
    Field(name="uses", type=FieldType.LIST),
    Field(name="rooms", type=FieldType.LIST, choices=("Bath", "Kitchen")),
    Field(name="SEO title"),
)


def one(name: str, raw: Any) -> tuple[Any, list[tuple[str, str]]]:
    """The value, and what is flagged."""
    typed = coerce(FIELDS, {"title": "x", name: raw})
    assert not typed.notes
    assert {flag.field for flag in typed.flags} <= {name}
    value = typed.values.get(name)
    return value and value.value, [(flag.reason, flag.detail) for flag in typed.flags]


def test_schema() -> None:
    schema = answer_schema(FIELDS)
    assert list(schema["properties"]) == [field.name for field in FIELDS]
    assert schema["required"] == list(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["properties"] == {
        "title": {"type": "string", "maxLength": 200},
        "weight": {"type": ["number", "null"]},
        "waterproof": {"type": ["boolean", "null"]},
        "colour": {"type": ["string", "null"], "enum": ["Red", "Blue", "None", None]},
        "uses": {
            "type": "array",
            "items": {"type": "string", "maxLength": MAX_ITEM},
            "maxItems": MAX_ITEMS,
        },
        "rooms": {
            "type": "array",
            "items": {"type": "string", "enum": ["Bath", "Kitchen"]},
            "maxItems": MAX_ITEMS,
        },
        "SEO title": {"type": "string", "maxLength": 400},
    }


def test_a_good_answer_keeps_the_order_of_the_fields() -> None:
    answer = {"uses": ["camping"], "weight": 3, "title": "Tent", "waterproof": False}
    typed = coerce(FIELDS, answer)
    assert [(name, value.value) for name, value in typed.values.items()] == [
        ("title", "Tent"),
        ("weight", 3.0),
        ("waterproof", False),
        ("uses", ["camping"]),
    ]
    assert isinstance(typed.values["weight"].value, float)
    assert (typed.flags, typed.notes) == ((), ())


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (12, 12.0),
        (0, 0.0),
        ("12 oz", 12.0),
        ("12.345 kg", 12.345),
        ("12,5 cm", 12.5),
        ("1,299", 1299.0),
        ("1,299.50", 1299.5),
        ("1.299,50", 1299.5),
        ("1.299.000", 1299000.0),
        ("-3", -3.0),
        ("size-10", 10.0),
        ("about .5", 0.5),
    ],
)
def test_numbers(raw: Any, number: float) -> None:
    assert one("weight", raw) == (number, [])


@pytest.mark.parametrize(
    "raw", ["10 x 20 cm", "4-6", "heavy", "1,2,3", "1.2.3", True, float("nan"), "1/2", 10**400]
)
def test_what_is_not_one_number(raw: Any) -> None:
    value, flags = one("weight", raw)
    assert value is None
    assert [reason for reason, _ in flags] == [NOT_A_NUMBER]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(True, True), ("Yes", True), ("true", True), (1, True), ("no", False), ("FALSE", False)],
)
def test_booleans(raw: Any, expected: bool) -> None:
    assert one("waterproof", raw) == (expected, [])


def test_neither_yes_nor_no() -> None:
    assert one("waterproof", "partly") == (None, [(NOT_YES_OR_NO, "partly")])


@pytest.mark.parametrize(("raw", "choice"), [("Red", "Red"), (" blue ", "Blue"), ("none", "None")])
def test_choices(raw: str, choice: str) -> None:
    assert one("colour", raw) == (choice, [])


def test_not_one_of_the_choices() -> None:
    assert one("colour", "tealish") == (None, [(NOT_A_CHOICE, "tealish")])


@pytest.mark.parametrize(
    ("raw", "items"),
    [
        (["a", "b"], ["a", "b"]),
        ("camping, hiking; Camping", ["camping", "hiking"]),
        (["Hiking", "hiking", " n/a ", "", None, "x  y"], ["Hiking", "x y"]),
        ([], None),
        ("none", None),
        ([str(n) for n in range(30)], [str(n) for n in range(MAX_ITEMS)]),
        (5, ["5"]),
    ],
)
def test_lists(raw: Any, items: list[str] | None) -> None:
    assert one("uses", raw) == (items, [])


def test_a_wrong_item_does_not_cost_the_others() -> None:
    assert one("rooms", ["bath", "garage", "kitchen"]) == (
        ["Bath", "Kitchen"],
        [(NOT_A_CHOICE, "garage")],
    )
    assert one("uses", ["a", {"b": 1}]) == (["a"], [(NOT_A_VALUE, "")])


@pytest.mark.parametrize("name", ["weight", "waterproof", "uses", "SEO title"])
@pytest.mark.parametrize("raw", ["", " ", "N/A", "none", "null", "Unknown", "-", None])
def test_blanks_are_left_out(name: str, raw: str | None) -> None:
    assert one(name, raw) == (None, [])


@pytest.mark.parametrize(
    ("raw", "text"),
    [(5, "5"), (True, "yes"), (["a", "b"], "a, b"), (" a\n b ", "a b"), ("a\0\ud83db", "ab")],
)
def test_texts(raw: Any, text: str) -> None:
    assert one("SEO title", raw) == (text, [])


def test_keys_in_another_case_and_unknown_ones() -> None:
    typed = coerce(FIELDS, {"Title ": "Tent", "brand": "Acme"})
    assert typed.values == {"title": Value("Tent")}
    assert typed.notes == ("brand: not one of the fields",)


def test_objects_are_refused() -> None:
    assert one("SEO title", {"a": 1}) == (None, [(NOT_A_VALUE, "")])
    assert one("uses", {"a": 1}) == (None, [(NOT_A_VALUE, "")])


def test_a_choice_in_other_words_keeps_them() -> None:
    value = coerce(FIELDS, {"colour": "NAVY BLUE"}).values["colour"]
    assert (value.value, value.raw) == ("Blue", "NAVY BLUE")
    rooms = coerce(FIELDS, {"rooms": ["bathes", "KITCHENS"]}).values["rooms"]
    assert (rooms.value, rooms.raw) == (["Bath", "Kitchen"], "bathes, KITCHENS")


def test_a_choice_that_had_to_be_guessed_is_flagged() -> None:
    assert one("rooms", ["kitchne"]) == (None, [(NOT_A_CHOICE, "kitchne")])
    assert one("rooms", ["my old kitchen"]) == (["Kitchen"], [(MAPPED, "my old kitchen")])
    assert one("rooms", ["bath and kitchen"]) == (None, [(NOT_A_CHOICE, "bath and kitchen")])


@pytest.mark.parametrize(
    ("raw", "number"),
    [("12 in", 12.0), ("1,5 l", 1.5), ('15.6"', 15.6), ("10 m2", 10.0), (12, 12.0), ("12", 12.0)],
)
def test_a_number_with_a_unit_is_answered_as_it_is_written(raw: Any, number: float) -> None:
    fields = (Field(name="length", type=FieldType.NUMBER, unit="cm"),)
    assert answer_schema(fields)["properties"]["length"] == {"type": "string", "maxLength": 40}
    value = coerce(fields, {"length": raw}).values["length"]
    assert (value.value, value.raw) == (number, str(raw))
