"""Vectors of texts, kept by what the text says: no text is embedded twice.

The ``vectors`` table outlives Chroma and is what both Chroma and the searching
processes are filled from. A vector's key holds the embedding model's name, so
that vectors of different models never meet.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from core.db import Database, upsert
from core.shop_tables import vectors as table
from rag import embedding
from rag.embedding import Embedder

Vectors = NDArray[np.float16]

#: How many are asked for, or removed, at once.
PAGE = 500
#: A vector may be stored shortly before the product that needs it.
KEPT_S = 24 * 3600.0


def text_key(text: str) -> bytes:
    """What a text's vector is stored under."""
    named = f"{embedding.EMBEDDING_NAME}\n{text}".encode(errors="surrogatepass")
    return hashlib.blake2b(named, digest_size=16).digest()


def get(db: Database, keys: Iterable[bytes]) -> dict[bytes, bytes]:
    """The stored vectors among these keys, as float16 numbers in bytes."""
    found: dict[bytes, bytes] = {}
    for page in _pages(dict.fromkeys(keys)):
        with db.read() as connection:
            asked = table.c.text_key.in_(page)
            rows = connection.execute(table.select().where(asked))
            found |= {row.text_key: row.vector for row in rows}
    return found


def embed(db: Database, embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """The vectors of texts, in their order; only those never seen are embedded.

    Raises:
        ServiceError: The embedding model cannot be loaded.
    """
    keys = [text_key(text) for text in texts]
    known = get(db, keys)
    fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    made = np.asarray(embedder.embed_documents(list(fresh.values())), np.float16)
    for key, vector in zip(fresh, made, strict=True):
        known[key] = vector.tobytes()
    _store(db, {key: known[key] for key in fresh})
    return np.array([from_bytes(known[key]) for key in keys], np.float16)


def from_bytes(stored: bytes) -> Vectors:
    """A vector as it was stored."""
    return np.frombuffer(stored, np.float16)


def count(db: Database) -> int:
    """How many vectors are kept."""
    with db.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def keys(db: Database) -> frozenset[bytes]:
    """The keys of all vectors that are kept."""
    with db.read() as connection:
        return frozenset(connection.execute(sa.select(table.c.text_key)).scalars())


def forget_unneeded(db: Database, needed: Collection[bytes], *, now: float | None = None) -> int:
    """Remove vectors that no text needs any more; returns how many.

    Args:
        needed: The keys of every text that there is.
        now: Seconds since the epoch; what was stored within the day before stays.
    """
    old = (time.time() if now is None else now) - KEPT_S
    with db.read() as connection:
        stored = connection.execute(
            sa.select(table.c.text_key).where(table.c.created_at < old)
        ).scalars()
        unneeded = [key for key in stored if key not in needed]
    for page in _pages(unneeded):
        with db.write() as connection:
            connection.execute(table.delete().where(table.c.text_key.in_(page)))
    return len(unneeded)


def _store(db: Database, fresh: dict[bytes, bytes]) -> None:
    if not fresh:
        return
    now = time.time()
    with db.write() as connection:
        rows = [
            {"text_key": key, "vector": vector, "created_at": now} for key, vector in fresh.items()
        ]
        upsert(connection, table, rows)


def _pages(keys: Iterable[bytes]) -> Iterator[list[bytes]]:
    remaining = iter(keys)
    while page := list(islice(remaining, PAGE)):
        yield page
