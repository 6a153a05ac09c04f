"""The process that keeps the search index in step: ``python -m rag.indexer``.

Asks the tables what is pending, embeds what no text before it said alike,
stores it in Chroma and only then says so in the tables. Whatever moment it is
killed at, the worst that happens is that one batch is embedded again.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from filelock import FileLock

from core import logs, ports, products, progress, release_steps
from core.db import Database, open_database
from core.duty import Duty
from core.errors import DatabaseAway, ServiceError
from core.files import make_folder, write_atomically
from core.settings import SAMPLE, Settings, load_settings
from core.shop_tables import products as table
from rag import chunking, documents, staged, vectors
from rag.documents import Document
from rag.embedding import Embedder
from rag.exchange import Kind
from rag.index import EmbeddingMismatch, Entry, Index
from rag.sample_shop import sample_products
from rag.staged import Ahead
from rag.things import Thing, chunk_thing, product_id, product_thing

logger = logging.getLogger(__name__)

LABEL = "Filling the shelves"
POLL_S = 1.0
#: How often one that stands by looks whether it is needed.
STAND_BY_S = 2.0
#: Any number that is ours alone: see core/duty.py.
DUTY = 0x5_4092
#: Small enough that shoppers' searches do not notice a batch being stored.
BATCH = 50
DOCUMENTS = 4
#: How often it looks whether there is something to forget.
TIDY_S = 600.0
#: How many times as many vectors are kept as there are products, before any are forgotten: who
#: goes back to an earlier text, as after a trial, need not wait for it to be embedded again.
SPARE_VECTORS = 1.5
SOME = 1000
#: A killed indexer leaves a batch in Chroma that the tables do not know of yet.
TOLERANCE = 2 * BATCH


def step(db: Database, index: Index, *, limit: int = BATCH) -> int:
    """Index one batch of what is pending; returns how many products and documents it took.

    Raises:
        ServiceError: Chroma cannot be reached; everything stays pending.
    """
    texts = documents.pending(db, DOCUMENTS)
    for document in texts:
        _index_document(db, index, document)
    items = products.pending(db, limit)
    if items:
        things = [product_thing(item) for item in items if not item.deleted]
        _put(db, index, Kind.PRODUCT, things)
        gone = [product_id(item.id) for item in items if item.deleted]
        index.remove(Kind.PRODUCT, gone)
        products.mark_indexed(db, items)
    return len(texts) + len(items)


def count_pending(db: Database) -> int:
    """How many products and documents the index does not know yet."""
    return products.count_pending(db) + documents.count_pending(db)


def repair(db: Database, index: Index) -> bool:
    """Compare Chroma with the tables and start over where it is not theirs; says if it did.

    That is so after its directory was lost or replaced, and after a change of
    the embedding model. Also makes pending whose text has no vector: another
    version of this program may have put the texts together in another way.

    Raises:
        ServiceError: Chroma cannot be reached.
    """
    try:
        known = {Kind.PRODUCT: _count_indexed(db), Kind.POLICY: documents.count_indexed_chunks(db)}
        strange = [kind for kind in Kind if _differs(index.count(kind), known[kind])]
    except EmbeddingMismatch:
        strange = list(Kind)
    if not strange:
        _reindex_unembedded(db)
        return False
    logger.warning("The search index does not match the tables; building it again.")
    index.reset()
    products.reindex_all(db)
    documents.reindex_all(db)
    return True


def seed(settings: Settings, db: Database) -> None:
    """Put the sample shop on sale, the first time this home is started and is still empty.

    Raises:
        ServiceError: The home cannot be written.
        CatalogError: The sample was damaged.
    """
    marker = settings.home / "seeded"
    if not settings.sample_shop or marker.exists():
        return
    if products.count(db) == 0 and not documents.listing(db):
        products.publish(db, sample_products())
        documents.publish_documents(db, SAMPLE / "policies")
    # Remembered in the home, so that a merchant who deletes the sample is rid of it.
    write_atomically(marker, "The sample shop was offered once; it does not come back.\n")


def lock_path(settings: Settings) -> Path:
    """The file that the home's only indexer holds locked."""
    return make_folder(settings.run) / "indexer.lock"


def drain(settings: Settings, db: Database, index: Index) -> None:
    """Index until nothing is pending, telling how far it is.

    Raises:
        ServiceError: Chroma cannot be reached; what is left stays pending.
    """
    done = 0
    while left := count_pending(db):
        progress.report(settings, LABEL, done, done + left)
        done += step(db, index)
    if done:
        progress.clear(settings)


