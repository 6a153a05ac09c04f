"""Answers that are computed, not written: how many, the cheapest, all under 50, this or that.

Everything said here is counted in the database, and cites the products that
it is about. What the facts do not say is not guessed: then there is no exact
answer, or it says of how many things the fact is known.
"""

from __future__ import annotations

from core.db import Database
from core.products import Product
from rag.exact_answer import Exact, Near
from rag.exact_counts import counted, extreme, listed
from rag.exact_products import MOST_COMPARED, compared, told
from rag.exact_shelf import Shelf
from rag.query import Intent, Query


def answer(db: Database, query: Query, near: Near) -> Exact | None:
    """Compute the answer to a question; None where it cannot be computed.

    Args:
        db: The shop.
        query: The question as it was understood.
        near: Finds the products that a text may name.
    """
    if query.intent is Intent.COMPARE:
        return compared(query, near, _fitting(db, query))
    if query.intent is Intent.FIND:
        return told(query, near) if query.fields else None
    if query.intent is Intent.TALK:
        return None
    shelf = Shelf.of(db, query)
    if shelf is None:
        return None
    if query.intent is Intent.EXTREME:
        return extreme(shelf, query.order) if query.order else None
    return counted(shelf) if query.intent is Intent.COUNT else listed(shelf, query.order)


def _fitting(db: Database, query: Query) -> list[Product]:
    """The few products that a comparison without names is about."""
    if query.subjects or not query.filters:
        return []
    return Shelf(db, query.filters).some(MOST_COMPARED + 1)
