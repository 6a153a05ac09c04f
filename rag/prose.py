"""The words of a model for one question: streamed, cited and checked, or why there are none.

Knows nothing of what is done with them, nor of other questions.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import closing

from core.errors import ModelError
from rag.checking import Checker
from rag.citations import CitationFilter, missing
from rag.support import Support
from rag.writer import Brief, Writer, Writing

logger = logging.getLogger(__name__)


class Prose:
    """An answer being written.

    Attributes:
        text: What can be shown of it now.
        failure: Why it has no (whole) end; None as long as nothing went wrong.
        writing: What the calls took.
        checker: What was kept of it, and what not.
        whole: Whether it came to its end.
    """

    def __init__(self, brief: Brief, support: Support, writer: Writer) -> None:
        self.text = ""
        self.failure: ModelError | None = None
        self.whole = False
        self.checker = Checker(support)
        self.writing: Writing = writer.begin(brief)
        self._passages = brief.passages

    @property
    def faithful(self) -> bool:
        """Whether it is whole, and shown just as the model wrote it."""
        return self.whole and self.checker.clean and not self.writing.cut_off and bool(self.text)

    def stream(self) -> Generator[None, None, None]:
        """Let :attr:`text` grow; yields whenever it may have changed, and while it waits.

        A model that fails ends it early: see :attr:`failure`.
        """
        try:
            yield from self._grow()
        except ModelError as error:
            logger.warning("answer failed: %s (%s)", error, type(error.__cause__).__name__)
            self.failure = error

    def _grow(self) -> Generator[None, None, None]:
        citations = CitationFilter({passage.number for passage in self._passages})
        with closing(self.writing.stream()) as pieces:
            for piece in pieces:
                self.checker.feed(citations.feed(piece))
                self.text = self.checker.text
                yield
        self.checker.feed(citations.end() + ("…" if self.writing.cut_off else ""))
        self.checker.end()
        self.text = self.checker.text
        if self.checker.kept > self.checker.unknown:
            self.text += missing(self.text, self._passages)
        self.whole = True
        yield
