"""An answer in the making: its facts are known, what words it needs are still to come.

Holds one text for each question that was asked, and records how it ended: what
the calls took, what was missing, what can be said again at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import sqlalchemy as sa

from core.db import Database
from core.errors import DatabaseAway, ModelError
from core.statuses import GapKind
from core.usage import Call, record
from rag import answer_cache, gaps
from rag.blocks import Block
from rag.exchange import Details, Passage, Timing
from rag.parts import Outcome, Part
from rag.phrases import Phrase, say

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What answers are made with.

    Attributes:
        db: Our tables.
        suggest: Gives questions that might come next, after an answer of these words.
    """

    db: Database
    suggest: Callable[[Sequence[Part], str], tuple[str, ...]]


class Reply:
    """An answer: :attr:`text` is right at any moment, and grows while it is streamed.

    Attributes:
        passages: The sources, numbered as the answer cites them.
        details: What is drawn with it; complete when the stream has ended.
        timing: Complete when the stream has ended.
        failure: Why the words are missing or not whole; None when all went well.
        whole: Whether nothing of :attr:`text` will change any more.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        passages: tuple[Passage, ...],
        desk: Desk,
        *,
        question: str,
        started: float,
        conversation_id: str | None,
        rehearsal: bool,
        calls: Sequence[Call] = (),
        extra: str = "",
    ) -> None:
        self.passages = passages
        self.failure: ModelError | None = None
        self.whole = False
        self.timing = Timing(retrieve_ms=_since_ms(started))
        self._blocks = blocks
        self._desk = desk
        self._question = question
        self._started = started
        self._conversation_id = conversation_id
        self._rehearsal = rehearsal
        self._extra = extra
        self._calls = calls
        self.details = self._drawn()

    @property
    def text(self) -> str:
        """What has been said so far; later it may be corrected, and grow."""
        return "\n\n".join(block.text for block in self._blocks if block.text) + self._extra

    @property
    def refused(self) -> bool:
        """Whether the shop does not have, or does not say, any of what was asked."""
        return bool(self._blocks) and all(block.refused for block in self._blocks)

    @property
    def writes(self) -> bool:
        """Whether a model is to be asked."""
        return any(block.prose is not None for block in self._blocks)

    @property
    def before(self) -> int:
        """How many wait for a model before this answer, as far as is known."""
        return max((block.prose.writing.before for block in self._blocks if block.prose), default=0)

    def stream(self) -> Generator[str, None, None]:
        """Have the words written; yields whenever :attr:`text` may have changed.

        Closing the generator stops the model at once; then nothing is suggested.

        Yields:
            What was added to the text; empty where nothing was, or where it changed.
        """
        shown = ""
        try:
            for block in self._blocks:
                if self.failure is not None and block.prose is not None:
                    block.without_model()
                    continue
                with closing(block.stream()) as steps:
                    for _ in steps:
                        self._note_first(block)
                        yield _added(shown, self.text)
                        shown = self.text
                if block.prose is not None and block.prose.failure is not None:
                    self.failure = block.prose.failure
            self.details = self._drawn()
            self.whole = True
            yield _added(shown, self.text)
            self._keep()
            if not self._rehearsal:
                parts = [block.part for block in self._blocks]
                suggestions = self._desk.suggest(parts, self.text)
                self.details = replace(self.details, suggestions=suggestions)
        finally:
            self._finish()

    def _drawn(self) -> Details:
        parts = [block.part for block in self._blocks]
        written = [block for block in self._blocks if block.part.outcome is Outcome.FOUND]
        notice = ""
        if self.failure is not None:
            language = parts[0].query.language
            english = language == "en"
            notice = self.failure.message if english else say(Phrase.WORDS_AWAY, language)
        return Details(
            queries=tuple(part.query for part in parts),
            comparison=next((part.comparison for part in parts if part.comparison), None),
            near=bool(parts) and all(part.outcome is Outcome.NEAR for part in parts),
            refused=self.refused,
            cached=bool(written) and all(block.cached for block in written),
            notice=notice,
        )

    def _note_first(self, block: Block) -> None:
        prose = block.prose
        if self.timing.first_token_ms is None and prose and prose.text:
            first_at = prose.writing.first_at or time.perf_counter()
            self.timing = replace(self.timing, first_token_ms=(first_at - self._started) * 1000)

    def _keep(self) -> None:
        """Keep what can be said again, and what was missing."""
        if self._rehearsal:
            return
        for block in self._blocks:
            if block.key and block.repeatable:
                answer_cache.store(self._desk.db, block.key, block.text)
            if block.gap is not None:
                self._record_gap(block, block.gap)

    def _record_gap(self, block: Block, kind: GapKind) -> None:
        part = block.part
        nearest = [passage.id for passage in part.passages]
        asked = part.query.asked if len(self._blocks) > 1 else self._question
        if part.query.text and part.query.text not in asked:
            asked = f"{asked} ({part.query.text})"
        try:
            missing = part.missing or ", ".join(part.query.fields)
            gaps.record(self._desk.db, asked, kind, missing=missing, nearest=nearest)
        except (DatabaseAway, sa.exc.OperationalError) as error:
            logger.warning("a gap is not recorded: %s", type(error).__name__)

    def _finish(self) -> None:
        proses = [block.prose for block in self._blocks if block.prose is not None]
        tokens = [prose.writing.tokens for prose in proses]
        self.timing = replace(
            self.timing,
            total_ms=_since_ms(self._started),
            tokens=sum(one.completion for one in tokens),
            prompt_tokens=sum(one.prompt for one in tokens),
        )
        self.details = replace(self._drawn(), suggestions=self.details.suggestions)
        written = [call for prose in proses for call in prose.writing.calls]
        calls = [
            replace(call, conversation_id=self._conversation_id)
            for call in [*self._calls, *written]
        ]
        if calls:
            # What is stored of the answer next makes it durable.
            with self._desk.db.write(durable=False) as connection:
                record(connection, calls)


def _added(before: str, now: str) -> str:
    return now[len(before) :] if now.startswith(before) else ""


def _since_ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000
