"""Cuts a long text down to the sentences that a question is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from rag.texts import shortened

#: Neither "1 p.m. Pacific time" nor the number of a list's item ends a sentence.
SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!^\d\.)(?:(?<![ap]\.m\.)|(?=\s(?:A|All|It|Our|The|They|We)\s))"
    r"\s+(?=[A-Z0-9\"'(])|\s+(?=- [A-Z0-9])"
)
CLAUSE_END = re.compile(r";\s+")
#: Between the cells of a table's row.
CELLS = " | "
#: Of a row that stands for its sentence: a service, its cost and how long it takes.
LEAST_CELLS = 2
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
    sentences = [clause for one in parted(text) for clause in CLAUSE_END.split(one) if clause]
    whole = _joined(sentences)
    if len(whole) <= limit:
        return whole
    wanted = _stems(question)
    order = sorted(range(len(sentences)), key=lambda at: (-len(wanted & _stems(sentences[at])), at))
    kept = sorted(_fitting(((at, len(sentences[at])) for at in order), limit))
    return shortened(_joined([sentences[at] for at in kept or order[:1]]), limit)


def parted(text: str) -> list[str]:
    """The sentences of a text; of a table each row, with the names of its columns."""
    found: list[str] = []
    columns: list[str] = []
    for line, after in pairwise([*text.splitlines(), ""]):
        cells = [cell.strip() for cell in line.split(CELLS)]
        if len(cells) < LEAST_CELLS:
            columns = []
            found += [" ".join(part.split()) for part in SENTENCE_END.split(line) if part.strip()]
        elif len(columns) == len(cells):
            named = (f"{name.lower()} {cell}" for name, cell in zip(columns, cells, strict=True))
            found.append(f"{cells[0]}: {', '.join(list(named)[1:])}")
        elif len(after.split(CELLS)) == len(cells) and not any(map(str.isdigit, line)):
            columns = cells
        else:
            found.append(f"{cells[0]}: {', '.join(cells[1:])}")
    return found


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
