"""The counter: a question and its history in, a checked and cited answer out.

Facts come first and alone: what was asked is understood, searched and computed
before any words are written, so that it is on the screen while the model still
reads. A model that fails leaves it there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from functools import partial

from core import products
from core.chat_lane import ChatLane
from core.db import Database
from core.errors import ModelError
from core.facts import Filter
from core.settings import Settings
from core.units import convert
from core.usage import Call
from rag import chunking, documents
from rag.blocks import Pen, begun
from rag.exchange import Role, Turn
from rag.finding import Finder, Plan, Said
from rag.intake import QUESTION_CHARS, earlier, taken_in
from rag.key_sentences import SentenceRanker
from rag.parts import Outcome, Part
from rag.passages import policy_passage
from rag.phrases import Phrase, say
from rag.query import Intent, Query
from rag.reply import Desk, Reply
from rag.retriever import Retriever, open_retriever
from rag.suggestions import same_kind, suggested
from rag.understanding import WARMING
from rag.writer import Writer

logger = logging.getLogger(__name__)

#: Seconds that finding suggestions may take, with waiting for those who wait for an answer; there
#: are as many as could be tried out within that time.
SUGGEST_S = 0.2
#: Added to a refusal that may not be final.
FILLING = " The shop is still putting {waiting:,} products on its shelves; please ask again soon."


class Counter:
    """Answers questions from the shop; made once a process, safe to share between threads.

    Args:
        db: Our tables.
        retriever: Finds what answers.
        writer: Asks a model.
        most: The longest length of a question.
    """

    def __init__(
        self, db: Database, retriever: Retriever, writer: Writer, most: int = QUESTION_CHARS
    ) -> None:
        self.retriever = retriever
        self._most = most
        self._db = db
        self._writer = writer
        self._finder = Finder(db, retriever, writer)
        self._pen = Pen(db, writer, SentenceRanker(retriever.embedder))
        self._suggesting = threading.Lock()

    def warm(self) -> None:
        """Load and connect what the first question would otherwise wait for.

        Raises:
            ServiceError: The embedding model cannot be loaded.
            SettingError: The cross-encoder that the settings name cannot be loaded.
        """
        self.retriever.warm()
        self._finder.understood(Said(WARMING))
        # Asked for by the first question with a unit, also where the shelves are empty as yet.
        convert(1.0, "kilogram", "pound")
        try:
            self._writer.warm()
        except ModelError as error:
            logger.info("model not there yet: %s", error)

    def read_policies(self) -> None:
        """Take in the policies' sentences, so that no question about them waits for that.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        chunks = (
            chunk
            for item in documents.listing(self._db)
            for chunk in chunking.split(item.name, item.text)
        )
        self._pen.sentences.learn([policy_passage(chunk) for chunk in chunks])

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
        taken, turns = taken_in(question, self._most), earlier(history, self._most)
        said = Said(taken.question, turns, before, removed)
        calls: list[Call] = []
        parts, passages = (
            _unasked(taken.refusal, self._most)
            if taken.refusal
            else self._finder.find(said, calls.append)
        )
        return Reply(
            [begun(part, turns, self._pen, fresh=fresh) for part in parts],
            passages,
            Desk(self._db, lambda parts, text: self._suggested(said, parts, text)),
            question=taken.question,
            started=started,
            conversation_id=conversation_id,
            rehearsal=rehearsal,
            calls=calls,
            extra=self._filling(parts),
        )

    def over(self, db: Database) -> Counter:
        """A counter like this one over other tables, all in memory: for a shop as it might be.

        Shares this one's connections, and is not to be closed.
        """
        return Counter(db, self.retriever.over(db), self._writer, self._most)

    def close(self) -> None:
        """Close the connections."""
        self.retriever.close()
        self._writer.close()

    def _suggested(self, said: Said, parts: Sequence[Part], text: str) -> tuple[str, ...]:
        """Questions that might come next, each tried out as long as nobody waits for an answer.

        They cost as much as an answer: one set at a time.
        """
        until = time.monotonic() + SUGGEST_S
        if not self._suggesting.acquire(timeout=SUGGEST_S):
            return ()
        try:
            return self._tried(said, parts, text, until)
        finally:
            self._suggesting.release()

    def _tried(self, said: Said, parts: Sequence[Part], text: str, until: float) -> tuple[str, ...]:
        queries = [part.query for part in parts]
        now = (Turn(Role.USER, said.question), Turn(Role.ASSISTANT, text))
        history = (*said.history, *now)

        def answerable(question: str) -> bool:
            left_s = until - time.monotonic()
            in_time = left_s > 0 and self._finder.idle(left_s)
            return in_time and self._finder.answerable(Said(question, history, queries))

        return suggested(
            parts,
            self.retriever.mirror.fields(),
            documents.titles(self._db),
            partial(same_kind, self._db),
            answerable,
        )

    def _filling(self, parts: Sequence[Part]) -> str:
        """What a refusal says while the shelves are filled: it may not be final."""
        refused = any(part.outcome in (Outcome.NEAR, Outcome.NOTHING) for part in parts)
        waiting = products.count_pending(self._db) if refused else 0
        return FILLING.format(waiting=waiting) if waiting else ""


def open_counter(settings: Settings, db: Database, lane: ChatLane) -> Counter:
    """A counter over the shop in these tables; cheap, see :meth:`Counter.warm`."""
    return Counter(db, open_retriever(settings, db), Writer(lane), settings.question_chars)


def _unasked(refusal: Phrase, most: int) -> Plan:
    """The answer to what is no question."""
    text = say(refusal, most=f"{most:,}")
    return (Part(Query("", "", Intent.TALK), Outcome.NO_QUESTION, text=text),), ()
