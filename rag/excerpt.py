"""Cuts a long text down to the sentences that a question is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.texts import shortened

SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])|\n+|;\s+|\s+(?=- [A-Z0-9])")
#: Letters compared: enough to tell words apart, few enough to forgive their endings.
STEM = 4
SHORTEST_WORD = 3
STOP = """
the and for you your are can does did have has how long what which when where who why will with
any our not but this that there they them from much many get got
"""
STOP_WORDS = frozenset(STOP.split())


def excerpt(text: str, question: str, limit: int) -> str:
    """At most ``limit`` characters of a text: the sentences closest to a question.

    They keep their order. Where none matches, it is the beginning of the text.
    """
    sentences = [" ".join(part.split()) for part in SENTENCE_END.split(text) if part.strip()]
    whole = _joined(sentences)
    if len(whole) <= limit:
        return whole
    wanted = _stems(question)
    order = sorted(range(len(sentences)), key=lambda at: (-len(wanted & _stems(sentences[at])), at))
    kept = sorted(_fitting(((at, len(sentences[at])) for at in order), limit))
    return shortened(_joined([sentences[at] for at in kept or order[:1]]), limit)


def _joined(sentences: Sequence[str]) -> str:
    """One line; what ends without a stop, as the rows of a table do, gets a semicolon."""
    ended = [text if text[-1] in ".!?;:" else f"{text};" for text in sentences[:-1]]
    return " ".join([*ended, *sentences[-1:]])


def _fitting(sized: Iterable[tuple[int, int]], limit: int) -> list[int]:
    kept, used = [], 0
    for at, size in sized:
        if used + size <= limit:
            kept.append(at)
            used += size + 1
    return kept


def _stems(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(
        word[:STEM] for word in words if len(word) >= SHORTEST_WORD and word not in STOP_WORDS
    )
