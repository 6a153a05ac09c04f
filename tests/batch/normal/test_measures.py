from __future__ import annotations

import pytest

from batch.normal.measures import NO_UNIT, NOT_CONVERTIBLE, measure
from core.values import Origin, Value


@pytest.mark.parametrize(
    ("answer", "unit", "cell", "value", "written", "raw"),
    [
        ("12 in", "cm", "Blade 12 in, handle 5 in", 30.48, "12 in", "12 in"),
        ("12", "cm", 'Blade 12" long', 30.48, '12"', '12"'),
        ("12 inch", "cm", "12in blade", 30.48, "12in", "12in"),
        ("1,5 l", "l", "Holds 1,5 l", 1.5, "1,5 l", "1,5 l"),
        ("1.5", "litres", "Holds 1500 ml", 1.5, "1500 ml", "1500 ml"),
        ("5.1 kg", "kg", "weighs 5.1 kg", 5.1, "5.1 kg", None),
        ("220", "m", "240 x 220 cm", 2.2, "220 cm", "220 cm"),
        ("240 cm", "m", "240 x 220 cm", 2.4, "240 x 220 cm", "240 x 220 cm"),
        ("12 oz", "ml", "A 12 oz mug", 354.882, "12 oz", "12 oz"),
        ("12 oz", "g", "A 12 oz mug", 340.194, "12 oz", "12 oz"),
        ("4", "people", "For 4 people", 4.0, "4", None),
        ("1299 g", "g", "1.299 g", 1299.0, "1.299 g", "1.299 g"),
        # Of two equal numbers, the one that measures what the field does.
        ("12", "kg", "12 months warranty, 12 kg", 12.0, "12 kg", None),
    ],
)
def test_a_number_is_given_in_its_fields_unit_with_what_was_written(
    answer: str, unit: str, cell: str, value: float, written: str, raw: str | None
) -> None:
    number = float(answer.split()[0].replace(",", "."))
    found = measure(Value(number, raw=answer), unit, {"text": cell}, ("text",))
    assert found.doubt == ""
    assert found.value is not None
    assert (found.value.value, found.value.raw) == (value, raw)
    assert found.value.origin is Origin.STATED
    assert cell[found.value.start : found.value.end] == written


def test_the_models_arithmetic_is_checked_against_the_row() -> None:
    found = measure(Value(30.48, raw="30.48"), "cm", {"text": "12in blade"}, ("text",))
    assert found.value is not None
    assert (found.value.value, found.value.raw, found.value.origin) == (30.48, "12in", "stated")


def test_a_number_that_measures_something_else_is_no_value() -> None:
    found = measure(Value(4000.0, raw="4000"), "kg", {"text": "Fly 4,000mm"}, ("text",))
    assert found.value is None
    assert (found.doubt, found.detail) == (NOT_CONVERTIBLE, "“4,000mm” is not in kg")


def test_the_units_of_a_columns_name_count() -> None:
    found = measure(Value(3.0, raw="3"), "kg", {"Weight (lb)": "3"}, ("Weight (lb)",))
    assert found.value is not None
    assert (found.value.value, found.doubt) == (1.36078, "")


@pytest.mark.parametrize("answer", ["5.1", "5.1 lb"])
def test_without_a_unit_in_the_row_it_is_doubted_whatever_the_model_says(answer: str) -> None:
    found = measure(Value(5.1, raw=answer), "kg", {"text": "weighs 5.1"}, ("text",))
    assert found.value is not None
    assert (found.value.value, found.doubt) == (5.1, NO_UNIT)


def test_a_number_that_is_nowhere_is_inferred() -> None:
    found = measure(Value(2.0, raw="2 lb"), "kg", {"text": "light"}, ("text",))
    assert found.value is not None
    assert (found.value.value, found.value.origin) == (0.907185, Origin.INFERRED)
