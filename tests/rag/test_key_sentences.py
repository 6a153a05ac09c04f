from __future__ import annotations

import pytest

from rag.embedding import Embedder
from rag.exchange import Kind, Passage
from rag.key_sentences import SentenceRanker, best_said, to_read
from rag.query import Query
from tests.rag.fake_embedder import FakeEmbedder
from tests.rag.shop_passages import TENT


def policy(number: int, title: str, heading: str, text: str) -> Passage:
    return Passage(number, f"policy:p#{number}", Kind.POLICY, title, heading, text, 0.6)


RATES = policy(
    1,
    "Shipping",
    "Rates",
    "Service | Cost | Arrives\nStandard | $5.95, free from $60 | 3 to 6 business days\n"
    "Express | $14.95 | 2 business days\nCanada | $16.95 | 6 to 10 business days",
)
RETURNS = policy(
    2,
    "Returns",
    "",
    "You have 60 days from the delivery date to return an item. "
    "Muddy soles and smoky canvas are not fine.",
)
CARDS = policy(3, "Gift Cards", "Expiry", "Gift cards never expire. Printed cards cost $2 more.")
SIZES = policy(
    4,
    "Sizing",
    "Women",
    "Size | US | Bust | Waist\nS | 4-6 | 34 in | 27 in\nM | 8-10 | 37 in | 30 in",
)
ALL = (RATES, RETURNS, CARDS, SIZES)


@pytest.fixture(scope="module")
def ranker(embedder: Embedder) -> SentenceRanker:
    return SentenceRanker(embedder)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "What does shipping to Canada cost?",
            "Rates: Canada: cost $16.95, arrives 6 to 10 business days. [1]",
        ),
        (
            "How long do I have to return something?",
            "Returns: You have 60 days from the delivery date to return an item. [2]",
        ),
        (
            "I am a women's size M. What waist is that?",
            "Women: M: us 8-10, bust 37 in, waist 30 in. [4]",
        ),
        ("Do gift cards expire?", "Expiry: Gift cards never expire. [3]"),
    ],
)
def test_best_sentence_is_the_one_that_answers(
    ranker: SentenceRanker, question: str, said: str
) -> None:
    ranked = ranker.ranked(Query(question, question), ALL)
    assert ranked[0].certain
    assert best_said(ranked) == said


def test_model_reads_the_sentences_that_matter_and_every_product(ranker: SentenceRanker) -> None:
    question = "What does shipping to Canada cost?"
    passages = (TENT, *ALL)
    first, *others = to_read(ranker.ranked(Query(question, question), passages), passages)
    assert first.number == RATES.number
    assert "16.95" in first.text
    assert "Muddy" not in " ".join(one.text for one in others)
    assert TENT in others


def test_passages_without_policies_stay_as_they_are(ranker: SentenceRanker) -> None:
    ranked = ranker.ranked(Query("tents", "tents"), (TENT,))
    assert ranked == ()
    assert to_read(ranked, (TENT,)) == (TENT,)
    assert best_said(ranked) == ""


def test_what_was_learnt_before_is_not_embedded_when_a_question_comes() -> None:
    embedder = FakeEmbedder()
    ranker = SentenceRanker(embedder)
    ranker.learn([*ALL, TENT])
    made = len(embedder.asked)
    assert made
    assert ranker.ranked(Query("What does it cost?", "cost"), ALL)
    assert len(embedder.asked) == made
