"""A question cut into words, each in the form in which it is looked up.

Plurals and possessives are taken for the singular, so that "tents" asks for a
tent; which form that is does not matter, as long as it is the same everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from core.fold import fold

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_MANY = """
    knives knife|shelves shelf|scarves scarf|leaves leaf|loaves loaf|halves half|men man
    |women woman|children child|feet foot|teeth tooth|geese goose|people person|mice mouse
"""
_IRREGULAR = {pair.split()[0]: pair.split()[1] for pair in _MANY.split("|")}
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
#: Numbers that people write out.
COUNTED = {word: float(at) for at, word in enumerate(_NUMBERS.split(), start=1)}
_LONGEST_SEEN = 60


def listed(words: str) -> frozenset[str]:
    """The words of a table that is written as one text."""
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a question.

    Attributes:
        text: As it is written.
        key: The form in which it is looked up.
        start: Its first character's place.
        end: One past its last one.
    """

    text: str
    key: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words of a text with their places."""
    return [
        Word(found[0], key_of(found[0]), found.start(), found.end())
        for found in _WORD.finditer(text)
    ]


@lru_cache(4096)
def keys_of(text: str) -> tuple[str, ...]:
    """The words of a value or of a field's name, as they are looked up; "and" does not count."""
    keys = (key_of(found) for found in _WORD.findall(text.replace("_", " ")))
    return tuple(key for key in keys if key != "and")


@lru_cache(4096)
def key_of(word: str) -> str:
    """The form in which a word is looked up: ``Knives`` is ``knife``, ``women's`` is ``woman``."""
    folded = fold(word[:_LONGEST_SEEN]).replace("’", "'").removesuffix("'s").removesuffix("'")
    if folded in _IRREGULAR:
        return _IRREGULAR[folded]
    if len(folded) > 4 and folded.endswith("ies"):
        return folded[:-3] + "y"
    if len(folded) > 4 and folded.endswith(("sses", "shes", "ches", "xes")):
        return folded[:-2]
    if len(folded) > 3 and folded.endswith("s") and not folded.endswith(("ss", "us", "is")):
        return folded[:-1]
    return folded
