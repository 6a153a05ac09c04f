"""Compares what an answer says with what it should say and with the sources it cites.

Only what can be decided on the texts: numbers are compared as numbers, wordings
as folded words. A sentence is supported when its sources hold every number in it
and most of its longer words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from core.fold import fold
from rag.exchange import Passage

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
CITED = re.compile(r"\[(\d{1,3})\]")
#: Where a sentence ends, with citations that stand behind its stop.
_END = re.compile(r"[.!?…][\"'”’)]*(?:\s?\[\d{1,3}\])*\.?(?=\s+[^\s\[])|\n+")
_WORD = re.compile(r"[^\W\d_]{4,}")
#: Words are compared by their beginnings, so that "boots" is "boot" and "washed" is "wash".
STEM = 5
#: Longer words of a sentence that its sources and the question have to hold between them.
SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that cites sources.

    Attributes:
        supported: Whether the sources hold what it says.
    """

    text: str
    sources: tuple[int, ...]
    supported: bool


def numbers(text: str) -> frozenset[float]:
    """The numbers of a text; commas before three digits group thousands."""
    return frozenset(_number(found[0]) for found in NUMBER.finditer(text))


def tells(text: str, wording: str) -> bool:
    """Whether a text has a wording; a bare number may be written in any way (9 is $9.00)."""
    if NUMBER.fullmatch(wording):
        return _number(wording) in numbers(text)
    return bool(re.search(rf"(?<!\w){re.escape(fold(wording))}(?!\w)", fold(text)))


def card_text(passage: Passage) -> str:
    """Everything that a shopper can read about a source: its text, and of a product its facts."""
    parts = [passage.title, passage.heading, passage.text]
    if item := passage.product:
        for name, value in item.values.items():
            parts.append(f"{name.replace('_', ' ')}: {value.text()} {value.unit or ''}")
        parts.append("" if item.price is None else f"costs {item.price} {item.currency or ''}")
        if item.stock is not None:
            parts.append(f"{item.stock} in stock" if item.stock > 0 else "out of stock, 0 in stock")
    return ". ".join(part for part in parts if part)


def claims(
    text: str, passages: Sequence[Passage], question: str, known: Collection[float] = ()
) -> list[Claim]:
    """The sentences of an answer that cite something.

    Args:
        text: The answer.
        passages: Its sources.
        question: What was asked, and before in the conversation.
        known: Numbers that are right though no source holds them, such as a count.
    """
    by_number = {passage.number: card_text(passage) for passage in passages}
    return [_claim(sentence, by_number, question, known) for sentence in _sentences(text)]


def _claim(
    sentence: str, by_number: dict[int, str], question: str, known: Collection[float]
) -> Claim:
    cited = tuple(dict.fromkeys(int(found) for found in CITED.findall(sentence)))
    said = CITED.sub("", sentence)
    sources = " ".join(by_number.get(number, "") for number in cited)
    # "We have 2 kettles: … [1]; … [2]" says how many it cites.
    there = {*numbers(sources), *numbers(question), *known, float(len(cited))}
    words, held = _stems(said), _stems(sources) | _stems(question)
    worded = not words or len(words & held) >= SHARE * len(words)
    all_there = all(number in by_number for number in cited)
    left = numbers(said) - there - _differences(numbers(said) & there | {float(len(cited))})
    return Claim(said.strip(), cited, all_there and worded and not left)


def _differences(known: Collection[float]) -> set[float]:
    """What can be computed of them: "$199 and $289, a difference of $90"."""
    return {round(abs(one - other), 2) for one, other in combinations(known, 2)}


def _sentences(text: str) -> Iterator[str]:
    """Sentences with citations."""
    at = 0
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        sentence, at = text[at:end], end
        if CITED.search(sentence):
            yield sentence


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in _WORD.findall(fold(text)))


def _number(text: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    whole, _, rest = text.replace(",", ".").partition(".")
    return float(f"{whole}.{rest.replace('.', '')}" if rest else whole)
