"""Puts a mistyped word right by the shop's own words, and never a right one wrong.

A word is taken for mistyped only where nothing in the shop has it and it is no
English word either: who asks for a phone in a shop without phones is not
answered with cones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from rag.lexical import LexicalIndex
from rag.words import WORD, stems

#: Words as short as this are too much like others.
SHORTEST = 4
#: From this length on, two slips are forgiven.
LONG = 8


class Spelling:
    """Corrects by the words of some indexes.

    Args:
        shelves: Where words may stand.
        is_word: Says whether something is a word of the language, in the shop or not.
    """

    def __init__(self, shelves: Sequence[LexicalIndex], is_word: Callable[[str], bool]) -> None:
        self._shelves = shelves
        self._is_word = is_word

    def corrected(self, text: str) -> str:
        """The text with its mistyped words put right."""
        return WORD.sub(lambda found: self._right(found[0]), text)

    def _right(self, word: str) -> str:
        plain = word.lower()
        if len(plain) < SHORTEST or not plain.isalpha() or not plain.isascii():
            return word
        terms = stems(plain)
        known = any(shelf.has(term) for shelf in self._shelves for term in terms)
        if not terms or known or self._is_word(plain):
            return word
        return self._nearest(plain) or word

    def _nearest(self, word: str) -> str | None:
        """The closest word with the same first letter, of equally close ones the commonest."""
        counts: dict[str, int] = {}
        for shelf in self._shelves:
            for other, count in shelf.spelled(word[0]):
                counts[other] = counts.get(other, 0) + count
        slips = 2 if len(word) >= LONG else 1
        # The shop may have it in the singular only.
        close = [
            (distance, -counts[other], other)
            for form in {word, word.removesuffix("s")}
            for other, distance, _ in process.extract(
                form, counts.keys(), scorer=OSA.distance, score_cutoff=slips, limit=None
            )
        ]
        return min(close)[2] if close else None
