"""The texts of an answer, one for each question: written before, being written, or said at once."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from core.db import Database
from core.statuses import GapKind
from rag import answer_cache, documents
from rag.answer_cache import Asked
from rag.completing import completed
from rag.exchange import Kind, Passage, Role, Turn
from rag.key_sentences import KeySentence, SentenceRanker, best_said, to_read
from rag.languages import ENGLISH, language_name
from rag.parts import Outcome, Part
from rag.phrases import Phrase, say
from rag.plain_words import told
from rag.prompts import PROMPT_VERSION, shown_history
from rag.prose import Prose
from rag.support import support_of
from rag.writer import Brief, Writer


class Block:
    """One part of an answer and its text so far.

    Attributes:
        prose: What a model writes of it; None where nothing is to be written.
        key: Under which its words are kept; None where they are not.
        cached: Whether its words were written earlier.
        refused: Whether the shop does not have, or does not say, what was asked.
        gap: What was missing, if anything.
    """

    def __init__(
        self,
        part: Part,
        prose: Prose | None = None,
        key: bytes | None = None,
        cached: str | None = None,
        sentences: Sequence[KeySentence] = (),
    ) -> None:
        self.part = part
        self.prose = None if cached else prose
        self.key = key
        self.cached = cached is not None
        self.text = cached or part.text
        self.refused = part.refused
        self.gap = part.gap
        self._sentences = sentences

    @property
    def repeatable(self) -> bool:
        """Whether its words can be given again: whole, and just as the model wrote them."""
        return self.prose is not None and self.prose.faithful and not self.refused

    def stream(self) -> Generator[None, None, None]:
        """Let the text grow; of a text that a model only translates, change it at the end."""
        if self.prose is None:
            return
        with closing(self.prose.stream()) as steps:
            for _ in steps:
                if not self.part.text:
                    self.text = self.prose.text
                yield
        if self.part.text:
            # Said in another language only if nothing of it was lost or changed.
            self.text = self.prose.text if self.prose.faithful else self.part.text
        else:
            self._end(self.prose)
        yield

    def without_model(self) -> None:
        """Say what the sources say, since there is nobody to say it better."""
        if not self.text and self.part.passages:
            self.text = self._best()

    def _end(self, prose: Prose) -> None:
        language = self.part.query.language
        unknown = prose.failure is None and prose.checker.says_unknown
        if unknown and not self._certain:
            self.refused, self.gap = True, self._unknown_gap()
            self.text = f"{say(Phrase.NOT_SAID, language)} {self._best()}"
            return
        if prose.failure is None and not prose.text and not self._certain:
            self.gap = GapKind.WITHDRAWN
        elif prose.checker.unknown and not unknown:
            self.gap = self._unknown_gap()
        if prose.failure is None and self._policy:
            self.text = completed(self.text, self._sentences, self.part.query.asked, language)
        self.without_model()

    @property
    def _policy(self) -> bool:
        """Whether a policy is what the answer is about."""
        led = self.part.passages[0].kind is Kind.POLICY
        return bool(self._sentences) and (led or self._sentences[0].certain)

    @property
    def _certain(self) -> bool:
        """Whether what a policy says is surely what was asked, whatever a model knows of it."""
        return self._policy and self._sentences[0].certain

    def _best(self) -> str:
        """What the best source says for the question."""
        if self._policy:
            return best_said(self._sentences)
        return told(self.part.passages[0], self.part.query.asked)

    def _unknown_gap(self) -> GapKind:
        of_product = self.part.passages[0].product is not None
        return GapKind.NO_FACT if of_product else GapKind.NO_POLICY


@dataclass(frozen=True, slots=True)
class Pen:
    """What the words of answers are made with.

    Attributes:
        db: Where words are kept.
        writer: Asks a model.
        sentences: Finds what of a policy matters.
    """

    db: Database
    writer: Writer
    sentences: SentenceRanker


def begun(part: Part, history: Sequence[Turn], pen: Pen, *, fresh: bool) -> Block:
    """A part with the one who will write its words, or with those written before.

    Args:
        part: What is known of the answer.
        history: The turns before, oldest first.
        pen: What the words are made with.
        fresh: Leave aside what was written before.
    """
    english = part.query.language == ENGLISH
    said_exactly = part.outcome is Outcome.EXACT and not english
    if part.outcome is not Outcome.FOUND and not said_exactly:
        return Block(part)
    shown = tuple(shown_history(history)) if part.query.follows else ()
    key = _key(part, shown, pen.db, pen.writer)
    cached = None if fresh else answer_cache.find(pen.db, key)
    ranked = () if cached or part.text else pen.sentences.ranked(part.query, part.passages)
    read = to_read(ranked, part.passages)
    return Block(part, _prose(part, read, shown, pen.writer), key, cached, ranked)


def _prose(part: Part, read: tuple[Passage, ...], shown: Sequence[Turn], writer: Writer) -> Prose:
    language = part.query.language
    named = "" if language == ENGLISH else language_name(language)
    brief = Brief(
        part.query.asked, read, tuple(shown), named, part.text, limits=part.query.price_limits
    )
    support = support_of(
        read,
        given=[part.text] if part.text else [],
        asked=[part.query.asked, *(turn.text for turn in shown if turn.role is Role.USER)],
        language=language,
    )
    return Prose(brief, support, writer)


def _key(part: Part, shown: tuple[Turn, ...], db: Database, writer: Writer) -> bytes:
    asked = Asked(
        part.query.asked,
        (part.query,),
        shown,
        model=writer.models(),
        prompt=PROMPT_VERSION,
        given=part.text,
    )
    return answer_cache.key(asked, part.passages, _document_versions(part, db))


def _document_versions(part: Part, db: Database) -> Mapping[str, int]:
    if any(passage.kind is Kind.POLICY for passage in part.passages):
        return documents.versions(db)
    return {}
