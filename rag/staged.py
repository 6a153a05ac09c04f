"""Products of releases that nobody sees yet, embedded ahead: on sale they are found at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import sqlalchemy as sa

from core import releases
from core.db import Database
from core.products import Product
from core.shop_tables import release_products as table
from core.statuses import ReleaseStatus
from rag import vectors
from rag.embedding import Embedder
from rag.things import product_thing

#: Small enough that what is on sale already need not wait for it.
BATCH = 50
ROWS = 500


class Ahead:
    """Goes through releases as they are made ready, some products at a time."""

    def __init__(self, db: Database, embedder: Embedder) -> None:
        self._db = db
        self._embedder = embedder
        #: How far it is with each release.
        self._at: dict[str, str] = {}

    def step(self) -> int:
        """Embed some products; returns how many it looked at, 0 when nothing is left.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        waiting = releases.listing(self._db)
        ready = [one.id for one in waiting if one.status == ReleaseStatus.READY]
        self._at = {id: self._at.get(id, "") for id in ready}
        for id, last in self._at.items():
            items = list(islice(_items(self._db, table.c.after, id, last), BATCH))
            if items:
                texts = [product_thing(item).embedded for item in items]
                vectors.embed(self._db, self._embedder, texts)
                self._at[id] = items[-1].id
                return len(items)
        return 0


def embed(
    db: Database, embedder: Embedder, id: str, on_step: Callable[[int], None] = lambda done: None
) -> None:
    """Embed all products of a release now; those that have a vector cost nothing.

    Raises:
        ServiceError: The embedding model cannot be loaded.
    """
    items, done = _items(db, table.c.after, id), 0
    while block := list(islice(items, BATCH)):
        vectors.embed(db, embedder, [product_thing(item).embedded for item in block])
        done += len(block)
        on_step(done)


def needed(db: Database) -> Iterator[bytes]:
    """Keys of the vectors that releases will need: to be switched to, or rolled back."""
    with db.read() as connection:
        ids = connection.execute(sa.select(table.c.release_id).distinct()).scalars().all()
    for id in ids:
        for column in (table.c.after, table.c.before):
            for item in _items(db, column, id):
                yield vectors.text_key(product_thing(item).embedded)


def _items(db: Database, column: sa.Column[object], id: str, last: str = "") -> Iterator[Product]:
    """The products of a release in one of its columns, in order of id."""
    while True:
        query = (
            sa.select(table.c.product_id, column.label("item"))
            .where(table.c.release_id == id, table.c.product_id > last)
            .order_by(table.c.product_id)
        )
        with db.read() as connection:
            rows = connection.execute(query.limit(ROWS)).all()
        if not rows:
            return
        for row in rows:
            if row.item is not None:
                yield Product.from_json(row.item)
        last = rows[-1].product_id
