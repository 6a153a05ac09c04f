"""A mirror that keeps in step with the tables: looks once a second at what changed.

Filled at the first look. Each look does a bounded piece of work, so that no
great import keeps it, or those who search meanwhile, for long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from functools import partial

import sqlalchemy as sa

from core import products
from core.db import Database
from core.products import Product
from core.shop_tables import products as table
from core.shop_tables import vectors as vector_table
from rag import documents, vectors
from rag.chunking import Chunk, split
from rag.exchange import Kind
from rag.feed import Feed
from rag.mirror import Mirror

#: How often the tables are asked what is new.
REFRESH_S = 1.0
#: Rows taken in at one look.
REFRESH_ROWS = 1000
#: Pages of rows looked through for them: most of them may be known already.
MOST_PAGES = 10
#: After so long without a look, products may have gone that left no trace.
BLIND_S = products.REMEMBERED_S / 2


class LiveMirror(Mirror):
    """What is on sale now."""

    def __init__(self, db: Database) -> None:
        super().__init__(partial(vectors.get, db), partial(products.get, db))
        self._db = db
        self._looking = threading.Lock()
        self._looked_at: float | None = None
        self._versions: dict[str, int] = {}
        self._documents: Mapping[str, int] | None = None
        self._changes = Feed(db, table.c.updated_at, table.c.id, (table.c.version, table.c.deleted))
        self._embedded = Feed(
            db,
            vector_table.c.created_at,
            vector_table.c.text_key,
            (),
            first_key=b"",
        )

    def refresh(self, *, now: float | None = None, every_s: float = REFRESH_S) -> None:
        """Take in what was published, withdrawn or embedded since the last look.

        Returns at once when the last look is not long ago, or when another
        thread is looking; only the first look is waited for.

        Args:
            now: Seconds since the epoch.
            every_s: How long ago the last look has to be.
        """
        moment = time.time() if now is None else now
        if self._looked_at is not None and abs(moment - self._looked_at) < every_s:
            return
        if self._looking.acquire(blocking=self._looked_at is None):
            try:
                self._look(moment)
            finally:
                self._looking.release()

    def chunks(self, ids: Collection[str]) -> Mapping[str, Chunk]:
        """The parts of documents among these ids, by id, as they are at this moment."""
        names = {id.removeprefix("policy:").rpartition("#")[0] for id in ids}
        texts = documents.get(self._db, names).values()
        return {
            chunk.id: chunk
            for item in texts
            for chunk in split(item.name, item.text)
            if chunk.id in ids
        }

    def _look(self, moment: float) -> None:
        if self._looked_at is None:
            self._fill()
        elif abs(moment - self._looked_at) > BLIND_S:
            self._drop_strangers()
        self._looked_at = moment
        self._take_products()
        self._take_vectors()
        self._take_documents()

    def _fill(self) -> None:
        self._changes.skip()
        self._embedded.skip()

        def noted(item: Product) -> Product:
            self._versions[item.id] = item.version
            return item

        self.fill(noted(item) for item in products.iterate(self._db))

    def _take_products(self) -> None:
        changed = self._changed()
        if not changed:
            return
        found = products.get(self._db, list(changed))
        gone = changed - found.keys()
        self.put(list(found.values()), gone)
        self._versions |= {id: item.version for id, item in found.items()}
        for id in gone:
            self._versions.pop(id, None)

    def _changed(self) -> set[str]:
        """Ids of products that are on sale in another version than is held here, or no more."""
        changed: set[str] = set()
        for _ in range(MOST_PAGES):
            rows = self._changes.read(REFRESH_ROWS)
            for row in rows:
                version = None if row.deleted else row.version
                if self._versions.get(row.id) != version:
                    changed.add(row.id)
            if len(rows) < REFRESH_ROWS or len(changed) >= REFRESH_ROWS:
                break
        return changed

    def _take_vectors(self) -> None:
        fresh = {row.text_key for row in self._embedded.read(REFRESH_ROWS)}
        for kind in Kind:
            held = self.held(kind)
            held.give(vectors.get(self._db, held.missing(fresh)))

    def _take_documents(self) -> None:
        current = documents.versions(self._db)
        if current == self._documents:
            return
        self.put_chunks(
            chunk for item in documents.listing(self._db) for chunk in split(item.name, item.text)
        )
        self._documents = current

    def _drop_strangers(self) -> None:
        on_sale = sa.select(table.c.id).where(table.c.deleted.is_(False))
        with self._db.read() as connection:
            present = set(connection.execute(on_sale).scalars())
        gone = self._versions.keys() - present
        self.put([], gone)
        for id in gone:
            del self._versions[id]
