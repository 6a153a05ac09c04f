from __future__ import annotations

from batch.tokens import place_of, tokens
from batch.vocabulary import Vocabulary
from tests.batch.lessons import COFFEES, coffee

NAMES = ("brand", "roast", "size")


def found(text: str, vocabulary: Vocabulary | None = None) -> dict[tuple[str, str], float]:
    """What the vocabulary knows in a text: field and words to how likely it is."""
    there = tokens(text)
    known = vocabulary or Vocabulary(COFFEES, NAMES)
    return {
        (field, text[there[first].start : there[last - 1].end]): likely
        for (field, first, last), likely in known.find(there).items()
    }


def test_a_value_that_others_have_is_found_where_it_stands_as_whole_words() -> None:
    assert ("roast", "dark roast") in found("Kiln dark roast Coffee")
    assert ("roast", "dark roast") not in found("Kiln dark roasted Coffee")


def test_a_size_with_another_number_is_known_by_its_shape() -> None:
    assert found("Kiln Coffee, 7.5 oz")["size", "7.5 oz"] > 0.8


def test_words_that_are_seldom_the_value_are_trusted_little() -> None:
    more = [coffee(20 + at, f"Gale Force {at} Coffee", brand="Force") for at in range(9)]
    known = Vocabulary([*COFFEES, *more], NAMES)
    likely = found("Gale and Force", known)
    assert likely["brand", "Gale"] < 0.2 < 0.8 < likely["brand", "Force"]


def test_a_value_that_the_product_does_not_state_teaches_nothing() -> None:
    known = Vocabulary([coffee(1, "Acme Coffee", roast="Dark")], NAMES)
    assert not found("Dark Coffee", known)


def test_a_field_whose_values_are_all_new_is_told_from_one_whose_values_come_again() -> None:
    known = Vocabulary(COFFEES, NAMES)
    assert known.novelty("brand") == 1.0
    assert known.novelty("size") == 1 / 8  # only "2 lb" has a shape of its own
    assert known.novelty("roast") == 0.0


def test_a_value_is_placed_whatever_its_signs_and_spaces() -> None:
    text = tokens("Cask K-Cup Pods, 8.5 Fl. Oz")
    assert place_of("k cup", text) == (1, 4)
    assert place_of("8.5 fl oz", text) == (6, 10)
    assert place_of("Pod", text) is None
    assert place_of("", text) is None
