"""Finds the passages that answer a question: by meaning and by words, then judged.

Conditions come first: only products that meet them are ranked. Rankings come
from memory and from Chroma, everything shown comes from our tables, so a
price or a stock is always the current one and a withdrawn product never shows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from core import ports
from core.db import Database
from core.facts import Filter, Order, admits, facts_of
from core.settings import Settings
from rag.dense import DenseSearch
from rag.embedding import Embedder
from rag.exchange import Found, Kind, Passage, numbered
from rag.fact_column import Mask
from rag.fusion import COVERAGE_WEIGHT, fuse
from rag.index import Index
from rag.judgement import NAMED_WEIGHT, Candidate, Ranked, best_first, choose
from rag.keeper import Keeper
from rag.live_mirror import LiveMirror
from rag.matching import matched
from rag.mirror import Mirror
from rag.passages import policy_passage, product_passage, searched_text
from rag.query import Query
from rag.reranker import Reranker
from rag.rule_words import names_document
from rag.spelling import Spelling
from rag.things import chunk_thing
from rag.vector_rows import NO_VECTOR
from rag.words import forms, stems

#: How deep each ranking is read before the two are fused.
DEPTH = 40
#: Fused ones of each kind that are read from the tables and judged.
CANDIDATES = 12
#: What was not searched for but meets the conditions fits as well as can be.
FITS = 1.0
#: Parts of documents without a vector yet that are compared all the same: each takes 10 ms.
NEW = 4


class Retriever:
    """Searches products and policies; safe to share between threads.

    Args:
        mirror: The shop in memory.
        index: Chroma; None: everything is searched in memory.
        embedder: Makes the questions' vectors.
        reranker: Puts what was found in order once more; None: it stays as it is.
    """

    def __init__(
        self,
        mirror: Mirror,
        index: Index | None,
        embedder: Embedder,
        reranker: Reranker | None = None,
    ) -> None:
        self.mirror = mirror
        self._dense = DenseSearch(mirror, index)
        self._index = index
        self.embedder = embedder
        self._reranker = reranker
        self._keeper = Keeper(mirror, self._dense)
        shelves = [mirror.held(kind).words for kind in Kind]
        self.is_word = embedder.is_word
        self._spelling = Spelling(shelves, embedder.is_word)

    def warm(self) -> None:
        """Load what the first search would otherwise wait for, and keep up to date from now on.

        Raises:
            ServiceError: The embedding model cannot be loaded.
            SettingError: The cross-encoder that the settings name cannot be loaded.
        """
        self.mirror.refresh()
        self._dense.check()
        self.rank("warm", 1)
        if self._reranker:
            self._reranker.scores("warm", ["warm"])
        self._keeper.start()

    def over(self, db: Database) -> Retriever:
        """One like this over other tables, all in memory; it follows no changes by itself."""
        return Retriever(LiveMirror(db), None, self.embedder, self._reranker)

    def close(self) -> None:
        """Stop keeping up to date, and close the connections."""
        self._keeper.close()
        if self._index is not None:
            self._index.close()

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
            alone = self._policies(self._spelling.corrected(query.asked), CANDIDATES)
            ranked[Kind.POLICY] = best_first([*ranked[Kind.POLICY], *alone])
        chosen = choose(ranked)[:k]
        return self._found(
            ranked, started, _in_order(chosen, query.order) if query.order else chosen
        )

    def corrected(self, text: str) -> str:
        """A text with its mistyped words as the shop writes them."""
        return self._spelling.corrected(text)

    def knows(self, stem: str) -> bool:
        """Whether a word stands anywhere in the shop, in any of its forms."""
        shelves = [self.mirror.held(kind).words for kind in Kind]
        return any(one.has(form) for one in shelves for form in forms(stem))

    def rank(self, text: str, k: int) -> Found:
        """The ``k`` best passages of either kind, best first, relevant or not."""
        started = time.perf_counter()
        self.mirror.refresh()
        ranked = self._ranked(self._spelling.corrected(text), max(k, CANDIDATES))
        return self._found(ranked, started, best_first(chain(*ranked.values()))[:k])

    def _ranked(
        self, text: str, depth: int, filters: Sequence[Filter] = ()
    ) -> dict[Kind, list[Candidate]]:
        products = best_first(self._candidates(Kind.PRODUCT, text, depth, filters))
        policies = best_first(self._policies(text, depth))
        return {
            Kind.PRODUCT: self._reranked(text, products),
            Kind.POLICY: self._reranked(text, policies),
        }

    def _policies(self, text: str, depth: int) -> list[Candidate]:
        """Parts of documents, those that the question names before others."""
        asked = stems(text)
        return [
            replace(one, named=True, fused=one.fused + NAMED_WEIGHT)
            if names_document(asked, one.passage, self._is_titled)
            else one
            for one in self._candidates(Kind.POLICY, text, depth)
        ]

    def _is_titled(self, stem: str) -> bool:
        return self.mirror.held(Kind.PRODUCT).words.titled(stem) > 0

    def _reranked(self, text: str, candidates: list[Candidate]) -> list[Candidate]:
        if self._reranker is None:
            return candidates
        texts = [f"{one.passage.title}. {searched_text(one.passage)}" for one in candidates]
        scores = self._reranker.scores(text, texts)
        order = sorted(range(len(candidates)), key=lambda at: -scores[at])
        last = len(order)
        return [replace(candidates[at], fused=1 - place / last) for place, at in enumerate(order)]

    def _candidates(
        self, kind: Kind, text: str, depth: int, filters: Sequence[Filter] = ()
    ) -> list[Candidate]:
        admitted = self.mirror.admitted(filters) if filters else None
        terms, held = stems(text), self.mirror.held(kind)
        fused, near = self._fused(kind, text, max(DEPTH, depth), admitted)
        rows = {held.id(row): row for row in islice(fused, depth)}
        return [
            _judged(replace(passage, score=_share(near[row])), filters, terms, fused[row])
            for passage in self._read(kind, list(rows), filters)
            for row in [rows[passage.id]]
        ]

    def _fused(
        self, kind: Kind, text: str, depth: int, admitted: Mask | None
    ) -> tuple[dict[int, float], dict[int, float]]:
        """What is found either way: fused scores, best first, and similarities, by row."""
        vector, held = self.embedder.embed_query(text), self.mirror.held(kind)
        nearest = self._dense.begin(kind, vector, depth, admitted)
        lexical = held.words.search(stems(text), depth, admitted)
        rows = list(lexical | dict(nearest()))
        scores = held.vectors.similarities(vector, np.array(rows, np.intp))
        if kind is Kind.POLICY:
            self._compare_new(vector, rows, scores)
        near = dict(zip(rows, scores.tolist(), strict=True))
        return fuse(lexical, near), near

    def _compare_new(
        self, vector: Sequence[float], rows: Sequence[int], scores: NDArray[np.float32]
    ) -> None:
        """Set the similarities of parts of documents that are too new to have a vector."""
        held = self.mirror.held(Kind.POLICY)
        new = {held.id(rows[at]): at for at in np.flatnonzero(scores == NO_VECTOR)[:NEW]}
        for id, chunk in self.mirror.chunks(list(new)).items():
            made = self.embedder.embed_query(chunk_thing(chunk).embedded)
            scores[new[id]] = np.dot(vector, made)

    def _listed(self, query: Query, k: int) -> Ranked:
        ids = self.mirror.listed(query.filters, query.order, k)
        passages = self._read(Kind.PRODUCT, ids, query.filters)
        fitting = [replace(passage, score=FITS) for passage in passages]
        judged = [_judged(passage, query.filters, frozenset(), FITS) for passage in fitting]
        return {Kind.PRODUCT: judged if query.filters else [], Kind.POLICY: []}

    def _read(self, kind: Kind, ids: Sequence[str], filters: Sequence[Filter]) -> list[Passage]:
        """The passages as they are now; what has changed and meets the filters no more is out."""
        if kind is Kind.POLICY:
            chunks = self.mirror.chunks(ids)
            return [policy_passage(chunks[id]) for id in ids if id in chunks]
        found = self.mirror.products(ids)
        items = [found[id] for id in ids if id in found]
        return [product_passage(item) for item in items if admits(filters, facts_of(item))]

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
            index_away=self._dense.away,
        )


def open_retriever(settings: Settings, db: Database) -> Retriever:
    """A retriever over the shop in these tables; cheap, see :meth:`Retriever.warm`."""
    index = Index(lambda: ports.search_server(settings), Embedder())
    reranker = Reranker(settings.reranker) if settings.reranker else None
    return Retriever(LiveMirror(db), index, index.embedder, reranker)


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


def _judged(
    passage: Passage, filters: Sequence[Filter], terms: frozenset[str], fused: float
) -> Candidate:
    words = stems(f"{passage.title} {passage.heading} {searched_text(passage)}")
    if passage.product:
        passage = replace(passage, matched=matched(passage.product, filters, terms))
    coverage = len(terms & words) / len(terms) if terms else 0.0
    return Candidate(passage, coverage, fused + COVERAGE_WEIGHT * coverage)


def _share(similarity: float) -> float:
    return min(1.0, max(0.0, similarity))
