"""What a text is made of: words, numbers and signs, and where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_")
#: Stands for any number: "24 oz" and "12 oz" are written alike.
ANY_NUMBER = "#"


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign.

    Attributes:
        word: Without its case.
        start: Its first character in the text.
        end: One past its last character.
        written: As it stands in the text.
    """

    word: str
    start: int
    end: int
    written: str

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return self.word[0].isdigit()

    @property
    def shape(self) -> str:
        """The word, or the mark of a number."""
        return ANY_NUMBER if self.is_number else self.word


def tokens(text: str) -> list[Token]:
    """The tokens of a text, in order."""
    return [
        Token(found[0].lower(), found.start(), found.end(), found[0])
        for found in _TOKEN.finditer(text)
    ]


def place_of(value: str, text: Sequence[Token]) -> tuple[int, int] | None:
    """The first and one past the last token of a value, where the text has it as whole words.

    If the text does not have it as it is, signs and spaces are left out of account:
    "K-Cup" is then where "K Cup" stands.
    """
    wanted = tokens(value)
    size = len(wanted)
    words = [one.word for one in wanted]
    for start in range(len(text) - size + 1 if wanted else 0):
        if [one.word for one in text[start : start + size]] == words:
            return start, start + size
    return _loose_place(_letters(words), text)


def _letters(words: Iterable[str]) -> str:
    return "".join(letter for word in words for letter in word if letter.isalnum())


def _loose_place(wanted: str, text: Sequence[Token]) -> tuple[int, int] | None:
    for start, first in enumerate(text if wanted else ()):
        written = ""
        if not _letters([first.word]):
            continue
        for end in range(start, len(text)):
            written += _letters([text[end].word])
            if written == wanted:
                return start, end + 1
            if not wanted.startswith(written):
                break
    return None
