from __future__ import annotations

import pytest

from batch.repair import repair
from core.values import Origin

ROW = {
    "title": "Tarnwick Halden 4 T-Shirt – Moss green",
    "notes": "<p>Fly 4,000mm, caf&eacute; boots by <b>Black</b> &amp; Decker. Inner 240x220 cm; "
    "steel poles, waterproof  jacket for women and men. Kestrel or Kestral. 5.1 kg</p>",
}
COLUMNS = ("title", "notes")


@pytest.mark.parametrize(
    ("value", "column", "mended"),
    [
        ("TARNWICK", "title", "Tarnwick"),
        ("tshirt", "title", "T-Shirt"),
        ("moss-green", "title", "Moss green"),
        ("green moss", "title", "Moss green"),
        ("Tarnwik", "title", "Tarnwick"),
        ("steel pole", "notes", "steel poles"),
        ("jackets, waterproof", "notes", "waterproof jacket"),
        ("cafe boot", "notes", "café boots"),
        ("Black & Decker", "notes", "Black & Decker"),
        ("4000 mm", "notes", "4,000mm"),
        ("5,1 kg", "notes", "5.1 kg"),
    ],
)
def test_a_value_becomes_what_the_row_has(value: str, column: str, mended: str) -> None:
    found = repair(value, ROW, COLUMNS)
    assert found is not None
    assert (found.value, found.origin, found.column) == (mended, Origin.STATED, column)


@pytest.mark.parametrize(
    "value", ["Zenith", "Halden 5", "5.2 kg", "14,000 mm", "jacket for boys", "Boss", "", "!"]
)
def test_what_the_row_does_not_say_stays_for_a_person(value: str) -> None:
    assert repair(value, ROW, COLUMNS) is None


def test_of_two_wordings_neither_is_guessed() -> None:
    assert repair("Kestrl", ROW, COLUMNS) is None


def test_the_same_wording_in_two_places_is_one() -> None:
    row = {"title": "Kestrel tent", "notes": "The KESTREL is light."}
    found = repair("Kestrl", row, COLUMNS)
    assert found is not None
    assert (found.value, found.column, found.start) == ("Kestrel", "title", 0)


def test_a_value_of_several_parts_is_stated_where_its_first_part_is() -> None:
    found = repair("steel poles, moss green", ROW, COLUMNS)
    assert found is not None
    assert (found.value, found.column) == ("steel poles, moss green", "notes")
    assert ROW["notes"][found.start : found.end] == "steel poles"
    assert repair("steel poles, moss red", ROW, COLUMNS) is None
