"""What tests ask of a shop without the counter: questions as they stand, words looked up."""

from __future__ import annotations

from collections.abc import Sequence

from core.facts import PRICE, Filter
from rag.exchange import Kind, Turn
from rag.followup import standalone
from rag.limits import price_limit
from rag.mirror import Mirror
from rag.query import Query
from rag.words import stems


def asked_plainly(question: str, history: Sequence[Turn] = ()) -> Query:
    """A question as it stands, after those that it follows, with its price limit as a filter."""
    text = standalone(question, history)
    limit = price_limit(text)
    low, high = (None if price is None else float(price) for price in (limit.low, limit.high))
    filters = (Filter(PRICE, low=low, high=high, label=limit.words()),) if limit else ()
    return Query(question, text, filters=filters)


def worded(mirror: Mirror, text: str, kind: Kind = Kind.PRODUCT) -> set[str]:
    """Ids of what has any of the words."""
    held = mirror.held(kind)
    return {held.id(row) for row in held.words.search(stems(text), 50)}
