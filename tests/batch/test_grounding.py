from __future__ import annotations

import pytest

from batch.grounding import ground
from core.values import Origin, Scalar

ROW = {"title": "ACME  Trail Boot, 1.5 l", "notes": "By Acme. Holds 12 oz; not 125."}


@pytest.mark.parametrize(
    ("value", "column", "words"),
    [
        ("ACME", "title", "ACME"),
        ("Acme", "notes", "Acme"),
        ("acme trail boot", "title", "ACME  Trail Boot"),
        ("by acme", "notes", "By Acme"),
        (1.5, "title", "1.5"),
        (12.0, "notes", "12"),
        ("not 125", "notes", "not 125"),
        ("trail-boot", "title", "Trail Boot"),
        ("1,5 l", "title", "1.5 l"),
        (["trail", "12 oz"], "title", "Trail"),
    ],
)
def test_a_stated_value_says_where_it_stands(value: Scalar, column: str, words: str) -> None:
    found = ground(value, ROW, ("title", "notes"))
    assert (found.origin, found.column) == (Origin.STATED, column)
    assert ROW[column][found.start : found.end] == words


@pytest.mark.parametrize(
    "value", ["Boo", "cme", "Zenith", "boot trail", 5.0, 25.0, True, ["Acme", "Zenith"]]
)
def test_what_is_not_written_is_inferred(value: Scalar) -> None:
    found = ground(value, ROW, ("title", "notes"))
    assert found.origin is Origin.INFERRED
    assert found.column is None


def test_letters_that_change_their_length_do_not_shift_the_span() -> None:
    cell = "İİİ Acme"
    found = ground("acme", {"title": cell}, ("title",))
    assert cell[found.start : found.end] == "Acme"


@pytest.mark.parametrize(
    ("cell", "value", "written"),
    [
        ("By <b>Black</b> &amp; Decker", "Black & Decker", "Black</b> &amp; Decker"),
        ("Caf&eacute;-Set", "Café Set", "Caf&eacute;-Set"),
        ("Fly 4,000mm", "4000 mm", "4,000mm"),
        ("Preis 1.299,50", 1299.5, "1.299,50"),
        ("1.299 EUR", 1299.0, "1.299"),
        ("1.299 kg", 1.299, "1.299"),
        ("Inner 240x220 cm", "220 cm", "220 cm"),
        ("Inner 240x220 cm", 220.0, "220"),
        ("X100 holds 100", 100.0, "100"),
        ("防水ジャケット", "ジャケット", "ジャケット"),
        ("wa\u200bter\u00adproof", "waterproof", "wa\u200bter\u00adproof"),
    ],
)
def test_a_value_is_found_however_the_row_writes_it(cell: str, value: Scalar, written: str) -> None:
    found = ground(value, {"title": cell}, ("title",))
    assert found.origin is Origin.STATED
    assert cell[found.start : found.end] == written


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12 5 l", "125"), ("1.5 l", "15 l"), ("Bootleg", "Boot"), ("10mm", "10 m"), ("W32", "32")],
)
def test_a_part_of_a_word_or_another_number_is_not_the_value(cell: str, value: Scalar) -> None:
    assert ground(value, {"title": cell}, ("title",)).origin is Origin.INFERRED
