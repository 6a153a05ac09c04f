from __future__ import annotations

from dataclasses import replace

import pytest

from core.facts import Filter
from core.values import Value
from rag.beyond import beyond
from rag.exchange import Found, Passage
from rag.query import Intent, Query
from tests.rag.shop_passages import BOOTS, RETURNS, TENT

KNOWN = frozenset(["tent", "boot", "hike", "return", "laptop", "stand", "oven"])


def found(*passages: Passage, score: float = 0.4) -> Found:
    scored = tuple(replace(passage, score=score) for passage in passages)
    return Found(scored, True, score, 1.0)


def kind(passage: Passage, product_type: str) -> Passage:
    assert passage.product is not None
    values = {"product_type": Value(product_type)}
    return replace(passage, product=replace(passage.product, values=values))


def asked(text: str) -> Query:
    return Query(text, text)


def is_beyond(query: Query, brought: Found) -> bool:
    return beyond(query, brought, KNOWN.__contains__)


def test_other_kind_of_a_known_thing_is_not_in_the_shop() -> None:
    assert is_beyond(asked("Do you sell ski boots?"), found(BOOTS, score=0.7))
    assert not is_beyond(asked("Do you sell hiking boots?"), found(BOOTS, score=0.7))
    # An unknown word for the thing itself may be another word for what there is.
    assert not is_beyond(asked("hiking shoes"), found(BOOTS, score=0.7))


def test_an_end_of_a_range_is_no_other_kind() -> None:
    for wish in ("cheap tents", "the cheapest return", "biggest oven"):
        assert not is_beyond(asked(wish), found(TENT, score=0.7)), wish


def test_stand_for_a_laptop_is_no_laptop() -> None:
    stand = kind(TENT, "laptop stand")
    assert is_beyond(asked("Do you sell laptops?"), found(stand))
    assert not is_beyond(asked("Do you sell stands?"), found(stand))
    assert not is_beyond(asked("Do you sell laptops?"), found(stand, kind(BOOTS, "laptop")))


@pytest.mark.parametrize(("score", "expected"), [(0.39, True), (0.6, False)])
def test_few_words_that_no_passage_holds_are_weak_evidence(score: float, expected: bool) -> None:
    assert is_beyond(asked("electric guitar strings"), found(RETURNS, score=score)) is expected


def test_long_wishes_conditions_and_counts_are_not_judged_by_their_words() -> None:
    weak = found(RETURNS, score=0.36)
    assert not is_beyond(asked("keeps drinks cold during summer picnics"), weak)
    assert not is_beyond(replace(asked("guitar strings"), intent=Intent.COUNT), weak)
    filtered = replace(asked("big guitar strings"), filters=(Filter("price", high=5.0),))
    assert not is_beyond(filtered, weak)
