"""Finds the passages that answer a question: by meaning and by words, then judged.

Conditions come first: only products that meet them are ranked. Rankings come
from memory and from Chroma, everything shown comes from our tables, so a
price or a stock is always the current one and a withdrawn product never shows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from core.facts import Filter, Order, admits, facts_of
from core.products import Product
from rag.dense import DenseSearch
from rag.documents import Chunk
from rag.embedding import Embedder
from rag.exchange import Found, Kind, Passage, numbered
from rag.fact_column import Mask
from rag.index import Index
from rag.judgement import Candidate, Ranked, best_first, choose
from rag.markup import plain
from rag.matching import matched
from rag.mirror import Mirror
from rag.query import Query
from rag.spelling import Spelling
from rag.texts import facts, product_text
from rag.things import product_id
from rag.words import stems

#: How deep each ranking is read before the two are fused.
DEPTH = 40
#: Fused ones of each kind that are read from the tables and judged.
CANDIDATES = 12
#: Reciprocal rank fusion as measured: words count somewhat more than meaning.
RRF_K = 20
LEXICAL_WEIGHT = 0.6
DENSE_WEIGHT = 0.4
#: What was not searched for but meets the conditions fits as well as can be.
FITS = 1.0


class Retriever:
    """Searches products and policies; safe to share between threads.

    Args:
        mirror: The shop in memory.
        index: Chroma; None: everything is searched in memory.
        embedder: Makes the questions' vectors.
    """

    def __init__(self, mirror: Mirror, index: Index | None, embedder: Embedder) -> None:
        self.mirror = mirror
        self.dense = DenseSearch(mirror, index)
        self._embedder = embedder
        shelves = [mirror.held(kind).words for kind in Kind]
        self._spelling = Spelling(shelves, embedder.is_word)

    def search(self, query: Query, k: int = 6) -> Found:
        """The few passages to answer a question from, those of the leading kind first.

        Args:
            query: The question as it was understood. Its filters speak of products
                only. Without words: what the filters let through, in its order or
                what is in stock first.
            k: Most passages to give.
        """
        started = time.perf_counter()
        self.mirror.refresh()
        text = self._spelling.corrected(query.text)
        if not stems(text) and (query.filters or not text.strip()):
            return self._found(self._listed(query, k), started)
        ranked = self._ranked(text, CANDIDATES, query.filters)
        if query.asked != query.text:
            # "How do I return it?" is about the tent before, and its answer is in a policy.
            alone = self._candidates(Kind.POLICY, self._spelling.corrected(query.asked), CANDIDATES)
            ranked[Kind.POLICY] = best_first([*ranked[Kind.POLICY], *alone])
        chosen = choose(ranked)[:k]
        return self._found(
            ranked, started, _in_order(chosen, query.order) if query.order else chosen
        )

    def rank(self, text: str, k: int) -> Found:
        """The ``k`` best passages of either kind, best first, relevant or not."""
        started = time.perf_counter()
        self.mirror.refresh()
        ranked = self._ranked(self._spelling.corrected(text), max(k, CANDIDATES))
        return self._found(ranked, started, best_first(chain(*ranked.values()))[:k])

    def _ranked(
        self, text: str, depth: int, filters: Sequence[Filter] = ()
    ) -> dict[Kind, list[Candidate]]:
        return {
            Kind.PRODUCT: best_first(self._candidates(Kind.PRODUCT, text, depth, filters)),
            Kind.POLICY: best_first(self._candidates(Kind.POLICY, text, depth)),
        }

    def _candidates(
        self, kind: Kind, text: str, depth: int, filters: Sequence[Filter] = ()
    ) -> list[Candidate]:
        admitted = self.mirror.admitted(filters) if filters else None
        vector, terms, held = self._embedder.embed_query(text), stems(text), self.mirror.held(kind)
        rows = self._fused(kind, vector, terms, max(DEPTH, depth), admitted)[:depth]
        scores = held.vectors.similarities(vector, np.array(rows, np.intp))
        scored = {held.id(row): float(score) for row, score in zip(rows, scores, strict=True)}
        passages = self._read(kind, list(scored), filters)
        return [
            _judged(replace(passage, score=min(1.0, max(0.0, scored[passage.id]))), filters, terms)
            for passage in passages
        ]

    def _fused(
        self,
        kind: Kind,
        vector: Sequence[float],
        terms: frozenset[str],
        depth: int,
        admitted: Mask | None,
    ) -> list[int]:
        nearest = self.dense.begin(kind, vector, depth, admitted)
        worded = self.mirror.held(kind).words.search(terms, depth, admitted)
        return fuse(worded, [row for row, _ in nearest()])

    def _listed(self, query: Query, k: int) -> Ranked:
        ids = self.mirror.listed(query.filters, query.order, k)
        passages = self._read(Kind.PRODUCT, ids, query.filters)
        fitting = [replace(passage, score=FITS) for passage in passages]
        judged = [_judged(passage, query.filters, frozenset()) for passage in fitting]
        return {Kind.PRODUCT: judged if query.filters else [], Kind.POLICY: []}

    def _read(self, kind: Kind, ids: Sequence[str], filters: Sequence[Filter]) -> list[Passage]:
        """The passages as they are now; what has changed and meets the filters no more is out."""
        if kind is Kind.POLICY:
            chunks = self.mirror.chunks(ids)
            return [_policy_passage(chunks[id]) for id in ids if id in chunks]
        found = self.mirror.products(ids)
        items = [found[id] for id in ids if id in found]
        return [_product_passage(item) for item in items if admits(filters, facts_of(item))]

    def _found(
        self, ranked: Ranked, started: float, chosen: Sequence[Candidate] | None = None
    ) -> Found:
        everything = list(chain(*ranked.values()))
        shown = everything if chosen is None else chosen
        return Found(
            passages=numbered([candidate.passage for candidate in shown]),
            relevant=any(candidate.relevant for candidate in everything),
            best_score=max((candidate.passage.score for candidate in everything), default=0.0),
            retrieve_ms=(time.perf_counter() - started) * 1000,
            index_away=self.dense.away,
        )


def fuse(lexical: Sequence[int], dense: Sequence[int]) -> list[int]:
    """One ranking of two, by weighted reciprocal ranks."""
    scores: dict[int, float] = {}
    for weight, ranking in ((LEXICAL_WEIGHT, lexical), (DENSE_WEIGHT, dense)):
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + weight / (RRF_K + rank)
    return sorted(scores, key=lambda row: -scores[row])


def _in_order(chosen: Sequence[Candidate], order: Order | None) -> Sequence[Candidate]:
    """Products by the number asked for; those without one, and policies, after them."""
    if order is None:
        return chosen

    def place(candidate: Candidate) -> tuple[bool, float]:
        product = candidate.passage.product
        known = facts_of(product) if product else ()
        numbers = [fact.number for fact in known if fact.field == order.field]
        number = next((number for number in numbers if number is not None), None)
        if number is None:
            return True, 0.0
        return False, -number if order.descending else number

    return sorted(chosen, key=place)


def _judged(passage: Passage, filters: Sequence[Filter], terms: frozenset[str]) -> Candidate:
    words = stems(f"{passage.title} {passage.heading} {_searched(passage)}")
    if passage.product:
        passage = replace(passage, matched=matched(passage.product, filters, terms))
    return Candidate(passage, len(terms & words) / len(terms) if terms else 0.0)


def _product_passage(item: Product) -> Passage:
    return Passage(
        number=0,
        id=product_id(item.id),
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
