"""The vectors of demonstrations in Chroma; holds nothing that our tables do not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import chromadb

from core.ports import SearchServer
from rag import chroma_client
from rag.embedding import EMBEDDING_NAME, Embedder
from rag.index import CONFIGURATION

#: Vectors of another embedding model would be in a collection of another name.
NAME = f"demonstrations-{EMBEDDING_NAME}"
KIND = "kind"

T = TypeVar("T")


class ShelfAway(Exception):
    """Chroma cannot be reached, or does not do as it is asked."""


class Shelf:
    """A collection of texts by product type; to be closed after use.

    Args:
        server: Where Chroma is.
        embedder: Makes the vectors.
    """

    def __init__(self, server: SearchServer, embedder: Embedder) -> None:
        self._embedder = embedder
        self._client = _guarded(lambda: chroma_client.connect(server))
        self._collection = self._open()

    def _open(self) -> chromadb.Collection:
        return _guarded(
            lambda: self._client.get_or_create_collection(
                NAME, configuration=CONFIGURATION, embedding_function=None
            )
        )

    def put(self, some: Sequence[tuple[str, str, str]]) -> None:
        """Store texts, each as its id, itself and its product type; replaces earlier ones.

        Raises:
            ShelfAway: Chroma cannot be reached.
        """
        if not some:
            return
        vectors = self._embedder.embed_documents([text for _, text, _ in some])
        _guarded(
            lambda: self._collection.upsert(
                ids=[id for id, _, _ in some],
                embeddings=cast(Any, vectors),
                metadatas=[{KIND: kind.casefold()} for _, _, kind in some],
            )
        )

    def remove(self, ids: Sequence[str]) -> None:
        """Forget texts; unknown ids are ignored.

        Raises:
            ShelfAway: Chroma cannot be reached.
        """
        if ids:
            _guarded(lambda: self._collection.delete(ids=list(ids)))

    def near(self, texts: Sequence[str], product_type: str, k: int) -> list[list[str]]:
        """The ids of the ``k`` texts of a product type closest to each text, best first.

        Raises:
            ShelfAway: Chroma cannot be reached.
        """
        vectors = self._embedder.embed_documents(list(texts))
        found = _guarded(
            lambda: self._collection.query(
                query_embeddings=cast(Any, vectors),
                n_results=k,
                where={KIND: product_type.casefold()},
                include=[],
            )
        )
        return [list(ids) for ids in found["ids"]]

    def count(self) -> int:
        """How many texts there are.

        Raises:
            ShelfAway: Chroma cannot be reached.
        """
        return _guarded(self._collection.count)

    def empty(self) -> None:
        """Throw all of it away.

        Raises:
            ShelfAway: Chroma cannot be reached.
        """
        _guarded(lambda: self._client.delete_collection(NAME))
        self._collection = self._open()

    def close(self) -> None:
        """Give the connection back."""
        chroma_client.close(self._client)


def _guarded(action: Callable[[], T]) -> T:
    try:
        return action()
    # Chroma's client raises bare Exception and ValueError for what the server answers.
    except Exception as error:
        raise ShelfAway(f"{type(error).__name__}: {error}") from error
