from __future__ import annotations

from decimal import Decimal

import pytest

from core.products import Product
from rag.citations import CitationFilter, drop_unknown, missing
from rag.exchange import Kind, Passage

TENT = Product("t1", "Halden 4 Tent", price=Decimal("289"), currency="USD")
PASSAGES = (
    Passage(1, "product:t1", Kind.PRODUCT, "Halden 4 Tent", "", "Sleeps four people.", 0.5, TENT),
    Passage(2, "policy:r#1", Kind.POLICY, "Returns", "", "You have 60 days from delivery.", 0.4),
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Yes [1].", "Yes [1]."),
        ("Yes [3].", "Yes."),
        ("Yes [0], [2]", "Yes, [2]"),
        ("a [note] and [12", "a [note] and [12"),
    ],
)
def test_unknown_citations_are_dropped(text: str, kept: str) -> None:
    assert drop_unknown(text, {1, 2}) == kept


@pytest.mark.parametrize("size", [1, 2, 3, 5, 50])
def test_filter_gives_the_same_however_the_text_is_cut(size: int) -> None:
    text = "The tent [1] or [7] costs [ 2 ] $5 [2][9]. See [x] [12"
    citations = CitationFilter({1, 2})
    pieces = [citations.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join(pieces) + citations.end() == drop_unknown(text, {1, 2})


def test_filter_holds_nothing_back_without_need() -> None:
    citations = CitationFilter({1, 2})
    assert citations.feed("Hello") == "Hello"
    assert citations.feed(" [1") == ""
    assert citations.feed("] you") == " [1] you"


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("The Halden 4 Tent sleeps four.", " [1]"),
        ("This tent costs $289.00.", " [1]"),
        ("You have 60 days from delivery.", " [2]"),
        ("The Halden 4 Tent [1].", ""),
        ("I do not know.", ""),
        ("", ""),
    ],
)
def test_missing_citation_is_that_of_the_facts_repeated(text: str, added: str) -> None:
    assert missing(text, PASSAGES) == added


def test_nothing_to_cite() -> None:
    assert missing("The Halden 4 Tent.", ()) == ""
