"""Says why a product was found: what of it fits the conditions and the words of a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.facts import Fact, Filter, facts_of
from core.products import Product
from rag.words import stems

#: More reasons than a card has room for.
MOST = 4


def matched(product: Product, filters: Sequence[Filter], terms: frozenset[str]) -> tuple[str, ...]:
    """What fits, such as ``colour: navy`` or ``under $150``.

    Args:
        product: What was found.
        filters: Conditions that it meets.
        terms: Stems of the question's words.
    """
    facts = list(facts_of(product))
    reasons = [reason for one in filters if (reason := _met(one, facts))]
    return tuple(dict.fromkeys([*reasons, *_worded(facts, terms)]))[:MOST]


def _met(condition: Filter, facts: Sequence[Fact]) -> str:
    if condition.negated:
        return condition.label
    fitting = [fact for fact in facts if condition.fits(fact)]
    shown = ", ".join(fact.shown for fact in fitting if fact.shown)
    return f"{_name(condition.field)}: {shown}" if shown else condition.label


def _worded(facts: Sequence[Fact], terms: frozenset[str]) -> Iterator[str]:
    for fact in facts:
        words = stems(fact.text)
        if words and words <= terms:
            yield f"{_name(fact.field)}: {fact.shown}"


def _name(field: str) -> str:
    return field.replace("_", " ")
