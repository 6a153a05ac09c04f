"""The shop in memory, for one process that searches: facts, words and vectors.

Holds what it is given and answers at once; where it comes from, and how it
keeps in step with the tables, is in rag/live_mirror.py. Everything in it can
be thrown away and made again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice

import numpy as np

from core.facts import IN_STOCK, Fact, Filter, Order, facts_of
from core.products import Product
from rag.chunking import Chunk
from rag.exchange import Kind
from rag.fact_arrays import FactArrays
from rag.fact_column import Mask
from rag.held import Held, Lookup
from rag.query import FieldFacts
from rag.things import chunk_thing, product_id, product_key, product_thing
from rag.words import stems

#: Gives products by key.
Read = Callable[[Sequence[str]], Mapping[str, Product]]
#: Products taken in between two breaths, so that searches get their turn.
BLOCK = 100
#: Products taken in at once while nobody searches yet.
FILLED = 4000


class Mirror:
    """Products and parts of documents; safe to share between threads.

    Is the :class:`rag.query.Facets` of its products.

    Args:
        lookup: Finds stored vectors.
        read: Gives the products among some keys as they are on sale at this moment.
    """

    def __init__(self, lookup: Lookup, read: Read) -> None:
        self._lookup = lookup
        self._read = read
        self._chunks: Mapping[str, Chunk] = {}
        self._lock = threading.Lock()
        self._facts = FactArrays()
        self._held = {kind: Held() for kind in Kind}

    @property
    def version(self) -> int:
        """Raised whenever a field, a text or a unit came or went."""
        return self._facts.version

    def fields(self) -> Mapping[str, FieldFacts]:
        """What there is, by field name; price, stock and department are among them."""
        return self._facts.fields()

    def titled(self, word: str) -> int:
        """About how many products have a word in their title, in any of its forms."""
        return sum(map(self._held[Kind.PRODUCT].words.titled, stems(word)))

    def held(self, kind: Kind) -> Held:
        """The things of one kind."""
        return self._held[kind]

    def refresh(self, *, now: float | None = None) -> None:
        """Take in what changed; there is nothing to follow unless a subclass does."""

    def admitted(self, filters: Sequence[Filter]) -> Mask:
        """Which products meet all conditions, by row."""
        with self._lock:
            return self._facts.admitted(filters, self._held[Kind.PRODUCT].alive)

    def listed(self, filters: Sequence[Filter], order: Order | None, k: int) -> list[str]:
        """Ids of the first ``k`` products that meet all conditions.

        Args:
            filters: The conditions.
            order: None: what is in stock first.
            k: Most ids to give.
        """
        held = self._held[Kind.PRODUCT]
        with self._lock:
            alive = held.alive
            admitted = self._facts.admitted(filters, alive)
            in_stock = self._facts.admitted([IN_STOCK], admitted)
            rows = np.concatenate([np.flatnonzero(in_stock), np.flatnonzero(admitted & ~in_stock)])
            if order is not None:
                rows = self._facts.first(rows, order, len(alive))
            return [held.id(int(row)) for row in rows[:k]]

    def products(self, ids: Iterable[str]) -> dict[str, Product]:
        """The products on sale among these ids, by id, as they are at this moment."""
        found = self._read([product_key(id) for id in ids])
        return {product_id(key): item for key, item in found.items()}

    def chunks(self, ids: Collection[str]) -> Mapping[str, Chunk]:
        """The parts of documents among these ids, by id."""
        return {id: self._chunks[id] for id in ids if id in self._chunks}

    def fill(self, products: Iterable[Product]) -> None:
        """Take in a whole shop."""
        remaining = iter(products)
        while block := list(islice(remaining, FILLED)):
            self._put_block(block, ())

    def put(self, products: Sequence[Product], gone: Iterable[str] = ()) -> None:
        """Take in products anew, and forget those with some keys."""
        left = [product_id(key) for key in gone]
        for start in range(0, max(1, len(products)), BLOCK):
            self._put_block(products[start : start + BLOCK], left)
            left = []

    def put_chunks(self, chunks: Iterable[Chunk]) -> None:
        """Take in all parts of all documents; others are forgotten."""
        held = self._held[Kind.POLICY]
        current = {chunk.id: chunk for chunk in chunks}
        things = [chunk_thing(chunk) for chunk in current.values()]
        gone = held.row_of.keys() - {thing.id for thing in things}
        held.replace(things, gone, self._lookup)
        self._chunks = current

    def _put_block(self, products: Sequence[Product], gone: Sequence[str]) -> None:
        held = self._held[Kind.PRODUCT]
        things = [product_thing(item) for item in products]
        facts = [list(facts_of(item)) for item in products]
        known: dict[int, list[Fact]] = {row: [] for row in held.rows_of(gone)}
        rows = held.replace(things, gone, self._lookup)
        known |= dict(zip(rows, facts, strict=True))
        with self._lock:
            self._facts.replace(known, len(held.alive))
