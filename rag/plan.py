"""What an answer will be, before a model is asked: for each question its facts, or their lack.

Every source that is shown is numbered once over the whole answer. What is known
exactly, or known to be missing, is said here; what is left has to be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.products import Product
from rag.exact_answer import Exact
from rag.exchange import Passage
from rag.matching import matched
from rag.parts import Numbers, Outcome, Part
from rag.passages import product_passage
from rag.phrases import Phrase, say
from rag.query import Intent, Query
from rag.shortfall import Search, found_or_lacking, nearest, wanted
from rag.words import stems

#: Passages for each of so many questions in one: 6 for one, 4 for each of two, then 3.
SHOWN = {1: 6, 2: 4}
SHOWN_OF_MANY = 3
_CITATION = re.compile(r"\[(\d{1,3})\]")
_THANKS = re.compile(r"\b(thank|thanks|thx|bye|goodbye|danke|merci|gracias|grazie)\b", re.I)


Compute = Callable[[Query], Exact | None]


def planned(
    queries: Sequence[Query], search: Search, compute: Compute
) -> tuple[tuple[Part, ...], tuple[Passage, ...]]:
    """The parts of an answer, and all sources they speak of.

    Args:
        queries: As the question was understood.
        search: Finds passages, at most so many.
        compute: Answers exactly, where that is asked for and possible.
    """
    numbers = Numbers()
    # "Hello, do you have tents?" is no greeting.
    asked = [query for query in queries if query.intent is not Intent.TALK] or list(queries[:1])
    most = SHOWN.get(len(asked), SHOWN_OF_MANY)
    parts = tuple(_part(query, search, compute, numbers, most) for query in asked)
    return parts, numbers.passages


def _part(query: Query, search: Search, compute: Compute, numbers: Numbers, most: int) -> Part:
    if query.intent is Intent.TALK:
        phrase = Phrase.THANKS if _THANKS.search(query.asked) else Phrase.WELCOME
        return Part(query, Outcome.TALK, text=say(phrase, query.language))
    if (exact := compute(query)) is not None:
        return _exact(query, exact, numbers)
    found = search(query, most)
    if found.relevant and found.passages:
        return found_or_lacking(query, numbers.take(found.passages))
    return nearest(query, found, search, numbers)


def _exact(query: Query, exact: Exact, numbers: Numbers) -> Part:
    passages = numbers.take([_passage(item, query) for item in exact.products])
    given = {at: passage.number for at, passage in enumerate(passages, start=1)}

    def renumbered(found: re.Match[str]) -> str:
        return f"[{given[int(found[1])]}]" if int(found[1]) in given else ""

    drawn = exact.comparison
    if drawn is not None:
        drawn = replace(drawn, numbers=tuple(given[number] for number in drawn.numbers))
    text = _CITATION.sub(renumbered, " ".join(exact.sentences))
    outcome = Outcome.NEAR if exact.near else Outcome.EXACT
    missing = wanted(query) if exact.near else ""
    return Part(query, outcome, passages, text, drawn, missing)


def _passage(item: Product, query: Query) -> Passage:
    reasons = matched(item, query.filters, stems(query.text))
    return replace(product_passage(item), score=1.0, matched=reasons)
