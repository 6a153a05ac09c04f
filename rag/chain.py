"""The counter: a question and its history in, a checked and cited answer out.

Facts come first and alone: what was asked is understood, searched and computed
before any model is asked, so that it is on the screen while the model still
reads. A model that fails leaves it there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core import products
from core.chat_lane import ChatLane
from core.db import Database
from core.errors import ModelError
from core.facts import Filter
from core.settings import Settings
from rag import answer_cache, documents
from rag.answer_cache import Asked
from rag.beyond import beyond
from rag.exchange import Found, Kind, Passage, Role, Turn
from rag.intake import QUESTION_CHARS, Intake, earlier, taken_in
from rag.languages import ENGLISH, language_name
from rag.parts import Outcome, Part
from rag.phrases import Phrase, say
from rag.plan import Exact, planned
from rag.prompts import PROMPT_VERSION, shown_history
from rag.prose import Prose
from rag.query import Intent, Query
from rag.reply import Block, Desk, Reply
from rag.retriever import Retriever, open_retriever
from rag.suggestions import suggested
from rag.support import support_of
from rag.understanding import understand
from rag.writer import Brief, Writer

logger = logging.getLogger(__name__)

#: Searches at the same time; more of them only make each slower.
SEARCHES = 4
#: Added to a refusal that may not be final.
FILLING = " The shop is still putting {waiting:,} products on its shelves; please ask again soon."


class Counter:
    """Answers questions from the shop; made once a process, safe to share between threads."""

    def __init__(self, db: Database, retriever: Retriever, writer: Writer) -> None:
        self.retriever = retriever
        self._db = db
        self._writer = writer
        self._searches = threading.BoundedSemaphore(SEARCHES)

    def warm(self) -> None:
        """Load and connect what the first question would otherwise wait for.

        Raises:
            ServiceError: The embedding model cannot be loaded.
            SettingError: The cross-encoder that the settings name cannot be loaded.
        """
        self.retriever.warm()
        self._understood("What do you sell?", (), (), ())
        try:
            self._writer.warm()
        except ModelError as error:
            logger.info("model not there yet: %s", error)

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        conversation_id: str | None = None,
        *,
        before: Sequence[Query] = (),
        removed: Sequence[Filter] = (),
        fresh: bool = False,
        rehearsal: bool = False,
    ) -> Reply:
        """Find what answers a question; words that it needs come from :meth:`Reply.stream`.

        Args:
            question: In the shopper's words.
            history: The turns before, oldest first.
            conversation_id: Noted with what the model calls took.
            before: How the question before was understood.
            removed: Conditions that the shopper took away.
            fresh: Have the words written anew, even where they were written before.
            rehearsal: Nobody waits for the answer: neither what was missing nor the
                words are kept.
        """
        started = time.perf_counter()
        taken = taken_in(question)
        turns = earlier(history)
        parts, passages = self._plan(taken, turns, before, removed)
        return Reply(
            [self._block(part, turns, fresh=fresh) for part in parts],
            passages,
            Desk(self._db, lambda parts, text: self._suggested(parts, taken.question, text, turns)),
            question=taken.question,
            started=started,
            conversation_id=conversation_id,
            rehearsal=rehearsal,
            extra=self._filling(parts),
        )

    def close(self) -> None:
        """Close the connections."""
        self.retriever.close()
        self._writer.close()

    def _plan(
        self,
        taken: Intake,
        history: Sequence[Turn],
        before: Sequence[Query],
        removed: Sequence[Filter],
    ) -> tuple[tuple[Part, ...], tuple[Passage, ...]]:
        if taken.refusal is not None:
            return (_unasked(taken.refusal),), ()
        queries = self._understood(taken.question, history, before, removed)
        with self._searches:
            return planned(queries, self._search, self._compute)

    def _understood(
        self,
        question: str,
        history: Sequence[Turn],
        before: Sequence[Query],
        removed: Sequence[Filter],
    ) -> tuple[Query, ...]:
        return understand(
            question,
            self.retriever.mirror,
            history=history,
            before=before,
            removed=removed,
            is_word=self.retriever.is_word,
        )

    def _search(self, query: Query, most: int) -> Found:
        found = self.retriever.search(query, most)
        spelled = replace(query, text=self.retriever.corrected(query.text))
        if found.relevant and beyond(spelled, found, self.retriever.knows):
            return replace(found, relevant=False)
        return found

    def _compute(self, query: Query) -> Exact | None:
        return None

    def _block(self, part: Part, history: Sequence[Turn], *, fresh: bool) -> Block:
        """A part with the one who will write its words, or with those written before."""
        english = part.query.language == ENGLISH
        said_exactly = part.outcome is Outcome.EXACT and not english
        if part.outcome is not Outcome.FOUND and not said_exactly:
            return Block(part, None, None, None)
        shown = shown_history(part.query.asked, history)
        brief = Brief(
            part.query.asked,
            part.passages,
            tuple(shown),
            language="" if english else language_name(part.query.language),
            sentences=part.text,
        )
        support = support_of(
            part.passages,
            given=[part.text] if part.text else [],
            asked=[part.query.asked, *(turn.text for turn in shown if turn.role is Role.USER)],
            language=part.query.language,
        )
        key = answer_cache.key(
            Asked(
                part.query.asked,
                (part.query,),
                tuple(shown),
                model=self._writer.models(),
                prompt=PROMPT_VERSION,
                given=part.text,
            ),
            part.passages,
            self._document_versions(part),
        )
        cached = None if fresh else answer_cache.find(self._db, key)
        return Block(part, Prose(brief, support, self._writer), key, cached)

    def _suggested(
        self, parts: Sequence[Part], question: str, text: str, history: Sequence[Turn]
    ) -> tuple[str, ...]:
        """Questions that might come next, each tried out."""
        queries = [part.query for part in parts]
        said = (*history, Turn(Role.USER, question), Turn(Role.ASSISTANT, text))

        def answerable(suggestion: str) -> bool:
            asked = self._understood(suggestion, said, queries, ())
            found, _ = planned(asked, self._search, self._compute)
            return not any(part.refused or part.outcome is Outcome.TALK for part in found)

        fields = self.retriever.mirror.fields()
        return suggested(parts, fields, documents.titles(self._db), answerable)

    def _document_versions(self, part: Part) -> Mapping[str, int]:
        if any(passage.kind is Kind.POLICY for passage in part.passages):
            return documents.versions(self._db)
        return {}

    def _filling(self, parts: Sequence[Part]) -> str:
        """What a refusal says while the shelves are filled: it may not be final."""
        refused = any(part.outcome in (Outcome.NEAR, Outcome.NOTHING) for part in parts)
        waiting = products.count_pending(self._db) if refused else 0
        return FILLING.format(waiting=waiting) if waiting else ""


def open_counter(settings: Settings, db: Database, lane: ChatLane) -> Counter:
    """A counter over the shop in these tables; cheap, see :meth:`Counter.warm`."""
    return Counter(db, open_retriever(settings, db), Writer(lane))


def _unasked(refusal: Phrase) -> Part:
    """The answer to what is no question."""
    text = say(refusal, most=f"{QUESTION_CHARS:,}")
    return Part(Query("", "", Intent.TALK), Outcome.NO_QUESTION, text=text)
