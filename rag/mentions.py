"""Which of the products at hand a sentence speaks of, by the words of their titles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.fold import fold
from rag.support import WORD, Source

#: Share of a title's words that surely name it.
SURE_SHARE = 0.6
SHORTEST_NAME = 4
CITATIONS = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Mention:
    """A product named in a sentence.

    Attributes:
        sure: Whether its title is there, or nearly; else it is a word of it that no
            other title has.
    """

    start: int
    end: int
    source: Source
    sure: bool


def mentions_in(text: str, products: Sequence[Source]) -> list[Mention]:
    """The products that a text names, in its order; what may mean several names none."""
    words = [
        (fold(found[0]), found.start(), found.end())
        for found in WORD.finditer(CITATIONS.sub(lambda cited: " " * len(cited[0]), text))
    ]
    common = Counter(word for one in products for word in set(one.title_words))
    found, at = [], 0
    while at < len(words):
        runs = [(_run(words, at, one.title_words), one) for one in products]
        longest = max((length for length, _ in runs), default=0)
        best = [one for length, one in runs if length == longest]
        if longest and len(best) == 1:
            named = [word for word, _, _ in words[at : at + longest]]
            if (mention := _mention(named, best[0], common)) is not None:
                found.append(
                    Mention(words[at][1], words[at + longest - 1][2], best[0], mention == "sure")
                )
        at += max(1, longest)
    return found


def cited_in(text: str) -> Iterator[int]:
    """The numbers of the passages that a text cites."""
    return (int(found[1]) for found in CITATIONS.finditer(text))


def _run(words: Sequence[tuple[str, int, int]], at: int, title: Sequence[str]) -> int:
    """How many words from here on stand in a title in the same order, one after the other."""
    longest = 0
    for begin, word in enumerate(title):
        if word != words[at][0]:
            continue
        length = 1
        while (
            at + length < len(words)
            and begin + length < len(title)
            and words[at + length][0] == title[begin + length]
        ):
            length += 1
        longest = max(longest, length)
    return longest


def _mention(named: Sequence[str], source: Source, common: Counter[str]) -> str | None:
    if len(named) == len(source.title_words):
        return "sure"
    if all(common[word] > 1 or not word.isalpha() for word in named):
        return None
    if len(named) > 1 and len(named) >= SURE_SHARE * len(source.title_words):
        return "sure"
    long = any(len(word) >= SHORTEST_NAME and common[word] == 1 for word in named)
    return "perhaps" if long else None
