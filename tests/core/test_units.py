from __future__ import annotations

import re

import pytest

from core.units import convert, unit_at, unit_named, unit_of


@pytest.mark.parametrize(
    ("text", "like", "unit"),
    [
        ("in", "", "inch"),
        ("Zoll", "", "inch"),
        ('"', "", "inch"),
        ("fl. oz.", "", "fluid_ounce"),
        ("oz", "kilogram", "ounce"),
        ("oz", "liter", "fluid_ounce"),
        ("Litre", "", "liter"),
        ("kgs", "", "kilogram"),
        ("m²", "", "square_meter"),
        ("°F", "", "degree_Fahrenheit"),
        ("C", "kelvin", "degree_Celsius"),
        ("people", "", None),
        ("pole", "", None),
    ],
)
def test_units_as_shops_write_them(text: str, like: str, unit: str | None) -> None:
    assert unit_of(text, like) == unit


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("cm", "centimeter"),
        ("lux", "lux"),
        ("km/h", "kilometer / hour"),
        ("pieces", None),
        ("EUR", None),
    ],
)
def test_a_field_may_be_given_in_any_unit_that_has_a_name(unit: str, name: str | None) -> None:
    assert unit_named(unit) == name


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("12 in long", "inch"),
        ("12-inch blade", "inch"),
        ("12in", "inch"),
        ('15.6" laptop', "inch"),
        ("12 in stock", None),
        ("12 fl. oz.", "fluid_ounce"),
        ("20 °C", "degree_Celsius"),
        ("3 sq ft", "square_foot"),
        ("4 T-Shirts", None),
        ("3 V-necks", None),
        ("3 a.m.", None),
        ("5 poles", None),
    ],
)
def test_a_unit_is_read_where_its_number_ends(text: str, unit: str | None) -> None:
    number = re.match(r"[\d.]+", text)
    assert number is not None
    found = unit_at(text, number.end())
    assert (found and found[0]) == unit


@pytest.mark.parametrize(
    ("number", "unit", "to", "converted"),
    [
        (12, "inch", "centimeter", 30.48),
        (5, "pound", "kilogram", 2.26796),
        (98.6, "degree_Fahrenheit", "degree_Celsius", 37.0),
        (1, "inch", "kilogram", None),
        (3, "liter", "liter", 3),
    ],
)
def test_numbers_are_converted_to_six_figures(
    number: float, unit: str, to: str, converted: float | None
) -> None:
    assert convert(number, unit, to) == converted
