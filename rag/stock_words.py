"""Reads out of a question whether a thing has to be in stock."""

from __future__ import annotations

import re

from core.facts import IN_STOCK, STOCK, Filter
from rag.stated import Reading, alternatives

_IN = """
    in stock|available now|available today|currently available|that are available|not sold out
    |not out of stock|auf lager|lieferbar|vorrätig|en stock|disponible|disponibles|disponibili
    |op voorraad|em estoque|em stock|get it today|get them today|available to buy|ready to ship
"""
_OUT = "sold out|out of stock|not in stock|ausverkauft|épuisé|agotado|esaurito|uitverkocht|esgotado"
_STOCK = re.compile(
    rf"(?:\b(?:only|that\s+(?:is|are)|which\s+are|currently|and)\s+)*"
    rf"(?<!\w)(?:(?P<in_stock>{alternatives(_IN)})|(?P<out>{alternatives(_OUT)}))(?!\w)",
    re.IGNORECASE,
)
_TODAY = re.compile(
    r"\b(?:get|buy|have|pick\s+up|take\s+home)\b[^.?!]{0,60}\b(?P<today>today)\b", re.IGNORECASE
)
SOLD_OUT = Filter(STOCK, high=0, label="sold out")


def stock(question: str) -> list[Reading]:
    """The condition on stock that a question states; none or one."""
    found = _STOCK.search(question)
    if found is None:
        today = _TODAY.search(question)
        return [Reading(IN_STOCK, *today.span("today"))] if today else []
    condition = IN_STOCK if found["in_stock"] else SOLD_OUT
    return [Reading(condition, found.start(), found.end())]
