from __future__ import annotations

import pytest

from batch.normal.choices import Match, match
from batch.normal.colours import colour_of, family_of
from batch.normal.sizes import size_of

COLOUR = (colour_of, family_of)


@pytest.mark.parametrize(
    ("text", "choices", "choice"),
    [
        ("NAVY", ("Navy", "Blue"), "Navy"),
        ("t shirt", ("T-Shirt", "Shirt"), "T-Shirt"),
        ("Jackets", ("Jacket", "Boot"), "Jacket"),
        ("Men's", ("women", "men"), "men"),
        ("womens", ("women", "men"), "women"),
    ],
)
def test_the_same_words_are_the_choice(text: str, choices: tuple[str, ...], choice: str) -> None:
    assert match(text, choices) == Match(choice, sure=True)


@pytest.mark.parametrize(
    ("text", "choices", "choice"),
    [("navy", ("Black", "Blue"), "Blue"), ("grey", ("Gray", "Black"), "Gray")],
)
def test_a_shade_is_its_family(text: str, choices: tuple[str, ...], choice: str) -> None:
    assert match(text, choices, COLOUR) == Match(choice, sure=True)


def test_a_size_in_words_is_its_letter() -> None:
    assert match("extra large", ("S", "M", "L", "XL"), (size_of,)) == Match("XL", sure=True)


@pytest.mark.parametrize(
    ("text", "choices", "choice"),
    [
        ("turquise", ("turquoise", "red"), "turquoise"),
        ("a jacket for winter", ("jacket", "boot"), "jacket"),
        ("dark navy blue wool", ("navy", "navy blue"), "navy blue"),
    ],
)
def test_a_close_match_is_not_sure(text: str, choices: tuple[str, ...], choice: str) -> None:
    assert match(text, choices) == Match(choice, sure=False)


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("women and men", ("women", "men")),
        ("teal", ("red", "green")),
        ("teel", ("teal",)),
        ("size 41", ("size 42",)),
        ("", ("a", "b")),
        ("!", ("?", "b")),
        ("colored", ("coloured", "colores")),
    ],
)
def test_what_is_not_clearly_one_is_none(text: str, choices: tuple[str, ...]) -> None:
    assert match(text, choices) is None
