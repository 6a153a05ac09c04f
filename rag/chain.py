"""The counter: a question and its history in, a streamed, cited answer out.

Retrieval comes first and alone, so that the sources are on the screen while
the model still reads. A model that fails leaves them there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

from core import ports, products
from core.chat_lane import ChatLane
from core.db import Database
from core.errors import ModelError
from core.facts import PRICE, Filter
from core.settings import Settings
from core.usage import record
from rag.citations import CitationFilter, missing
from rag.embedding import Embedder
from rag.exchange import Found, Passage, Timing, Turn
from rag.followup import standalone
from rag.index import Index
from rag.limits import price_limit
from rag.live_mirror import LiveMirror
from rag.prompts import without_model
from rag.query import Query
from rag.retriever import Retriever
from rag.writer import Brief, Writer, Writing

logger = logging.getLogger(__name__)

#: Searches at the same time; more of them only make each slower.
SEARCHES = 4
#: Added to a refusal that may not be final.
FILLING = " The shop is still putting {waiting:,} products on its shelves; please ask again soon."


class Reply:
    """An answer in the making: its sources are known, its words are still to come.

    Attributes:
        passages: The sources, numbered as the answer cites them; empty when refused.
        refused: Nothing in the shop is about the question, so no model is asked.
        text: What has been written so far; after the stream, the final text.
        timing: Complete when the stream has ended.
    """

    def __init__(
        self,
        brief: Brief,
        found: Found,
        *,
        started: float,
        writer: Writer,
        db: Database,
        conversation_id: str | None,
    ) -> None:
        self.passages: tuple[Passage, ...] = brief.passages
        self.refused = not found.relevant
        self.text = ""
        self.timing = Timing(retrieve_ms=found.retrieve_ms)
        self._brief = brief
        self._started = started
        self._writer = writer
        self._db = db
        self._conversation_id = conversation_id

    def stream(self) -> Generator[str, None, None]:
        """Yield the answer in pieces; closing the generator stops the model at once.

        Raises:
            ModelError: The model gave no (whole) answer; ``text`` keeps what there is.
        """
        source = self._refusal() if self.refused else self._answer()
        try:
            with closing(source) as pieces:
                for piece in pieces:
                    self.text += piece
                    yield piece
        finally:
            self.timing = replace(self.timing, total_ms=_since_ms(self._started))

    def _refusal(self) -> Generator[str, None, None]:
        yield without_model(self._brief.question)
        if waiting := products.count_pending(self._db):
            yield FILLING.format(waiting=waiting)

    def _answer(self) -> Generator[str, None, None]:
        writing = self._writer.begin(self._brief)
        try:
            yield from self._cited(writing)
        except ModelError as error:
            logger.warning("answer failed: %s (%s)", error, type(error.__cause__).__name__)
            raise
        finally:
            self._finish(writing)

    def _cited(self, writing: Writing) -> Generator[str, None, None]:
        citations = CitationFilter(len(self.passages))
        with closing(writing.stream()) as pieces:
            for piece in pieces:
                if not piece and not writing.pieces:
                    yield ""  # still waiting: the page may have been left meanwhile
                elif shown := citations.feed(piece):
                    self._note_first(writing)
                    yield shown
        end = citations.end() + ("…" if writing.cut_off else "")
        yield end + missing(self.text + end, self.passages)

    def _note_first(self, writing: Writing) -> None:
        if self.timing.first_token_ms is None and writing.first_at is not None:
            first_ms = (writing.first_at - self._started) * 1000
            self.timing = replace(self.timing, first_token_ms=first_ms)

    def _finish(self, writing: Writing) -> None:
        tokens = writing.tokens
        self.timing = replace(self.timing, tokens=tokens.completion, prompt_tokens=tokens.prompt)
        calls = [replace(call, conversation_id=self._conversation_id) for call in writing.calls]
        if calls:
            with self._db.write() as connection:
                record(connection, calls)


class Counter:
    """Answers questions from the shop; made once a process, safe to share between threads."""

    def __init__(self, db: Database, index: Index, mirror: LiveMirror, writer: Writer) -> None:
        self.retriever = Retriever(mirror, index, index.embedder)
        self._db = db
        self._index = index
        self._writer = writer
        self._searches = threading.BoundedSemaphore(SEARCHES)

    def warm(self) -> None:
        """Load and connect what the first question would otherwise wait for.

        Raises:
            ServiceError: The search index cannot be reached.
        """
        self.retriever.search(asked_plainly("What do you sell?"))
        try:
            self._writer.warm()
        except ModelError as error:
            logger.info("model not there yet: %s", error)

    def ask(
        self, question: str, history: Sequence[Turn] = (), conversation_id: str | None = None
    ) -> Reply:
        """Find the sources for a question; the words come from :meth:`Reply.stream`.

        Raises:
            ServiceError: The search index cannot be reached.
        """
        started = time.perf_counter()
        with self._searches:
            found = self.retriever.search(asked_plainly(question, history))
        return Reply(
            Brief(question, found.passages if found.relevant else (), tuple(history)),
            found,
            started=started,
            writer=self._writer,
            db=self._db,
            conversation_id=conversation_id,
        )

    def close(self) -> None:
        """Close the connections."""
        self._index.close()
        self._writer.close()


def open_counter(settings: Settings, db: Database, lane: ChatLane) -> Counter:
    """A counter over the shop in these tables; cheap, see :meth:`Counter.warm`."""
    index = Index(lambda: ports.chroma_url(settings), Embedder())
    return Counter(db, index, LiveMirror(db), Writer(lane))


def asked_plainly(question: str, history: Sequence[Turn] = ()) -> Query:
    """A question as it stands, after those that it follows, with its price limit as a filter."""
    text = standalone(question, history)
    limit = price_limit(text)
    if not limit:
        return Query(question, text)
    low, high = (None if price is None else float(price) for price in (limit.low, limit.high))
    return Query(question, text, filters=(Filter(PRICE, low=low, high=high, label=limit.words()),))


def _since_ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000
