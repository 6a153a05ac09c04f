"""Check questions: kept, and judged without a model."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from core.db import Database
from core.errors import NotFoundError, ValueRefused
from rag import golden
from rag.exchange import Kind, Passage
from rag.golden import CheckQuestion, Expected, judge
from tests.conftest import on_both

TENT = Passage(1, "product:t1", Kind.PRODUCT, "Halden Tent", "", "colour: moss green", 0.6)
RETURNS = Passage(2, "policy:returns#2", Kind.POLICY, "Returns", "Cost", "It is free.", 0.5)


@dataclass
class Reply:
    passages: tuple[Passage, ...] = (TENT, RETURNS)
    text: str = "There are 3 tents."
    refused: bool = False


def wrong(expected: Expected, answered: Reply | None = None) -> tuple[str, ...]:
    titles = {"t1": "Halden Tent", "t2": "Fell Tent", "returns": "Returns", "care": "Care"}
    return judge(CheckQuestion("q", "?", expected), answered or Reply(), titles).why


def test_what_is_expected_has_to_be_shown() -> None:
    assert wrong(Expected(products=("t1",), documents=("returns",))) == ()
    assert wrong(Expected(products=("t2", "t1"))) == ("“Fell Tent” is not shown.",)
    assert wrong(Expected(documents=("care",))) == ("“Care” is not shown.",)


def test_words_count_wherever_they_are_said() -> None:
    assert wrong(Expected(words=("3 tents", "Moss-Green", "free"))) == ()
    assert wrong(Expected(words=("4 tents",))) == ("“4 tents” is not said.",)


def test_a_no_is_expected_or_is_wrong() -> None:
    refused = Reply((), "We do not have it.", refused=True)
    assert wrong(Expected(refusal=True), refused) == ()
    assert "instead of saying" in wrong(Expected(refusal=True))[0]
    assert "does not have it" in wrong(Expected(words=("have",)), refused)[0]


@on_both
def test_check_questions_are_kept_and_asked_again_replaced(db: Database) -> None:
    first = golden.add(db, "  How long is the   warranty?", Expected(words=("5 years",)))
    assert first.question == "How long is the warranty?"
    second = golden.add(db, "how long is the warranty", Expected(documents=("warranty",)))
    assert [one.expected for one in golden.listing(db)] == [second.expected]
    assert golden.count(db) == 1
    golden.switch(db, second.id, enabled=False)
    assert golden.count(db) == 0
    assert golden.listing(db, only_enabled=True) == []
    golden.remove(db, second.id)
    with pytest.raises(NotFoundError):
        golden.switch(db, second.id, enabled=True)


def test_a_question_without_expectation_is_refused(db: Database) -> None:
    with pytest.raises(ValueRefused, match="question is missing"):
        golden.add(db, " ", Expected(refusal=True))
    with pytest.raises(ValueRefused, match="what the answer has to show"):
        golden.add(db, "Anything?", Expected())
