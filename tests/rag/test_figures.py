from __future__ import annotations

from decimal import Decimal

import pytest

from rag.figures import figures_in


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("$289.00 [1]", [("$289.00", "money", "289")]),
        ("1.400,00 € or 1 400 €", [("1.400,00 €", "money", "1400"), ("1 400 €", "money", "1400")]),
        ("USD 45, 45 dollars", [("45", "money", "45"), ("45", "money", "45")]),
        ("60-day returns", [("60-day", "duration", "86400")]),
        ("2.5kg, 2.5 kg", [("2.5kg", "mass", "2500"), ("2.5", "mass", "2500")]),
        ("20% off", [("20%", "percent", "20")]),
        ("14 in stock, 3 left", [("14", "stock", "14"), ("3", "stock", "3")]),
        ("sleeps four people", [("four", "people", "4")]),
        ("−5 °C to 38–40", [("−5", "degrees", "-5"), ("38", "", "38"), ("40", "", "40")]),
        ("**$24**, (12)", [("$24", "money", "24"), ("12", "", "12")]),
    ],
)
def test_figures_are_read_with_what_they_measure(
    text: str, figures: list[tuple[str, str, str]]
) -> None:
    found = [(one.text, one.measure, *one.amounts) for one in figures_in(text)]
    assert found == [(text, measure, Decimal(amount)) for text, measure, amount in figures]


def test_codes_are_not_taken_apart() -> None:
    codes = [one.text for one in figures_in("IP67 and X-200, 9:00, 2XL.") if one.measure == "code"]
    assert codes == ["IP67", "X-200", "9:00", "2XL"]


def test_single_comma_may_mean_either() -> None:
    (one,) = figures_in("$1,400")
    assert one.amounts == {Decimal(1400), Decimal("1.4")}


def test_citations_are_no_figures() -> None:
    assert not list(figures_in("This one [1] [23]."))
