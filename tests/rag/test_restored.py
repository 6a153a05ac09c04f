"""A shop that was put back: the chat finds what it found, though the index was left behind."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from core.backup import backup
from core.db import Database, open_database
from core.restore import restore
from core.settings import Settings, load_settings
from rag import conversations, indexer, messages
from rag.embedding import Embedder
from rag.exchange import Kind
from rag.index import Index
from rag.live_mirror import LiveMirror
from rag.query import Query
from rag.retriever import Retriever
from tests.rag.conftest import ChromaServer, fill

pytestmark = pytest.mark.processes


@pytest.fixture
def restored(settings: Settings, shop: Database, tmp_path: Path) -> Settings:
    messages.add_question(shop, conversations.create(shop, "visitor").id, "Any tents?")
    backup(settings, shop, tmp_path / "shop.backup")
    new = load_settings(home=tmp_path / "second", sample_shop=False)
    restore(new, tmp_path / "shop.backup")
    return new


def test_products_and_policies_are_found_after_a_restore_with_an_empty_index(
    restored: Settings, index: Index
) -> None:
    index.reset()
    _check(restored, index)


def test_what_another_shop_left_in_the_index_is_not_found(
    restored: Settings, chroma: ChromaServer, index: Index
) -> None:
    with closing(Index(lambda: chroma.server, index.embedder)) as other:
        assert other.count(Kind.PRODUCT) > 0
    _check(restored, index)


def _check(restored: Settings, index: Index) -> None:
    with closing(open_database(restored)) as db:
        indexer.repair(db, index)
        fill(db, index)
        assert index.count(Kind.PRODUCT) == 3
        retriever = Retriever(LiveMirror(db), index, index.embedder)
        wanted = "a shelter for four people to sleep in"
        found = retriever.search(Query(wanted, wanted))
        assert found.passages[0].id.endswith("t1")
        assert [one.title for one in conversations.listing(db, "visitor")] == ["Any tents?"]


def test_no_text_is_embedded_again(
    restored: Settings, index: Index, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.reset()
    asked: list[str] = []

    def embed(_self: Embedder, texts: list[str]) -> list[list[float]]:
        asked.extend(texts)
        return []

    monkeypatch.setattr(Embedder, "embed_documents", embed)
    with closing(open_database(restored)) as db:
        fill(db, index)
        assert index.count(Kind.PRODUCT) == 3
    assert asked == []
