"""The vectors in Chroma: one collection of products, one of policy chunks.

Holds nothing that our tables do not
know: everything here can be thrown away and built again. The two kinds have a
collection each, because the near ones of a few policy chunks must not be
crowded out by a hundred thousand products, and Chroma's filters are slow.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from langchain_chroma import Chroma

from core.errors import ServiceError, ShopkeeperError
from core.ports import SearchServer
from rag import chroma_client
from rag.embedding import EMBEDDING_NAME, Embedder
from rag.exchange import Kind
from rag.vectors import Vectors

logger = logging.getLogger(__name__)

CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 200}
}
COLLECTIONS = {Kind.PRODUCT: "products", Kind.POLICY: "policies"}
AWAY = (
    "The search index does not answer at the moment. It restarts by itself within seconds; "
    "please try again."
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A text to be found by meaning; ``metadata`` holds scalars only."""

    id: str
    text: str
    metadata: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry's id and its similarity to the question, from 0 to 1."""

    id: str
    similarity: float


class EmbeddingMismatch(ServiceError):
    """The index holds vectors of another embedding model; the indexer rebuilds it."""


class Index:
    """Both collections, over HTTP; safe to share between threads.

    Connects at first use and again after Chroma was away.

    Args:
        server: Asked at every connection where Chroma is.
        embedder: Makes the vectors that are stored.
    """

    def __init__(self, server: Callable[[], SearchServer], embedder: Embedder) -> None:
        self.embedder = embedder
        self._server = server
        self._lock = threading.Lock()
        self._client: ClientAPI | None = None
        self._stores: dict[Kind, Chroma] = {}

    def put(self, kind: Kind, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Store entries with their vectors; one that is there already is replaced.

        Raises:
            ServiceError: Chroma cannot be reached.
        """
        size = self._retried(lambda: self._connected().get_max_batch_size())
        for start in range(0, len(entries), size):
            block = slice(start, start + size)
            self._with_store(kind, partial(_add, entries=entries[block], vectors=vectors[block]))

    def remove(self, kind: Kind, ids: Sequence[str]) -> None:
        """Forget entries; unknown ids are ignored.

        Raises:
            ServiceError: Chroma cannot be reached.
        """
        if ids:
            self._with_store(kind, lambda store: store.delete(ids=list(ids)))

    def near(self, kind: Kind, vector: Sequence[float], k: int) -> list[Hit]:
        """The ``k`` entries closest to a vector, best first.

        Raises:
            ServiceError: Chroma cannot be reached.
            EmbeddingMismatch: The index was made with another embedding model.
        """
        # Ids and distances only: reading metadata as well takes ten times as long.
        result = self._with_store(
            kind,
            lambda store: _collection(store).query(
                query_embeddings=[cast(Any, vector)], n_results=k, include=["distances"]
            ),
        )
        distances = (result["distances"] or [[]])[0]
        return [
            Hit(id=id, similarity=max(0.0, min(1.0, 1.0 - float(distance))))
            for id, distance in zip(result["ids"][0], distances, strict=True)
        ]

    def count(self, kind: Kind) -> int:
        """How many entries there are.

        Raises:
            ServiceError: Chroma cannot be reached.
        """
        return self._with_store(kind, lambda store: _collection(store).count())

    def reset(self) -> None:
        """Throw both collections away; they come back empty at the next use.

        Raises:
            ServiceError: Chroma cannot be reached.
        """

        self._retried(self._drop)
        self.close()

    def connect(self) -> None:
        """Connect now, so that the first question need not wait for it.

        Raises:
            ServiceError: Chroma cannot be reached.
        """
        for kind in Kind:
            self.count(kind)

    def close(self) -> None:
        """Give the connections back; the next use opens new ones."""
        with self._lock:
            client, self._client, self._stores = self._client, None, {}
        if client is not None:
            chroma_client.close(client)

    def _with_store(self, kind: Kind, action: Callable[[Chroma], T]) -> T:
        return self._retried(lambda: action(self._store(kind)))

    def _retried(self, action: Callable[[], T]) -> T:
        """Run an action; once more on a fresh connection, since Chroma may have been restarted."""
        try:
            return action()
        except ShopkeeperError:
            raise
        # Chroma's client raises bare Exception and ValueError for what the server answers.
        except Exception as error:  # noqa: BLE001
            logger.info("chroma failed once, connecting again: %s", type(error).__name__)
            self.close()
        try:
            return action()
        except ShopkeeperError:
            raise
        except Exception as error:
            self.close()
            raise ServiceError(AWAY) from error

    def _drop(self) -> None:
        client = self._connected()
        present = {collection.name for collection in client.list_collections()}
        for name in present.intersection(COLLECTIONS.values()):
            client.delete_collection(name)

    def _connected(self) -> ClientAPI:
        with self._lock:
            return self._open_client()

    def _open_client(self) -> ClientAPI:
        if self._client is None:
            self._client = chroma_client.connect(self._server())
        return self._client

    def _store(self, kind: Kind) -> Chroma:
        with self._lock:
            if kind not in self._stores:
                self._stores[kind] = self._open_store(kind)
            return self._stores[kind]

    def _open_store(self, kind: Kind) -> Chroma:
        store = Chroma(
            collection_name=COLLECTIONS[kind],
            embedding_function=self.embedder,
            client=self._open_client(),
            collection_metadata={"embedding": EMBEDDING_NAME},
            collection_configuration=CONFIGURATION,
        )
        made_with = (_collection(store).metadata or {}).get("embedding")
        if made_with != EMBEDDING_NAME:
            raise EmbeddingMismatch(
                f"The search index was made with another embedding model ({made_with}); "
                "it is being rebuilt. Try again in a few minutes."
            )
        return store


def _add(store: Chroma, entries: Sequence[Entry], vectors: Vectors) -> None:
    # LangChain's store would embed the texts once more.
    _collection(store).upsert(
        ids=[entry.id for entry in entries],
        embeddings=vectors.astype(np.float32),
        documents=[entry.text for entry in entries],
        metadatas=[dict(entry.metadata) for entry in entries],
    )


def _collection(store: Chroma) -> chromadb.Collection:
    # Nothing public of LangChain's store counts, takes vectors, or asks for distances alone.
    return store._collection
