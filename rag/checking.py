"""Checks an answer while it streams: what is shown of it agrees with the facts, always.

Only a figure waits until it is whole, with the word after it, which may be its
unit. A figure that the sources do not plainly support holds the rest of its
sentence back; at its end the sentence is shown corrected, or not at all. Knows
nothing of models.
"""

from __future__ import annotations

import logging
import re

from rag.claims import corrected, first_doubt
from rag.leaks import leaks
from rag.names import made_up
from rag.support import Support
from rag.unknowns import says_unknown

logger = logging.getLogger(__name__)

#: Where a sentence ends: a stop with its citations, if what follows cannot belong to it.
_END = re.compile(r"(?:[.!?…][\"'”’)*_]*(?:\s*\[\d{1,3}\][.]?)*|[。！？])(?=\s+[^\s\[a-z\d])|\n+")
#: What may be the beginning of a figure, of an address or of a citation.
_UNFINISHED = re.compile(
    r"(?:[$€£¥₹]\s?|[^\s\[]*\d[^\s\]]*(?:[^\S\n][^\s]*)?|[^\s]*(?:@|://|\w\.\w)[^\s]*|www[^\s]*|\s*\[)$"
)


class Checker:
    """An answer as far as it is right; see :attr:`text`.

    Attributes:
        withdrawn: Sentences that were not shown, or disappeared.
        corrected: Sentences that are shown with another figure than the model's.
        unknown: Sentences in which the model says that it does not know.
        kept: Sentences that are shown.
    """

    def __init__(self, support: Support) -> None:
        self.withdrawn = 0
        self.corrected = 0
        self.unknown = 0
        self.kept = 0
        self._support = support
        self._settled = ""
        self._open = ""

    @property
    def text(self) -> str:
        """What can be shown now."""
        return (self._settled + self._shown(self._open)).strip()

    @property
    def settled(self) -> str:
        """What is shown now and stays."""
        return self._settled.strip()

    @property
    def clean(self) -> bool:
        """Whether every sentence is shown as the model wrote it."""
        return not self.withdrawn and not self.corrected

    @property
    def says_unknown(self) -> bool:
        """Whether all that is left is that the answer is not known."""
        return self.unknown > 0 and self.kept == self.unknown

    def feed(self, piece: str) -> None:
        """Take the next piece of the answer."""
        self._open += piece
        while end := _END.search(self._open):
            sentence, self._open = self._open[: end.end()], self._open[end.end() :]
            self._settle(sentence)

    def end(self) -> None:
        """The answer is whole."""
        self._settle(self._open)
        self._open = ""

    def _settle(self, sentence: str) -> None:
        if not sentence.strip():
            self._settled += sentence if self._settled else ""
            return
        right = self._judged(sentence)
        if right is None:
            self.withdrawn += 1
            # Paragraphs and items of a list stay apart.
            self._settled += "\n" if sentence.endswith("\n") and self._settled else ""
            return
        self.kept += 1
        self.corrected += right != sentence
        self._settled += right

    def _judged(self, sentence: str) -> str | None:
        if leaks(sentence, self._support):
            logger.warning("a sentence was withdrawn: it is not the shop's to say")
            return None
        if says_unknown(sentence):
            self.unknown += 1
        elif made_up(sentence, self._support):
            logger.info("a sentence was withdrawn: no source speaks of it")
            return None
        right = corrected(sentence, self._support)
        if right is None:
            logger.info("a sentence was withdrawn: its figures are not those of the sources")
        return right

    def _shown(self, sentence: str) -> str:
        """The part of an unfinished sentence that can be shown."""
        if leaks(sentence, self._support):
            return ""
        unfinished = _UNFINISHED.search(sentence)
        whole = sentence[: unfinished.start()] if unfinished else sentence
        doubt = first_doubt(whole, self._support)
        return whole if doubt is None else whole[:doubt]
