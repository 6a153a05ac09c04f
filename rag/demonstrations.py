"""Finds the demonstrations that are most like a product, of the same product type."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import cache

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from core import ports
from core.db import Database
from core.errors import ServiceError
from core.nearest import SHOWABLE, Demonstration, showable
from core.ports import SearchServer
from core.review_tables import demonstrations
from core.settings import Settings
from rag.embedding import Embedder
from rag.shelf import Shelf, ShelfAway

logger = logging.getLogger(__name__)

#: Brought to the index at a time.
BLOCK = 200

Vectors = npt.NDArray[np.float32]


class Among:
    """Searches some demonstrations that are all in memory; see :class:`core.nearest.Nearest`.

    Args:
        found: What there is to find.
        embedder: Makes the vectors, those of a product type when it is first asked for.
    """

    def __init__(self, found: Iterable[Demonstration], embedder: Embedder) -> None:
        self._embedder = embedder
        self._of_type: defaultdict[str, list[Demonstration]] = defaultdict(list)
        for one in found:
            self._of_type[one.product_type.casefold()].append(one)
        self._vectors: dict[str, Vectors] = {}

    def __call__(
        self, texts: Sequence[str], product_type: str, k: int
    ) -> list[list[Demonstration]]:
        """At most ``k`` of this product type for each text, the most alike first.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        kind = product_type.casefold()
        there = self._of_type.get(kind, [])
        if not there or not texts:
            return [[] for _ in texts]
        if kind not in self._vectors:
            self._vectors[kind] = self._embed([one.text for one in there])
        alike = self._embed(texts) @ self._vectors[kind].T
        # Stable, so that equally good ones come in the same order everywhere.
        best = np.argsort(-alike, axis=1, kind="stable")[:, :k]
        return [[there[at] for at in row] for row in best]

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._embedder.embed_documents(list(texts)), dtype=np.float32)


@cache
def _embedder() -> Embedder:
    """One for the process: each shard opens a search, and loading the model takes a while."""
    return Embedder()


def among(found: Iterable[Demonstration]) -> Among:
    """A search over demonstrations that are in no table, such as those of a file."""
    return Among(found, _embedder())


class Search:
    """Searches the demonstrations in our tables, by way of Chroma.

    What the tables say and Chroma does not know yet is brought there first. While
    Chroma is away the same search is made in memory: it is slower, and finds the same.

    Args:
        db: Our tables, which are the truth.
        server: Asked at every connection where Chroma is.
        embedder: Makes the vectors.
    """

    def __init__(
        self, db: Database, server: Callable[[], SearchServer], embedder: Embedder
    ) -> None:
        self._db = db
        self._server = server
        self._embedder = embedder

    def __call__(
        self, texts: Sequence[str], product_type: str, k: int
    ) -> list[list[Demonstration]]:
        """At most ``k`` of this product type for each text, the most alike first.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        there = {one.id: one for one in showable(self._db, product_type)}
        if not there or not texts:
            return [[] for _ in texts]
        try:
            with closing(Shelf(self._server(), self._embedder)) as shelf:
                bring_up_to_date(self._db, shelf)
                found = shelf.near(texts, product_type, k)
        except (ShelfAway, ServiceError) as error:
            # Nothing is wrong with that: a command works without the search index beside it.
            logger.info("demonstrations are searched in memory: %s", error)
            return Among(there.values(), self._embedder)(texts, product_type, k)
        return [[there[id] for id in ids if id in there] for ids in found]


def open_search(settings: Settings, db: Database) -> Search:
    """The search over the demonstrations in our tables."""
    return Search(db, lambda: ports.search_server(settings), _embedder())


def bring_up_to_date(db: Database, shelf: Shelf) -> None:
    """Have the index know what the tables say.

    Raises:
        ShelfAway: Chroma cannot be reached; what it has not heard of stays pending.
    """
    changed = demonstrations.c.version > demonstrations.c.indexed_version
    while some := _block(db, changed):
        _bring(shelf, some)
        with db.write() as connection:
            connection.execute(
                _heard_of(), [{"one": row["id"], "at": row["version"]} for row in some]
            )
    with db.read() as connection:
        count = sa.select(sa.func.count()).select_from(demonstrations).where(SHOWABLE)
        expected = connection.execute(count).scalar_one()
    if shelf.count() != expected:
        # Its directory was lost or replaced: the tables hold all of it.
        shelf.empty()
        with db.write() as connection:
            connection.execute(demonstrations.update().values(indexed_version=0))
        bring_up_to_date(db, shelf)


def _block(db: Database, condition: sa.ColumnElement[bool]) -> list[sa.RowMapping]:
    query = demonstrations.select().where(condition).order_by(demonstrations.c.id).limit(BLOCK)
    with db.read() as connection:
        return list(connection.execute(query).mappings())


def _bring(shelf: Shelf, some: Sequence[sa.RowMapping]) -> None:
    def is_shown(row: sa.RowMapping) -> bool:
        return row["enabled"] and not row["held_back"] and not row["deleted"]

    shelf.put([(row["id"], row["text"], row["product_type"]) for row in some if is_shown(row)])
    shelf.remove([row["id"] for row in some if not is_shown(row)])


def _heard_of() -> sa.Update:
    """Notes up to which version the index has demonstrations, unless they have changed since."""
    return (
        demonstrations.update()
        .where(demonstrations.c.id == sa.bindparam("one"))
        .where(demonstrations.c.version == sa.bindparam("at"))
        .values(indexed_version=sa.bindparam("at"))
    )
