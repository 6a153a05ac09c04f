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
from dataclasses import dataclass, replace

from langchain_core.messages import AIMessageChunk

from core import ports, products
from core.db import Database
from core.errors import AnswerError, EndpointError, ModelError
from core.schema import Lane
from core.settings import Settings
from core.usage import Call, Tokens, record
from rag.citations import CitationFilter, missing
from rag.embedding import Embedder
from rag.exchange import Found, Passage, Timing, Turn
from rag.index import Index
from rag.lexical import LexicalIndex
from rag.prompts import without_model
from rag.retriever import Retriever
from rag.writer import KEPT, Brief, Writer

logger = logging.getLogger(__name__)

#: Searches at the same time; more of them only make each slower.
SEARCHES = 4
#: Added to a refusal that may not be final.
FILLING = " The shop is still putting {waiting:,} products on its shelves; please ask again soon."


@dataclass(slots=True)
class _Written:
    """What the model has sent so far."""

    started: float
    first_at: float | None = None
    pieces: int = 0
    tokens: Tokens | None = None
    cut_off: bool = False

    def take(self, chunk: AIMessageChunk) -> str:
        text = chunk.text
        if text:
            self.pieces += 1
            self.first_at = self.first_at or time.perf_counter()
        if chunk.usage_metadata:
            details = chunk.usage_metadata.get("input_token_details") or {}
            self.tokens = Tokens(
                prompt=chunk.usage_metadata["input_tokens"],
                completion=chunk.usage_metadata["output_tokens"],
                cached=details.get("cache_read") or 0,
            )
        self.cut_off = self.cut_off or chunk.response_metadata.get("finish_reason") == "length"
        return text

    def counted(self) -> Tokens:
        """Tokens as the server counted them; of a stopped answer, its pieces."""
        return self.tokens or Tokens(completion=self.pieces)


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
        written = _Written(started=time.perf_counter())
        outcome = "stopped"
        try:
            yield from self._cited(written)
            outcome = "ok"
        except ModelError as error:
            outcome = _outcome(error)
            logger.warning("answer failed: %s (%s)", outcome, type(error.__cause__).__name__)
            raise
        finally:
            self._finish(written, outcome)

    def _cited(self, written: _Written) -> Generator[str, None, None]:
        citations = CitationFilter(len(self.passages))
        with closing(self._writer.stream(self._brief)) as chunks:
            for chunk in chunks:
                if shown := citations.feed(written.take(chunk)):
                    self._note_first(written)
                    yield shown
        if not written.pieces:
            raise AnswerError(f"The model gave no answer. {KEPT} Please ask again.")
        end = citations.end() + ("…" if written.cut_off else "")
        yield end + missing(self.text + end, self.passages)

    def _note_first(self, written: _Written) -> None:
        if self.timing.first_token_ms is None and written.first_at is not None:
            first_ms = (written.first_at - self._started) * 1000
            self.timing = replace(self.timing, first_token_ms=first_ms)

    def _finish(self, written: _Written, outcome: str) -> None:
        tokens = written.counted()
        self.timing = replace(self.timing, tokens=tokens.completion, prompt_tokens=tokens.prompt)
        try:
            target = self._writer.endpoint()
        except EndpointError:
            return  # It was never asked.
        call = Call(
            lane=Lane.CHAT,
            endpoint=target.name,
            model=target.model,
            tokens=tokens,
            total_ms=_since_ms(written.started),
            outcome=outcome,
            ttft_ms=(written.first_at - written.started) * 1000 if written.first_at else None,
            conversation_id=self._conversation_id,
        )
        with self._db.write() as connection:
            record(connection, [call])


class Counter:
    """Answers questions from the shop; made once a process, safe to share between threads."""

    def __init__(self, db: Database, index: Index, lexical: LexicalIndex, writer: Writer) -> None:
        self.retriever = Retriever(db, index, lexical)
        self._db = db
        self._index = index
        self._writer = writer
        self._searches = threading.BoundedSemaphore(SEARCHES)

    def warm(self) -> None:
        """Load and connect what the first question would otherwise wait for.

        Raises:
            ServiceError: The search index cannot be reached.
        """
        self.retriever.search("What do you sell?")
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
            found = self.retriever.search(question, history=history)
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


def open_counter(settings: Settings, db: Database) -> Counter:
    """A counter over the shop in these tables; cheap, see :meth:`Counter.warm`."""
    index = Index(lambda: ports.read(settings).chroma, Embedder())
    return Counter(db, index, LexicalIndex(db), Writer(settings))


def _since_ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _outcome(error: ModelError) -> str:
    if isinstance(error, EndpointError):
        return f"http {error.status}" if error.status else "unreachable"
    return "bad answer"
