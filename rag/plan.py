"""What an answer will be, before a model is asked: for each question its facts, or their lack.

Every source that is shown is numbered once over the whole answer. What is known
exactly, or known to be missing, is said here; what is left has to be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from core.facts import PRICE, STOCK
from core.products import Product
from core.statuses import GapKind
from rag.exchange import Comparison, Found, Kind, Passage
from rag.markup import plain
from rag.mentions import mentions_in
from rag.phrases import Phrase, say
from rag.plain_words import listed
from rag.query import Intent, Query
from rag.support import support_of, words_of
from rag.texts import facts

#: Passages for each of so many questions in one: 6 for one, 4 for each of two, then 3.
SHOWN = {1: 6, 2: 4}
SHOWN_OF_MANY = 3
NEAREST = 3
#: Below this similarity nothing is near at all.
NEAR_SCORE = 0.2
_CITATION = re.compile(r"\[(\d{1,3})\]")
_THANKS = re.compile(r"\b(thank|thanks|thx|bye|goodbye|danke|merci|gracias|grazie)\b", re.I)


class Exact(Protocol):
    """An exact answer: its sentences cite its products by their places, from 1."""

    sentences: Sequence[str]
    products: Sequence[Product]
    comparison: Comparison | None


Search = Callable[[Query, int], Found]
Compute = Callable[[Query], Exact | None]


class Outcome(StrEnum):
    """What one question came to."""

    TALK = "talk"  #: a greeting; nothing to look for
    EXACT = "exact"  #: computed from the facts
    FOUND = "found"  #: sources are there, the words have to be written
    NO_FACT = "no_fact"  #: the product is there, what is asked about it is not known
    NEAR = "near"  #: it is not there; the nearest things are shown
    NOTHING = "nothing"  #: nothing is even near
    NO_QUESTION = "no_question"  #: nothing that could be answered was asked


@dataclass(frozen=True, slots=True)
class Part:
    """One question of those asked, and what it came to.

    Attributes:
        passages: Its sources, numbered as in the whole answer.
        text: What is said without a model; empty where the words have to be written.
        missing: What was missing, for the shop's owner; empty if nothing was.
    """

    query: Query
    outcome: Outcome
    passages: tuple[Passage, ...] = ()
    text: str = ""
    comparison: Comparison | None = None
    missing: str = ""

    @property
    def refused(self) -> bool:
        """Whether the shop does not have, or does not say, what was asked."""
        return self.outcome not in (Outcome.TALK, Outcome.EXACT, Outcome.FOUND)

    @property
    def gap(self) -> GapKind | None:
        """What kind of thing was missing; None where nothing was."""
        if not self.refused or self.outcome is Outcome.NO_QUESTION:
            return None
        if self.outcome is Outcome.NO_FACT:
            return GapKind.NO_FACT
        policy = bool(self.passages) and self.passages[0].kind is Kind.POLICY
        return GapKind.NO_POLICY if policy else GapKind.NOT_SOLD


class Numbers:
    """Gives every source of an answer one number, in the order in which they come."""

    def __init__(self) -> None:
        self._shown: dict[str, Passage] = {}

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All of them, from 1."""
        return tuple(self._shown.values())

    def take(self, passages: Iterable[Passage]) -> tuple[Passage, ...]:
        """The same passages under their numbers."""
        for passage in passages:
            known = self._shown.get(passage.id)
            number = known.number if known else len(self._shown) + 1
            self._shown[passage.id] = replace(known or passage, number=number)
        return tuple(self._shown[passage.id] for passage in passages)


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
        return _found(query, numbers.take(found.passages))
    return _near(query, found, search, numbers)


def _exact(query: Query, exact: Exact, numbers: Numbers) -> Part:
    passages = numbers.take([_product_passage(item) for item in exact.products])
    given = {at: passage.number for at, passage in enumerate(passages, start=1)}

    def renumbered(found: re.Match[str]) -> str:
        return f"[{given[int(found[1])]}]" if int(found[1]) in given else ""

    drawn = exact.comparison
    if drawn is not None:
        drawn = replace(drawn, numbers=tuple(given[number] for number in drawn.numbers))
    text = _CITATION.sub(renumbered, " ".join(exact.sentences))
    return Part(query, Outcome.EXACT, passages, text, drawn)


def _found(query: Query, passages: tuple[Passage, ...]) -> Part:
    lacking = _lacking(query, passages)
    if lacking is None:
        return Part(query, Outcome.FOUND, passages)
    subject, field = lacking
    said = say(Phrase.NO_FACT, query.language, field=field.replace("_", " "), title=subject.title)
    return Part(query, Outcome.NO_FACT, passages, f"{said} [{subject.number}]", missing=field)


def _lacking(query: Query, passages: Sequence[Passage]) -> tuple[Passage, str] | None:
    """The product asked about and the fact that the shop does not have of it; None: it has.

    Decided only where one product is meant: a list may well hold the fact for some.
    """
    products = support_of([one for one in passages if one.product]).products
    if not query.fields or not products or len(products) < len(passages):
        return None
    named = [one.source.passage for one in mentions_in(query.asked, products) if one.sure]
    meant = named[0] if named else (products[0].passage if len(products) == 1 else None)
    if meant is None:
        return None
    missing = [field for field in query.fields if not _says(meant, field)]
    return (meant, missing[0]) if len(missing) == len(query.fields) else None


def _says(passage: Passage, field: str) -> bool:
    """Whether a product has a fact, or its text speaks of it."""
    product = passage.product
    if product is None or field in product.values:
        return True
    if field in (PRICE, STOCK):
        return (product.price if field == PRICE else product.stock) is not None
    words = words_of(field.replace("_", " "))
    return bool(words & words_of(f"{passage.title} {passage.text}"))


def _near(query: Query, found: Found, search: Search, numbers: Numbers) -> Part:
    """The refusal, with the nearest things as such."""
    near, dropped = found, tuple[str, ...]()
    if not found.passages and query.filters:
        near, dropped = _relaxed(query, search)
    if not near.passages or near.best_score < NEAR_SCORE:
        text = say(Phrase.NOTHING, query.language)
        return Part(query, Outcome.NOTHING, text=text, missing=_wanted(query))
    passages = numbers.take(near.passages[:NEAREST])
    phrase = Phrase.NO_POLICY if passages[0].kind is Kind.POLICY else Phrase.NEAREST
    text = say(phrase, query.language)
    if dropped:
        conditions = ", ".join(dropped)
        text = say(Phrase.NONE_WITH, query.language, conditions=conditions)
    return Part(query, Outcome.NEAR, passages, f"{text} {listed(passages)}", missing=_wanted(query))


def _relaxed(query: Query, search: Search) -> tuple[Found, tuple[str, ...]]:
    """What is found with as few conditions left out as possible, and which were left out."""
    apart = [(one,) for one in query.filters] if len(query.filters) > 1 else []
    for left_out in [*apart, query.filters]:
        kept = tuple(one for one in query.filters if one not in left_out)
        found = search(replace(query, filters=kept), NEAREST)
        if found.passages:
            break
    return found, tuple(one.label or one.field for one in left_out)


def _wanted(query: Query) -> str:
    """What was asked for, in a few words."""
    labels = [one.label or one.field for one in query.filters]
    return ", ".join(part for part in (query.text.strip(), *labels) if part)


def _product_passage(item: Product) -> Passage:
    text = ". ".join(part for part in (facts(item), plain(item.description)) if part)
    return Passage(0, f"product:{item.id}", Kind.PRODUCT, plain(item.title), "", text, 1.0, item)
