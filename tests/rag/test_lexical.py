from __future__ import annotations

import numpy as np
import pytest

from rag.lexical import LexicalIndex
from rag.spelling import Spelling
from rag.things import Words
from rag.words import stems


@pytest.fixture
def lexical() -> LexicalIndex:
    index = LexicalIndex()
    index.replace(
        {
            0: Words("Mat", "", "For a tent."),
            1: Words("Green tent", "brand: Halden", "Sleeps four."),
            2: Words("Bread knife", "material: steel", "Cuts."),
        }
    )
    return index


def found(lexical: LexicalIndex, text: str, k: int = 5) -> list[int]:
    return list(lexical.search(stems(text), k))


def test_words_in_the_title_count_more(lexical: LexicalIndex) -> None:
    assert found(lexical, "any tents?") == [1, 0]
    assert found(lexical, "any tents?", 1) == [1]


def test_words_among_the_values_count_more_than_in_the_body() -> None:
    index = LexicalIndex()
    index.replace({0: Words("A", "", "navy coat"), 1: Words("B", "colour: navy", "A coat.")})
    assert found(index, "navy") == [1, 0]


def test_titles_with_a_word_are_counted_whatever_its_form(lexical: LexicalIndex) -> None:
    counted = [
        lexical.titled(stem) for word in ("tents", "knives", "steel") for stem in stems(word)
    ]
    assert counted == [1, 1, 0]


@pytest.mark.parametrize("question", ["", "do you have any?", "zebra", 'AND OR ("[title:*', "🦓"])
def test_nothing_to_find(lexical: LexicalIndex, question: str) -> None:
    assert found(lexical, question) == []


def test_stems_and_accents() -> None:
    assert stems("Sleeping, SLEEPS; café") == {"sleep", "cafe"}


def test_irregular_plurals_find_their_singular(lexical: LexicalIndex) -> None:
    assert found(lexical, "knives") == [2]
    lexical.replace({3: Words("Steak knives", "", "")})
    assert set(found(lexical, "knife")) == {2, 3}


def test_row_that_changes_is_found_by_its_new_words_only(lexical: LexicalIndex) -> None:
    lexical.replace({1: Words("Blue zeppelin", "", "")})
    assert (found(lexical, "zeppelin"), found(lexical, "tent")) == ([1], [0])
    lexical.replace({1: None})
    assert found(lexical, "zeppelin") == []


def test_only_admitted_rows_are_ranked_however_deep_they_lie() -> None:
    index = LexicalIndex()
    index.replace({row: Words("tent " * (row < 400), "", "tent") for row in range(500)})
    admitted = np.zeros(450, bool)
    admitted[[7, 449]] = True
    assert list(index.search(["tent"], 10, admitted)) == [7, 449]
    assert list(index.search(["tent"], 1, admitted)) == [7]
    assert index.search(["tent"], 10, np.zeros(450, bool)) == {}


ENGLISH = frozenset({"bent", "cable", "phone"})


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ("a tnet for four", "a tent for four"),
        ("any tnets", "any tent"),
        ("Halen tents", "halden tents"),
        ("knifes", "knifes"),
        ("a bent cable", "a bent cable"),
        ("net", "net"),
        ("zzzz", "zzzz"),
        ("TNET!", "tent!"),
        ("T3NT", "T3NT"),
        ("", ""),
    ],
)
def test_mistyped_words_are_put_right_and_right_ones_left(
    lexical: LexicalIndex, asked: str, right: str
) -> None:
    assert Spelling([lexical], ENGLISH.__contains__).corrected(asked) == right


def test_of_two_equally_close_words_the_commoner_is_meant() -> None:
    index = LexicalIndex()
    index.replace({0: Words("boots", "", ""), 1: Words("boats", "", ""), 2: Words("boots", "", "")})
    assert Spelling([index], ENGLISH.__contains__).corrected("bots") == "boots"
