"""Finds the passages that answer a question: by meaning and by words, then judged.

Ids come from the two indexes, everything shown comes from our tables, so a
price or a stock is always the current one and a withdrawn product never shows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from core import products
from core.db import Database
from core.products import Product
from rag import documents
from rag.documents import Chunk
from rag.exchange import Found, Kind, Passage, Turn, numbered
from rag.followup import standalone
from rag.index import Index
from rag.judgement import Candidate, Ranked, best_first, choose
from rag.lexical import LexicalIndex
from rag.limits import price_limit
from rag.markup import plain
from rag.texts import facts, product_text

#: How deep each ranking is read before the two are fused.
DEPTH = 40
#: Fused ones of each kind that are read from the tables and judged.
CANDIDATES = 12
#: Reciprocal rank fusion as measured: words count somewhat more than meaning.
RRF_K = 20
LEXICAL_WEIGHT = 0.6
DENSE_WEIGHT = 0.4


class Retriever:
    """Searches products and policies; safe to share between threads."""

    def __init__(self, db: Database, index: Index, lexical: LexicalIndex) -> None:
        self._db = db
        self._index = index
        self._lexical = lexical

    def search(self, question: str, k: int = 6, *, history: Sequence[Turn] = ()) -> Found:
        """The few passages to answer a question from, those of the leading kind first.

        Args:
            question: In the shopper's words.
            k: Most passages to give.
            history: Earlier turns, oldest first; a short follow-up is searched
                together with the question before it.

        Raises:
            ServiceError: The search index cannot be reached.
        """
        started = time.perf_counter()
        query = standalone(question, history)
        limit = price_limit(query)
        ranked = self._ranked(query, DEPTH if limit else CANDIDATES)
        ranked[Kind.PRODUCT] = [
            candidate
            for candidate in ranked[Kind.PRODUCT]
            if candidate.passage.product and limit.admits(candidate.passage.product)
        ]
        if query != question:
            # "How do I return it?" is about the tent before, and its answer is in a policy.
            alone = self._candidates(Kind.POLICY, question, CANDIDATES)
            ranked[Kind.POLICY] = best_first([*ranked[Kind.POLICY], *alone])
        return _found(ranked, choose(ranked)[:k], started)

    def rank(self, question: str, k: int) -> Found:
        """The ``k`` best passages of either kind, best first, relevant or not.

        Raises:
            ServiceError: The search index cannot be reached.
        """
        started = time.perf_counter()
        ranked = self._ranked(question, max(k, CANDIDATES))
        return _found(ranked, best_first(chain(*ranked.values()))[:k], started)

    def _ranked(self, query: str, depth: int) -> dict[Kind, list[Candidate]]:
        self._lexical.refresh()
        return {kind: best_first(self._candidates(kind, query, depth)) for kind in Kind}

    def _candidates(self, kind: Kind, query: str, depth: int) -> list[Candidate]:
        terms = self._lexical.terms(query)
        read_depth = max(DEPTH, depth)
        near = {hit.id: hit.similarity for hit in self._index.near(kind, query, read_depth)}
        fused = fuse(self._lexical.search(kind, query, read_depth), list(near))[:depth]
        read = self._products if kind is Kind.PRODUCT else self._chunks
        # Found by words only: not among the nearest, so at most as near as the last of them.
        furthest = min(near.values(), default=0.0)
        return [
            self._judged(replace(passage, score=near.get(passage.id, furthest)), terms)
            for passage in read(fused)
        ]

    def _judged(self, passage: Passage, terms: frozenset[str]) -> Candidate:
        words = self._lexical.terms(f"{passage.title} {passage.heading} {_searched(passage)}")
        return Candidate(passage, len(terms & words) / len(terms) if terms else 0.0)

    def _products(self, ids: Sequence[str]) -> list[Passage]:
        keys = [id.removeprefix("product:") for id in ids]
        found = products.get(self._db, keys)
        return [_product_passage(found[key]) for key in keys if key in found]

    def _chunks(self, ids: Sequence[str]) -> list[Passage]:
        names = {id.removeprefix("policy:").rpartition("#")[0] for id in ids}
        texts = documents.get(self._db, names).values()
        chunks = {
            chunk.id: chunk for item in texts for chunk in documents.split(item.name, item.text)
        }
        return [_policy_passage(chunks[id]) for id in ids if id in chunks]


def fuse(lexical: Sequence[str], dense: Sequence[str]) -> list[str]:
    """One ranking of two, by weighted reciprocal ranks."""
    scores: dict[str, float] = {}
    for weight, ranking in ((LEXICAL_WEIGHT, lexical), (DENSE_WEIGHT, dense)):
        for rank, id in enumerate(ranking, start=1):
            scores[id] = scores.get(id, 0.0) + weight / (RRF_K + rank)
    return sorted(scores, key=lambda id: -scores[id])


def _found(ranked: Ranked, chosen: Sequence[Candidate], started: float) -> Found:
    everything = list(chain(*ranked.values()))
    return Found(
        passages=numbered([candidate.passage for candidate in chosen]),
        relevant=any(candidate.relevant for candidate in everything),
        best_score=max((candidate.passage.score for candidate in everything), default=0.0),
        retrieve_ms=(time.perf_counter() - started) * 1000,
    )


def _product_passage(item: Product) -> Passage:
    return Passage(
        number=0,
        id=f"product:{item.id}",
        kind=Kind.PRODUCT,
        title=plain(item.title),
        heading="",
        text=". ".join(part for part in (facts(item), plain(item.description)) if part),
        score=0.0,
        product=item,
    )


def _policy_passage(chunk: Chunk) -> Passage:
    return Passage(
        number=0,
        id=chunk.id,
        kind=Kind.POLICY,
        title=chunk.title,
        heading=chunk.heading,
        text=chunk.text,
        score=0.0,
    )


def _searched(passage: Passage) -> str:
    return product_text(passage.product) if passage.product else passage.text
