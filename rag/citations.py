"""Makes sure that an answer points at its sources, whatever the model forgot.

Only what can be decided by comparing texts: a citation of a passage that does
not exist goes, and an answer without any gets those whose facts it repeats.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from core.money import price
from rag.exchange import Passage

CITATION = re.compile(r"\s?\[(\d{1,3})\]")
#: A bracket that may become a citation when the next piece comes.
UNFINISHED = re.compile(r"\s?\[\d{0,3}$|\s$")
WORD = re.compile(r"[^\W_]+(?:[.,'-][^\W_]+)*")
SHORTEST_WORD = 4
MOST_ADDED = 3
#: Share of an answer's words that must be a passage's for it to be the source.
SOURCE_SHARE = 0.4
TITLE_SHARE = 0.6


class CitationFilter:
    """Lets an answer through piece by piece, but not citations of passages that do not exist.

    A piece that may be the beginning of a citation is held back until it is whole.
    """

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = numbers
        self._held = ""

    def feed(self, piece: str) -> str:
        """The part of the answer that can be shown now; may be empty."""
        text = self._held + piece
        unfinished = UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return drop_unknown(text[:cut], self._numbers)

    def end(self) -> str:
        """What was still held back."""
        held, self._held = self._held, ""
        return drop_unknown(held, self._numbers)


def drop_unknown(text: str, numbers: Collection[int]) -> str:
    """The text without citations of numbers that no passage has."""
    return CITATION.sub(lambda found: found[0] if int(found[1]) in numbers else "", text)


def missing(text: str, passages: Sequence[Passage]) -> str:
    """What to append to a finished answer that cites nothing, such as ``" [2]"``.

    Empty when it cites already, or repeats nothing of any passage.
    """
    if CITATION.search(text) or not text.strip():
        return ""
    named = [passage for passage in passages if _names(text, passage)]
    sources = named or _closest(text, passages)
    return "".join(f" [{passage.number}]" for passage in sources[:MOST_ADDED])


def _names(text: str, passage: Passage) -> bool:
    """Whether an answer speaks of a product by its title or its price."""
    if passage.product is None:
        return False
    title, said = _words(passage.title), _words(text)
    cost = price(passage.product.price, passage.product.currency)
    return bool(title) and (
        len(title & said) >= TITLE_SHARE * len(title)
        or (cost != "" and cost in text and not title.isdisjoint(said))
    )


def _closest(text: str, passages: Sequence[Passage]) -> list[Passage]:
    """The passage that most of the answer's words come from, if it is enough of them."""
    said = _words(text)
    shares = [
        (len(said & _words(f"{passage.title} {passage.heading} {passage.text}")), passage)
        for passage in passages
    ]
    best, passage = max(shares, key=lambda share: share[0], default=(0, None))
    return [passage] if passage and best and best >= SOURCE_SHARE * len(said) else []


def _words(text: str) -> frozenset[str]:
    found = (word.lower() for word in WORD.findall(text))
    return frozenset(
        word for word in found if len(word) >= SHORTEST_WORD or any(map(str.isdigit, word))
    )
