"""Finds what answers a question: understands it, computes and searches, asks a model only at need.

A model is asked before the facts are shown only where that holds nothing up: one
that answers within 150 ms, or where nothing was found in another language.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from core.db import Database
from core.facts import Filter
from core.products import Product
from rag import exact
from rag.beyond import beyond
from rag.exact_answer import Exact
from rag.exchange import Found, Passage, Turn
from rag.languages import ENGLISH
from rag.parts import Outcome, Part
from rag.plan import planned
from rag.policy_words import policy_words
from rag.query import Query
from rag.retriever import Retriever
from rag.rewriting import Note, rewrite, translate
from rag.understanding import understand
from rag.writer import Writer

#: Searches at the same time; more of them only make each slower.
SEARCHES = 4
#: Products among which those that a shopper names are looked for.
NAMED = 10
#: A question in another language that nothing was found for waits so long to be translated.
TRANSLATE_S = 5.0
#: Whether a question that is only suggested has an answer is looked up once in so many seconds:
#: after many answers the same comes next, and looking takes as long as answering.
LOOKED_UP_S = 60.0
LOOKED_UP = 4096

Plan = tuple[tuple[Part, ...], tuple[Passage, ...]]


@dataclass(frozen=True, slots=True)
class Said:
    """A question and what belongs to it.

    Attributes:
        history: The turns before, oldest first.
        before: How the question before was understood.
        removed: Conditions that the shopper took away.
    """

    question: str
    history: Sequence[Turn] = ()
    before: Sequence[Query] = ()
    removed: Sequence[Filter] = ()


class Finder:
    """Plans answers; safe to share between threads."""

    def __init__(self, db: Database, retriever: Retriever, writer: Writer) -> None:
        self._db = db
        self._retriever = retriever
        self._writer = writer
        self._searches = threading.BoundedSemaphore(SEARCHES)
        self._finding = 0
        self._idle = threading.Condition()
        self._looked_up = lru_cache(maxsize=LOOKED_UP)(self._has_answer)

    def find(self, said: Said, note: Note) -> Plan:
        """The parts of the answer and all their sources.

        Args:
            said: What was asked.
            note: Takes note of what a call of a model took.
        """
        with self._busy():
            # What was published just now gives words to understand the question by, too.
            self._retriever.mirror.refresh()
            return self._found(said, note)

    def idle(self, most_s: float) -> bool:
        """Wait until nobody waits for :meth:`find`; returns whether that was within the time."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._finding, max(0.0, most_s))

    @contextmanager
    def _busy(self) -> Iterator[None]:
        with self._idle:
            self._finding += 1
        try:
            yield
        finally:
            with self._idle:
                self._finding -= 1
                self._idle.notify_all()

    def _found(self, said: Said, note: Note) -> Plan:
        queries = self.understood(said)
        if not all(query.sure for query in queries):
            queries = self._rewritten(said, queries, note)
        found = self._planned(queries)
        language = queries[0].language
        if language == ENGLISH or not all(part.refused for part in found[0]):
            return found
        for english in (policy_words, lambda asked: self._in_english(asked, language, note)):
            if words := english(said.question):
                again = self._planned(self._read(words, said, language))
                if not all(part.refused for part in again[0]):
                    return again
        return found

    def answerable(self, said: Said) -> bool:
        """Whether the shop has an answer to every part of a question, or had a minute ago."""
        shop = self._retriever.mirror.version, int(time.monotonic() / LOOKED_UP_S)
        return self._looked_up(self.understood(said), shop)

    def _has_answer(self, queries: tuple[Query, ...], shop: tuple[int, int]) -> bool:
        parts, _ = self._planned(queries)
        return not any(part.refused or part.outcome is Outcome.TALK for part in parts)

    def understood(self, said: Said) -> tuple[Query, ...]:
        """What is asked, by rules alone."""
        return understand(
            said.question,
            self._retriever.mirror,
            history=said.history,
            before=said.before,
            removed=said.removed,
            is_word=self._retriever.is_word,
        )

    def _planned(self, queries: Sequence[Query]) -> Plan:
        with self._searches:
            return planned(queries, self._search, self._compute)

    def _rewritten(self, said: Said, queries: tuple[Query, ...], note: Note) -> tuple[Query, ...]:
        """A follow-up that the rules are not sure of, as a model that answers at once reads it."""
        language = queries[0].language
        alone = rewrite(self._writer, said.question, said.history, language, note=note)
        if not alone:
            return queries
        # The words that are answered stay the shopper's, who left out what was said before.
        return tuple(
            replace(query, follows=query.asked == said.question)
            for query in self._read(alone, said, language)
        )

    def _in_english(self, question: str, language: str, note: Note) -> str:
        """A question that nothing was found for, in the language of the shop."""
        return translate(self._writer, question, language, TRANSLATE_S, note=note) or ""

    def _read(self, words: str, said: Said, language: str) -> tuple[Query, ...]:
        """What a model made of a question, which stays the shopper's."""
        read = self.understood(Said(words, removed=said.removed))
        own = len(read) == 1
        return tuple(
            replace(query, language=language, asked=said.question if own else query.asked)
            for query in read
        )

    def _search(self, query: Query, most: int) -> Found:
        found = self._retriever.search(query, most)
        spelled = replace(query, text=self._retriever.corrected(query.text))
        if found.relevant and beyond(spelled, found, self._retriever.knows):
            return replace(found, relevant=False)
        return found

    def _compute(self, query: Query) -> Exact | None:
        return exact.answer(self._db, query, self._near)

    def _near(self, text: str) -> list[Product]:
        ranked = self._retriever.rank(text, NAMED).passages
        return [passage.product for passage in ranked if passage.product]
