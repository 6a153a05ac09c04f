"""Questions that name what a document is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.exchange import Kind
from rag.judgement import Candidate, choose
from rag.rule_words import names_document
from rag.words import stems
from tests.rag.shop_passages import RETURNS, TENT

DOCUMENT = replace(RETURNS, title="Returns and Exchanges", heading="Gift Cards")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Can I return an opened tent?", True),
        ("How do exchanges work?", True),
        ("Which gift cards are there?", True),
        ("a gift for a toddler", False),
        ("Do you have tents?", False),
        ("", False),
    ],
)
def test_a_question_names_a_document_by_its_title_or_heading(question: str, expected: bool) -> None:
    assert names_document(stems(question), DOCUMENT, lambda stem: False) is expected


def test_a_word_that_products_are_called_by_names_no_document() -> None:
    care = replace(RETURNS, title="Care and Repair", heading="")
    asked = stems("a care kit")
    assert names_document(asked, care, lambda stem: False)
    assert not names_document(asked, care, lambda stem: stem == "care")


def test_the_document_that_is_named_leads_and_products_follow() -> None:
    tent = Candidate(replace(TENT, score=0.45), 0.5)
    rule = Candidate(replace(RETURNS, score=0.38), 0.5)
    led = choose({Kind.PRODUCT: [tent], Kind.POLICY: [rule]})
    assert [one.passage.kind for one in led] == [Kind.PRODUCT, Kind.POLICY]
    named = choose({Kind.PRODUCT: [tent], Kind.POLICY: [replace(rule, named=True)]})
    assert [one.passage.kind for one in named] == [Kind.POLICY, Kind.PRODUCT]
