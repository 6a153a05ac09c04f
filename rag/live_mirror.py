"""A mirror that keeps in step with the tables: every question sees what was published before it.

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
from core.changes import Changes
from core.db import Database
from core.products import Product
from core.shop_tables import documents as document_table
from core.shop_tables import products as table
from core.shop_tables import vectors as vector_table
from rag import documents, vectors
from rag.chunking import Chunk, split
from rag.exchange import Kind
from rag.feed import Feed
from rag.mirror import Mirror

#: Rows taken in at one look.
REFRESH_ROWS = 1000
#: So long a search waits for another thread that looks, rather than miss what was just published;
#: a product takes up to 30 ms to take in on a busy machine.
PATIENCE_S = 0.5
#: Pages of rows looked through for them: most of them may be known already.
MOST_PAGES = 10
#: After so long without a look, products may have gone that left no trace.
BLIND_S = products.REMEMBERED_S / 2
#: Changes whenever a document does; one that is forgotten and one that comes leave a later time.
_DOCUMENTS = sa.select(
    sa.func.sum(document_table.c.version), sa.func.max(document_table.c.updated_at)
)


class LiveMirror(Mirror):
    """What is on sale now."""

    def __init__(self, db: Database) -> None:
        super().__init__(partial(vectors.get, db), partial(products.get, db))
        self._db = db
        self._looking = threading.Lock()
        self._filled = self._whole = False
        self._looked_at = 0.0
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
        self._feeds = (self._changes, self._embedded)
        signs = (*(feed.sign for feed in self._feeds), _DOCUMENTS)
        self._news = Changes(
            db, sa.union_all(*signs), lambda: self._changes.values | self._embedded.values
        )

    def refresh(self, *, now: float | None = None) -> None:
        """Take in what was published, withdrawn or embedded before this moment.

        When nothing was, that costs one question to the database. Of very much that
        was published at once, a part is taken in each time.

        Args:
            now: Seconds since the epoch.
        """
        moment = time.time() if now is None else now
        if self._looking.acquire(timeout=PATIENCE_S if self._filled else -1):
            try:
                if not self._is_up_to_date(moment):
                    self._look(moment)
                self._looked_at = moment
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

    def _is_up_to_date(self, moment: float) -> bool:
        changed = self._news.there()
        if any(feed.settles(moment) for feed in self._feeds):
            return False
        blind = abs(moment - self._looked_at) > BLIND_S
        return self._whole and not changed and not blind

    def _look(self, moment: float) -> None:
        self._whole = False
        if not self._filled:
            self._fill()
        elif abs(moment - self._looked_at) > BLIND_S:
            self._drop_strangers()
        self._take_products(moment)
        self._take_vectors(moment)
        self._take_documents()
        self._whole = True

    def _fill(self) -> None:
        self._changes.skip()
        self._embedded.skip()

        def noted(item: Product) -> Product:
            self._versions[item.id] = item.version
            return item

        self.fill(noted(item) for item in products.iterate(self._db))
        self._filled = True

    def _take_products(self, moment: float) -> None:
        with self._changes.taken():
            changed = self._changed(moment)
            if not changed:
                return
            found = products.get(self._db, list(changed))
            gone = changed - found.keys()
            self.put(list(found.values()), gone)
        self._versions |= {id: item.version for id, item in found.items()}
        for id in gone:
            self._versions.pop(id, None)

    def _changed(self, moment: float) -> set[str]:
        """Ids of products that are on sale in another version than is held here, or no more."""
        changed: set[str] = set()
        for _ in range(MOST_PAGES):
            rows = self._changes.read(REFRESH_ROWS, moment)
            for row in rows:
                version = None if row.deleted else row.version
                if self._versions.get(row.id) != version:
                    changed.add(row.id)
            if len(rows) < REFRESH_ROWS or len(changed) >= REFRESH_ROWS:
                break
        return changed

    def _take_vectors(self, moment: float) -> None:
        with self._embedded.taken():
            fresh = {row.text_key for row in self._embedded.read(REFRESH_ROWS, moment)}
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
