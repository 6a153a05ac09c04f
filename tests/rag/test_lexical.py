from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core import products
from core.db import Database
from core.products import Product
from rag import documents
from rag.exchange import Kind
from rag.lexical import REFRESH_S, LexicalIndex

TENT = Product("t", "Green tent", "Sleeps four.")
MAT = Product("m", "Mat", "For a tent.")


@pytest.fixture
def lexical(db: Database) -> LexicalIndex:
    products.publish(db, [TENT, MAT])
    index = LexicalIndex(db)
    index.refresh(now=0)
    return index


def test_words_in_the_title_count_more(lexical: LexicalIndex) -> None:
    assert lexical.search(Kind.PRODUCT, "any tents?", 5) == ["product:t", "product:m"]
    assert lexical.search(Kind.PRODUCT, "any tents?", 1) == ["product:t"]


@pytest.mark.parametrize("question", ["", "do you have any?", "zebra", 'AND OR ("[title:*', "🦓"])
def test_nothing_to_find(lexical: LexicalIndex, question: str) -> None:
    assert lexical.search(Kind.PRODUCT, question, 5) == []


def test_stems_and_accents(lexical: LexicalIndex) -> None:
    assert lexical.terms("Sleeping, SLEEPS; café") == {"sleep", "cafe"}


def test_changes_are_seen_after_a_second(lexical: LexicalIndex, db: Database) -> None:
    products.publish(db, [replace(TENT, title="Blue zeppelin"), Product("n", "New zeppelin")])
    products.withdraw(db, ["m"])
    lexical.refresh(now=REFRESH_S / 2)
    assert lexical.search(Kind.PRODUCT, "zeppelin", 5) == []
    lexical.refresh(now=REFRESH_S)
    assert set(lexical.search(Kind.PRODUCT, "zeppelin", 5)) == {"product:t", "product:n"}
    assert lexical.search(Kind.PRODUCT, "mat", 5) == []


def test_great_import_is_taken_in_by_parts(
    lexical: LexicalIndex, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.lexical.REFRESH_ROWS", 3)
    products.publish(db, [Product(f"z{n}", f"Zeppelin {n}") for n in range(7)])
    counts = []
    for now in range(1, 5):
        lexical.refresh(now=float(now))
        counts.append(len(lexical.search(Kind.PRODUCT, "zeppelin", 50)))
    assert counts == [3, 6, 7, 7]


def test_documents_follow_too(lexical: LexicalIndex, db: Database, tmp_path: Path) -> None:
    path = tmp_path / "returns.md"
    path.write_text("# Returns\n\n## Refunds\n\nBy card.\n")
    documents.publish_documents(db, path)
    lexical.refresh(now=1)
    assert lexical.search(Kind.POLICY, "refund", 5) == ["policy:returns#1"]
    documents.withdraw_documents(db, ["returns"])
    lexical.refresh(now=2)
    assert lexical.search(Kind.POLICY, "refund", 5) == []
