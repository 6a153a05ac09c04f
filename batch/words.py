"""A text as the words by which it is compared with others, each with its place in the text.

Two texts are of the same words whatever their case, spacing, punctuation,
hyphens, accents and HTML, and however their numbers are written: ``4,000mm``
is ``4000 mm``, and ``T-Shirt`` is ``t shirt``.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from batch.cells import TAGS
from batch.numbers import only_number, plain

_PIECE = re.compile(
    rf"""
    (?P<tag> </?(?:{"|".join(sorted(TAGS))})\b[^<>]*> )
  | (?P<entity> &(?:\#\d{{1,7}}|\#[xX][0-9a-fA-F]{{1,6}}|[a-zA-Z]{{2,31}}\d{{0,2}}); )
  | (?P<number> \d+(?:[.,]\d+)* )
  | (?P<single> [\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af] )
  | (?P<letters> [^\W\d_\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]
                 (?:[^\W\d_\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[\u0300-\u036f])* )
  | (?P<unseen> [\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+ )
    """,
    re.VERBOSE,
)
#: Cells whose words are kept: those of the row at hand, for each of its fields.
_CELLS_KEPT = 64
_PLURALS = ("ies", "es", "s")
_ENDINGS = ("en", "n", "e", "y")
SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class Word:
    """One word or number of a text.

    Attributes:
        fold: The form in which it is compared.
        start: Its first character in the text.
        end: One past its last character.
        glued: Whether it continues the word before it, as "mm" does in "10mm".
    """

    fold: str
    start: int
    end: int
    glued: bool

    @property
    def is_number(self) -> bool:
        """Whether it is a number rather than a word."""
        return self.fold[0].isdigit()

    @property
    def stem(self) -> str:
        """The word without the endings of a plural or an owner; a number as it is."""
        return self.fold if self.is_number else _stem(self.fold)


@dataclass(frozen=True)
class Words:
    """The words of a text.

    Attributes:
        all: In order.
        compact: All of them written together.
        starts: Where each word starts in ``compact``, to its number.
        ends: Where each word ends in ``compact``, to its number.
    """

    all: tuple[Word, ...]
    compact: str
    starts: dict[int, int] = field(repr=False)
    ends: dict[int, int] = field(repr=False)

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Their stems, in order."""
        return tuple(word.stem for word in self.all)

    def places(self, wanted: Words) -> Iterator[tuple[int, int]]:
        """Where the same words stand here, as spans of the text; whole words only."""
        at = self.compact.find(wanted.compact) if wanted.compact else -1
        while at >= 0:
            first, last = self.starts.get(at), self.ends.get(at + len(wanted.compact))
            if first is not None and last is not None and self._apart(first, last):
                yield self.all[first].start, self.all[last].end
            at = self.compact.find(wanted.compact, at + 1)

    def _apart(self, first: int, last: int) -> bool:
        """Whether these words neither continue a word nor are continued by one."""
        after = self.all[last + 1] if last + 1 < len(self.all) else None
        return not self.all[first].glued and not (after and after.glued)


@lru_cache(maxsize=_CELLS_KEPT)
def words(text: str) -> Words:
    """The words of a text, found once for all the values that are looked for in it."""
    found = tuple(_separated(_joined(text)))
    starts, ends, length = {}, {}, 0
    parts: list[str] = []
    for number, word in enumerate(found):
        if parts and parts[-1][-1].isdigit() and word.is_number:
            parts.append(" ")  # "12 5" is not 125
            length += 1
        starts[length] = number
        parts.append(word.fold)
        length += len(word.fold)
        ends[length] = number
    return Words(found, "".join(parts), starts, ends)


def fold(text: str) -> str:
    """Letters without their case and accents."""
    if text.isascii():
        return text.lower()
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parted if not unicodedata.combining(each))


def _stem(word: str) -> str:
    return _without(_without(word, _PLURALS), _ENDINGS)


def _without(word: str, endings: tuple[str, ...]) -> str:
    if not word.endswith("ss"):
        for ending in endings:
            if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
                return word[: -len(ending)]
    return word


def _pieces(text: str) -> Iterator[tuple[str, str, int, int]]:
    """What a text is made of: kind, folded form, start and end."""
    for match in _PIECE.finditer(text):
        kind, piece = str(match.lastgroup), match[0]
        if kind == "number":
            piece = _canonical(piece)
        elif kind == "entity":
            piece = fold(html.unescape(piece))
            kind = "letters" if piece.isalpha() else "tag"
        elif kind in ("letters", "single"):
            piece = fold(piece)
        yield kind, piece, *match.span()


def _joined(text: str) -> Iterator[Word]:
    """Words, of which those that are written in several pieces are one."""
    before: Word | None = None
    reached = -1
    for kind, piece, start, end in _pieces(text):
        if kind == "unseen":
            reached = end if start == reached else reached
            continue
        if kind == "tag" or not piece:
            continue
        glued = start == reached and kind != "single"
        if before and glued and kind == "letters" and not before.is_number:
            before = Word(before.fold + piece, before.start, end, before.glued)
        else:
            if before:
                yield before
            before = Word(piece, start, end, glued)
        reached = end if kind != "single" else -1
    if before:
        yield before


def _separated(found: Iterator[Word]) -> Iterator[Word]:
    """The "x" of "20x30" is a sign, not a part of a word."""
    all_of_them = list(found)
    for number, word in enumerate(all_of_them):
        before = all_of_them[number - 1] if number else None
        after_sign = before is not None and before.fold in ("x", "×") and before.glued
        is_sign = word.fold == "x" and before is not None and before.is_number
        if word.glued and (is_sign or (after_sign and word.is_number)):
            word = Word(word.fold, word.start, word.end, False)
        yield word


def _canonical(number: str) -> str:
    try:
        return plain(only_number(number))
    except ValueError:
        return number
