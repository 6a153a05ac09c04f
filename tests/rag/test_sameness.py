from __future__ import annotations

import pytest

from rag.sameness import question_key, same_form


@pytest.mark.parametrize(
    "other",
    [
        "do you have TENTS for 4 people",
        "  Do you have  tents\nfor 4 people ?? ",
        "“Do you have tents for 4 people?”",
        "¿Do you have tents, for 4 people!",
        "Do you have tents — for 4 people…",
    ],
)
def test_case_spacing_and_punctuation_make_no_other_question(other: str) -> None:
    assert question_key(other) == question_key("Do you have tents for 4 people?")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("boots under $1.50", "boots under $150"),
        ("boots under $150", "boots under €150"),
        ("boots under 150", "boots over 150"),
        ("a lamp of 1,5 m", "a lamp of 15 m"),
        ("20% off?", "20 off?"),
        ("size 38-40", "size 38 40"),
        ("down to -5 °C", "down to 5 °C"),
        ("Is it in red?", "Is it in Rede?"),
    ],
)
def test_what_asks_for_something_else_is_another_question(one: str, other: str) -> None:
    assert question_key(one) != question_key(other)


def test_apostrophes_make_no_other_question() -> None:
    assert same_form("Men’s boots.") == same_form("mens boots")
