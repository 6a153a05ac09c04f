from __future__ import annotations

import pytest

from core.values import Origin, Scalar, Value


@pytest.mark.parametrize(
    "value",
    [Value("Acme", Origin.STATED, "title", 0, 4), Value(True), Value(["a", "b"], Origin.HUMAN)],
)
def test_a_value_survives_storage(value: Value) -> None:
    assert Value.from_json(value.to_json()) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Acme", "Acme"),
        (2.0, "2"),
        (2.5, "2.5"),
        (True, "yes"),
        (False, "no"),
        (["a", "b"], "a, b"),
    ],
)
def test_a_cell_shows_what_a_person_would_write(value: Scalar, text: str) -> None:
    assert Value(value).text() == text
