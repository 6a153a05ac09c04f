"""Finds by words: an in-memory tantivy index of one kind of thing.

Speaks of what it holds by row number. Nothing on disk, so there is nothing to
lose, lock or migrate.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

import numpy as np
import tantivy

from rag.fact_column import Mask
from rag.things import Words
from rag.words import PLAIN, STEMMED, analyzer, forms

HEAP_BYTES = 20_000_000
#: A word in the title or among the values says more than one in the body.
WEIGHTS = {"title": 2.5, "values": 2.5, "text": 1.0}
#: How many times as deep a filtered search looks as the filter's share of all would need.
DEEPER = 4


class LexicalIndex:
    """Things by their words; safe to share between threads."""

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("key", tokenizer_name="raw")
        builder.add_unsigned_field("row", fast=True)
        for name in WEIGHTS:
            builder.add_text_field(name, tokenizer_name=STEMMED)
        builder.add_text_field("spelled", tokenizer_name=PLAIN)
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        for kind in (STEMMED, PLAIN):
            self._index.register_tokenizer(kind, analyzer(kind))
        self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
        self._writing = threading.Lock()

    def replace(self, changed: Mapping[int, Words | None]) -> None:
        """Take in rows anew; those without words are no more."""
        with self._writing:
            for row, words in changed.items():
                self._writer.delete_documents_by_term("key", str(row))
                if words is not None:
                    self._writer.add_document(_document(row, words))
            self._writer.commit()
            self._index.reload()

    def search(
        self, terms: Iterable[str], k: int, admitted: Mask | None = None
    ) -> dict[int, float]:
        """The ``k`` best rows of all, or of the admitted ones, with their scores, best first.

        Args:
            terms: Stems; any of them is enough.
            k: Most rows to give.
            admitted: By row.
        """
        query = self._query(terms)
        if query is None:
            return {}
        searcher = self._index.searcher()
        held, depth = searcher.num_docs, k
        if admitted is not None:
            share = np.count_nonzero(admitted) / max(1, len(admitted))
            depth = min(held, int(DEEPER * k / share)) if share else 0
        while depth:
            rows = _rows(searcher, query, depth)
            found = [(row, score) for row, score in rows if _holds(admitted, row)]
            if len(found) >= k or len(rows) < depth or depth >= held:
                return dict(found[:k])
            depth = held
        return {}

    def has(self, term: str) -> bool:
        """Whether a stem stands anywhere."""
        searcher = self._index.searcher()
        return any(searcher.doc_freq(name, form) for name in WEIGHTS for form in forms(term))

    def titled(self, term: str) -> int:
        """In how many titles a stem stands; those just taken out may still count."""
        searcher = self._index.searcher()
        return sum(searcher.doc_freq("title", form) for form in forms(term))

    def spelled(self, beginning: str) -> list[tuple[str, int]]:
        """The words with this beginning as they are written, and in how many things."""
        return self._index.searcher().terms_with_prefix("spelled", beginning)

    def _query(self, terms: Iterable[str]) -> tantivy.Query | None:
        clauses = [
            (tantivy.Occur.Should, self._weighed(name, form, weight))
            for term in terms
            for form in forms(term)
            for name, weight in WEIGHTS.items()
        ]
        return tantivy.Query.boolean_query(clauses) if clauses else None

    def _weighed(self, name: str, term: str, weight: float) -> tantivy.Query:
        return tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, name, term), weight)


def _document(row: int, words: Words) -> tantivy.Document:
    document = tantivy.Document(
        key=[str(row)],
        title=[words.title],
        values=[words.values],
        text=[words.text],
        spelled=[words.title, words.values, words.text],
    )
    document.add_unsigned("row", row)
    return document


def _rows(searcher: tantivy.Searcher, query: tantivy.Query, depth: int) -> list[tuple[int, float]]:
    hits = searcher.search(query, limit=depth, count=False).hits
    rows = searcher.fast_field_values("row", [at for _, at in hits])
    return [(int(row or 0), float(score)) for row, (score, _) in zip(rows, hits, strict=True)]


def _holds(admitted: Mask | None, row: int) -> bool:
    return admitted is None or (row < len(admitted) and bool(admitted[row]))
