from __future__ import annotations

from typing import Any

import pytest

from batch.fields import Field, FieldType, Manner
from batch.verify import NOT_IN_TEXT, OTHER_CURRENCY, Verified, verify
from core.values import Origin, Value

ROW = {
    "title": "ACME Trail Boot",
    "notes": "Navy leather with moss green laces. Sleeps four. 1.299,50 € or CHF 1,200. "
    "Auf Deutsch.",
}


def checked(field: Field, value: Any, raw: str | None = None) -> Verified:
    return verify(field, Value(value, raw=raw), ROW, ("title", "notes"))


def reasons(found: Verified) -> list[str]:
    return [flag.reason for flag in found.flags]


def test_a_copied_text_is_exactly_as_the_row_has_it() -> None:
    found = checked(Field(name="brand"), "acme")
    assert found.value == Value("ACME", Origin.STATED, "title", 0, 4)
    assert found.flags == ()


def test_a_copied_colour_stays_as_it_is_written() -> None:
    found = checked(Field(name="colour"), "navy")
    assert found.value is not None
    assert (found.value.value, found.value.raw) == ("Navy", None)


def test_a_copied_text_that_the_row_does_not_have_is_kept_and_flagged() -> None:
    found = checked(Field(name="brand"), "Zenith")
    assert found.value == Value("Zenith")
    assert [(flag.field, flag.reason, flag.detail) for flag in found.flags] == [
        ("brand", NOT_IN_TEXT, "Zenith")
    ]


def test_a_written_text_need_not_stand_in_the_row() -> None:
    found = checked(Field(name="seo title"), "Sturdy boots")
    assert (found.value, found.flags) == (Value("Sturdy boots"), ())


def test_of_a_copied_list_each_item_is_mended_or_flagged() -> None:
    field = Field(name="colours", type=FieldType.LIST, manner=Manner.COPY)
    found = checked(field, ["navy", "green moss"])
    assert found.value is not None
    assert (found.value.value, found.value.origin) == (["Navy", "moss green"], Origin.STATED)
    found = checked(field, ["navy", "pink"])
    assert found.value is not None
    assert (found.value.value, found.value.origin) == (["Navy", "pink"], Origin.INFERRED)
    assert [flag.detail for flag in found.flags] == ["pink"]


def test_a_list_of_colours_is_in_one_spelling_with_what_was_written() -> None:
    found = checked(Field(name="colours", type=FieldType.LIST), ["NAVY", "navy", "Moss Green"])
    assert found.value is not None
    assert found.value.value == ["navy", "moss green"]
    assert found.value.raw == "NAVY, navy, Moss Green"
    assert found.value.column == "notes"


def test_a_choice_is_stated_where_its_word_stands_or_one_that_means_it() -> None:
    choices = ("blue", "green", "red")
    field = Field(name="colour", type=FieldType.CHOICE, choices=choices)
    green = checked(field, "green").value
    assert green is not None
    assert ROW["notes"][green.start : green.end] == "green"
    blue = checked(field, "blue").value
    assert blue is not None
    assert (blue.value, blue.raw, blue.origin) == ("blue", "Navy", Origin.STATED)
    red = checked(field, "red").value
    assert red is not None
    assert red.origin is Origin.INFERRED


def test_a_language_is_stated_in_its_own_name() -> None:
    field = Field(name="language", type=FieldType.CHOICE, choices=("German", "French"))
    german = checked(field, "German").value
    assert german is not None
    assert (german.raw, german.origin) == ("Deutsch", Origin.STATED)


@pytest.mark.parametrize(("number", "written"), [(1299.5, "1.299,50"), (4.0, "four")])
def test_a_number_keeps_what_was_written(number: float, written: str) -> None:
    found = checked(Field(name="n", type=FieldType.NUMBER), number)
    assert found.value is not None
    assert (found.value.value, found.value.raw, found.value.column) == (number, written, "notes")
    assert found.flags == ()


def test_a_number_that_the_row_does_not_state_is_flagged_unless_it_was_worked_out() -> None:
    field = Field(name="n", type=FieldType.NUMBER)
    assert reasons(checked(field, 7.0)) == [NOT_IN_TEXT]
    assert reasons(checked(field.model_copy(update={"manner": Manner.WRITE}), 7.0)) == []


def test_a_measure_that_the_row_does_not_state_is_flagged() -> None:
    field = Field(name="weight", type=FieldType.NUMBER, unit="kg")
    assert reasons(checked(field, 7.0, "7 kg")) == [NOT_IN_TEXT]


def test_another_currency_is_flagged_and_never_converted() -> None:
    field = Field(name="price", type=FieldType.NUMBER, unit="EUR")
    assert reasons(checked(field, 1299.5)) == []
    found = checked(field, 1200.0)
    assert found.value is not None
    assert found.value.value == 1200.0
    assert [(flag.reason, flag.detail) for flag in found.flags] == [
        (OTHER_CURRENCY, "CHF, not EUR")
    ]


def test_yes_and_no_are_conclusions() -> None:
    found = checked(Field(name="leather", type=FieldType.BOOLEAN), True)
    assert found == Verified(Value(True))


def test_a_confidence_is_kept() -> None:
    found = verify(Field(name="brand"), Value("acme", confidence=0.5), ROW, ("title",))
    assert found.value is not None
    assert found.value.confidence == 0.5
