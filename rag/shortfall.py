"""Says what the shop does not have or does not say, and offers what is nearest as such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.facts import PRICE, STOCK
from rag.exchange import Found, Kind, Passage
from rag.mentions import mentions_in
from rag.parts import Numbers, Outcome, Part
from rag.phrases import Phrase, say
from rag.plain_words import listed
from rag.query import Query
from rag.support import support_of, words_of

NEAREST = 3
#: Below this similarity nothing is near at all.
NEAR_SCORE = 0.2

Search = Callable[[Query, int], Found]


def found_or_lacking(query: Query, passages: tuple[Passage, ...]) -> Part:
    """The part for what was found: to be written, unless what was asked is known to be missing."""
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


def nearest(query: Query, found: Found, search: Search, numbers: Numbers) -> Part:
    """The refusal, with the nearest things as such.

    Args:
        query: What was asked.
        found: What the search brought, which is not it.
        search: To search again with fewer conditions.
        numbers: Of the whole answer.
    """
    near, dropped = found, tuple[str, ...]()
    if not found.passages and query.filters:
        near, dropped = _relaxed(query, search)
    if not near.passages or near.best_score < NEAR_SCORE:
        text = say(Phrase.NOTHING, query.language)
        return Part(query, Outcome.NOTHING, text=text, missing=wanted(query))
    passages = numbers.take(near.passages[:NEAREST])
    phrase = Phrase.NO_POLICY if passages[0].kind is Kind.POLICY else Phrase.NEAREST
    text = say(phrase, query.language)
    if dropped:
        conditions = ", ".join(dropped)
        text = say(Phrase.NONE_WITH, query.language, conditions=conditions)
    return Part(query, Outcome.NEAR, passages, f"{text} {listed(passages)}", missing=wanted(query))


def _relaxed(query: Query, search: Search) -> tuple[Found, tuple[str, ...]]:
    """What is found with as few conditions left out as possible, and which were left out."""
    apart = [(one,) for one in query.filters] if len(query.filters) > 1 else []
    for left_out in [*apart, query.filters]:
        kept = tuple(one for one in query.filters if one not in left_out)
        found = search(replace(query, filters=kept), NEAREST)
        if found.passages:
            break
    return found, tuple(one.label or one.field for one in left_out)


def wanted(query: Query) -> str:
    """What was asked for, in a few words."""
    labels = [one.label or one.field for one in query.filters]
    return ", ".join(part for part in (query.text.strip(), *labels) if part)
