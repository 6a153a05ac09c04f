from __future__ import annotations

import pytest

from batch.grounding import ground
from core.values import Origin, Scalar

ROW = {"title": "ACME  Trail Boot, 1.5 l", "notes": "By Acme. Holds 12 oz; not 125."}


@pytest.mark.parametrize(
    ("value", "column", "words"),
    [
        ("Acme", "title", "ACME"),
        ("acme trail boot", "title", "ACME  Trail Boot"),
        ("by acme", "notes", "By Acme"),
        (1.5, "title", "1.5"),
        (12.0, "notes", "12"),
        ("not 125", "notes", "not 125"),
    ],
)
def test_a_stated_value_says_where_it_stands(value: Scalar, column: str, words: str) -> None:
    found = ground(value, ROW, ("title", "notes"))
    assert (found.origin, found.column) == (Origin.STATED, column)
    assert ROW[column][found.start : found.end] == words


@pytest.mark.parametrize("value", ["Boo", "cme", "Zenith", "boot trail", 5.0, 25.0, True, ["Acme"]])
def test_what_is_not_written_is_inferred(value: Scalar) -> None:
    found = ground(value, ROW, ("title", "notes"))
    assert found.origin is Origin.INFERRED
    assert found.column is None


def test_letters_that_change_their_length_do_not_shift_the_span() -> None:
    cell = "İİİ Acme"
    found = ground("acme", {"title": cell}, ("title",))
    assert cell[found.start : found.end] == "Acme"
