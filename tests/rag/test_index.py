from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from core.errors import ServiceError
from core.ports import SearchServer
from rag import index as module
from rag.embedding import Embedder
from rag.exchange import Kind
from rag.index import EmbeddingMismatch, Entry, Hit, Index
from tests.rag.conftest import ChromaServer

pytestmark = pytest.mark.processes
TENT = Entry("product:t", "a red tent", {"kind": "product"})
KETTLE = Entry("product:k", "an electric kettle", {"kind": "product"})


def put(index: Index, entries: list[Entry]) -> None:
    made = index.embedder.embed_documents([entry.text for entry in entries])
    index.put(Kind.PRODUCT, entries, np.asarray(made, np.float16))


def near(index: Index, text: str, k: int, kind: Kind = Kind.PRODUCT) -> list[Hit]:
    return index.near(kind, index.embedder.embed_query(text), k)


def test_nearest_comes_first(index: Index) -> None:
    put(index, [KETTLE, TENT])
    hits = near(index, "tent in red", 5)
    assert [hit.id for hit in hits] == ["product:t", "product:k"]
    assert 0.8 < hits[0].similarity <= 1
    assert near(index, "tent in red", 5, Kind.POLICY) == []


def test_put_replaces_and_remove_ignores_unknown(index: Index) -> None:
    put(index, [TENT])
    put(index, [TENT, KETTLE])
    assert index.count(Kind.PRODUCT) == 2
    index.remove(Kind.PRODUCT, ["product:t", "product:unknown"])
    assert index.count(Kind.PRODUCT) == 1
    put(index, [])
    index.remove(Kind.PRODUCT, [])


def test_connects_again_after_a_restart(index: Index, chroma: ChromaServer) -> None:
    put(index, [TENT])
    chroma.kill()
    with pytest.raises(ServiceError, match="does not answer"):
        near(index, "tent", 1)
    chroma.start()
    assert near(index, "tent", 1)[0].id == "product:t"


def test_restart_between_two_questions_is_not_noticed(index: Index, chroma: ChromaServer) -> None:
    put(index, [TENT])
    chroma.kill()
    chroma.start()
    assert near(index, "tent", 1)[0].id == "product:t"


def test_lost_collection_is_made_again(
    index: Index, chroma: ChromaServer, embedder: Embedder
) -> None:
    put(index, [TENT])
    with closing(Index(lambda: chroma.server, embedder)) as other:
        other.reset()
    assert near(index, "tent", 1) == []


def test_vectors_of_different_models_never_meet(
    index: Index, chroma: ChromaServer, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.connect()
    monkeypatch.setattr(module, "EMBEDDING_NAME", "another")
    with (
        closing(Index(lambda: chroma.server, embedder)) as other,
        pytest.raises(EmbeddingMismatch, match="being rebuilt"),
    ):
        near(other, "tent", 1)


def test_missing_port_is_the_message_of_the_services(embedder: Embedder) -> None:
    def not_started() -> SearchServer:
        raise ServiceError("start it with `make run`")

    with pytest.raises(ServiceError, match="make run"):
        Index(not_started, embedder).count(Kind.PRODUCT)