def tidy(db: Database, *, now: float | None = None) -> int:
    """Forget products that left the shop, and vectors of texts that nobody has any more.

    Args:
        now: Seconds since the epoch.

    Returns:
        How many vectors went.
    """
    products.forget_deleted(db, now=now)
    if vectors.count(db) <= SPARE_VECTORS * (products.count(db) + SOME):
        return 0
    return vectors.forget_unneeded(db, set(_needed(db)), now=now)


def _reindex_unembedded(db: Database) -> None:
    known = vectors.keys(db)
    lacking = [id for id, key in _product_keys(db) if key not in known]
    for start in range(0, len(lacking), products.BATCH):
        products.reindex(db, lacking[start : start + products.BATCH])
    if any(key not in known for key in _chunk_keys(db)):
        documents.reindex_all(db)


def _needed(db: Database) -> Iterator[bytes]:
    yield from (key for _, key in _product_keys(db))
    yield from _chunk_keys(db)


def _product_keys(db: Database) -> Iterator[tuple[str, bytes]]:
    for item in products.iterate(db):
        yield item.id, vectors.text_key(product_thing(item).embedded)


def _chunk_keys(db: Database) -> Iterator[bytes]:
    for document in documents.listing(db):
        for chunk in chunking.split(document.name, document.text):
            yield vectors.text_key(chunk_thing(chunk).embedded)
    yield from staged.needed(db)


def run(settings: Settings, db: Database, index: Index) -> NoReturn:
    """Keep the index in step for ever; waits while Chroma, or the database, is away.

    Where several machines have an indexer, one works and the others stand by.
    """
    duty, trusted, away = Duty(db, DUTY), False, False
    tidied_at = time.monotonic()
    ahead = Ahead(db, index.embedder)
    while True:
        busy = 0
        try:
            if not duty.is_mine():
                trusted = False
                time.sleep(STAND_BY_S)
                continue
            if not trusted:
                repair(db, index)
                trusted = True
            # What was interrupted half-way would stay so until somebody looks.
            release_steps.go_on(db)
            drain(settings, db, index)
            busy = ahead.step()
            if time.monotonic() >= tidied_at + TIDY_S:
                tidy(db)
                tidied_at = time.monotonic()
            away = False
        except ServiceError as error:
            if not away:
                if isinstance(error, DatabaseAway):
                    logger.warning("Waiting for the database: %s", error.reason)
                else:
                    logger.warning("Waiting for the search index: %s", error)
            trusted, away = False, True
        if not busy:
            time.sleep(POLL_S)


def main() -> None:
    """Run for this home until SIGTERM or Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    logs.begin()
    settings = load_settings()
    with FileLock(lock_path(settings)):
        progress.clear(settings)  # what a killed predecessor left
        db = open_database(settings)
        seed(settings, db)
        run(settings, db, Index(lambda: ports.search_server(settings), Embedder()))


def _leave(number: int, frame: object) -> NoReturn:
    # Even amid a batch: what is not marked as indexed is indexed again. Taking the embedding
    # model apart in good order would take longer than we are given.
    os._exit(0)


def _index_document(db: Database, index: Index, document: Document) -> None:
    chunks = () if document.deleted else chunking.split(document.name, document.text)
    _put(db, index, Kind.POLICY, [chunk_thing(chunk) for chunk in chunks])
    left_over = range(len(chunks) + 1, document.chunks + 1)
    index.remove(Kind.POLICY, [f"policy:{document.name}#{number}" for number in left_over])
    documents.mark_indexed(db, document, len(chunks))


def _put(db: Database, index: Index, kind: Kind, things: Sequence[Thing]) -> None:
    if not things:
        return
    made = vectors.embed(db, index.embedder, [thing.embedded for thing in things])
    # A metadata value is never taken away by storing another, and never missed.
    entries = [Entry(thing.id, thing.embedded, {"kind": kind}) for thing in things]
    index.put(kind, entries, made)


def _count_indexed(db: Database) -> int:
    with db.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).where(
                table.c.indexed_version > 0, table.c.deleted.is_(False)
            )
        ).scalar_one()


def _differs(found: int, expected: int) -> bool:
    lost = expected > 0 and found == 0
    return lost or abs(found - expected) > max(TOLERANCE, expected // 10)


if __name__ == "__main__":
    main()
