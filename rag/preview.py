"""The shop as it would be after some changes: to be searched before they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from core import products
from core.db import Database
from core.products import Product
from rag import documents, vectors
from rag.embedding import Embedder
from rag.mirror import Mirror
from rag.things import product_thing

#: By id; None: it leaves the shop.
Changes = Mapping[str, Product | None]
#: Texts embedded at a time: half a second's work.
BLOCK = 32


def preview(
    db: Database,
    embedder: Embedder,
    changes: Changes,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Mirror:
    """The whole shop in memory with some products changed, added or taken away.

    New texts are embedded here and kept, so that the change itself need not
    wait for them.

    Args:
        db: Where the shop is; nothing in it is changed but the vectors.
        embedder: Makes the vectors of texts that were never embedded.
        changes: What would be different.
        on_progress: Called with how many changed products are embedded, and of how many.

    Raises:
        ServiceError: The embedding model cannot be loaded.
    """
    changed = [item for item in changes.values() if item is not None]
    on_progress(0, len(changed))
    for start in range(0, len(changed), BLOCK):
        block = changed[start : start + BLOCK]
        vectors.embed(db, embedder, [product_thing(item).embedded for item in block])
        on_progress(start + len(block), len(changed))
    mirror = Mirror(partial(vectors.get, db), partial(_read, db, changes))
    mirror.fill(_merged(db, changes))
    mirror.put_chunks(
        chunk for item in documents.listing(db) for chunk in documents.split(item.name, item.text)
    )
    return mirror


def _merged(db: Database, changes: Changes) -> Iterator[Product]:
    yield from (item for item in products.iterate(db) if item.id not in changes)
    yield from (item for item in changes.values() if item is not None)


def _read(db: Database, changes: Changes, keys: Sequence[str]) -> dict[str, Product]:
    found = products.get(db, [key for key in keys if key not in changes])
    wanted = {key: changes[key] for key in keys if key in changes}
    return found | {key: item for key, item in wanted.items() if item is not None}
