from __future__ import annotations

import pytest

from rag.completing import completed
from rag.exchange import Kind, Passage
from rag.key_sentences import KeySentence


def sentence(number: int, text: str, score: float = 0.9, heading: str = "") -> KeySentence:
    passage = Passage(number, f"policy:p#{number}", Kind.POLICY, "Returns", heading, text, 0.6)
    return KeySentence(passage, 0, text, score)


DAYS = sentence(1, "You have 60 days from the delivery date to return an item.")
INSPECTED = sentence(2, "We inspect returns within 3 business days.", 0.7)
NEVER = sentence(1, "Gift cards never expire and there are no fees.")
ASKED = "How long can I return something?"
RANKED = (DAYS, INSPECTED)


@pytest.mark.parametrize(
    "right",
    [
        "You have 60 days [1].",
        "You can return it within 60 days; we inspect it within 3 business days [1][2].",
    ],
)
def test_answer_that_says_it_stays_as_it_is(right: str) -> None:
    assert completed(right, RANKED, ASKED) == right


def test_time_of_something_else_gives_way_to_the_policys_own_words() -> None:
    said = completed("You can return items within 3 business days [2].", RANKED, ASKED)
    assert said == f"Returns: {DAYS.text} [1]"


def test_answer_without_the_figure_is_followed_by_it() -> None:
    said = completed("Returns are accepted [1].", RANKED, ASKED)
    assert said == f"Returns are accepted [1]. Returns: {DAYS.text} [1]"


def test_nothing_left_of_an_answer_becomes_the_policys_own_words() -> None:
    assert completed("", RANKED, ASKED) == f"Returns: {DAYS.text} [1]"


def test_what_is_denied_is_not_left_as_if_it_were_so() -> None:
    assert (
        completed("Gift cards expire [1].", (NEVER,), "Do gift cards expire?")
        == f"Returns: {NEVER.text} [1]"
    )
    denied = sentence(1, "Opened care products", heading="What cannot be returned")
    said = completed(
        "Opened face cream can be returned [1].", (denied,), "Can I return opened face cream?"
    )
    assert said == "What cannot be returned: Opened care products. [1]"


def test_doubtful_sentence_leaves_an_answer_alone() -> None:
    assert (
        completed("Something else [1].", (sentence(1, DAYS.text, 0.3),), ASKED)
        == "Something else [1]."
    )


def test_other_languages_get_the_shops_words_with_a_word_before() -> None:
    said = completed("", RANKED, ASKED, "de")
    assert said == f"So steht es in unseren Bedingungen: Returns: {DAYS.text} [1]"
    assert completed("Sie haben 60 Tage [1].", RANKED, ASKED, "de") == "Sie haben 60 Tage [1]."


def test_answer_in_few_of_the_policys_words_stays_alone() -> None:
    hours = sentence(1, "Open Tuesday to Saturday 10 a.m. to 6 p.m., closed Sunday and Monday.")
    said = "The Boise store is closed on Sunday and Monday [1]."
    assert completed(said, (hours,), "On which days is the Boise store closed?") == said
