"""Judges one sentence of an answer: do its figures say what the sources say?

A figure is right when a source that the sentence speaks of says it. A wrong price
or stock beside a product's title becomes the product's own; a sentence that is
wrong otherwise is not to be shown. Only what comparing texts can decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.figures import MONEY, PLAIN, STOCK, Figure, figures_in
from rag.mentions import Mention, cited_in, mentions_in
from rag.statements import cited_rightly, stated
from rag.support import Source, Support

#: Said of an amount that is a limit or a difference, not what the product costs.
_LIMIT = re.compile(
    r"(?:under|over|below|above|than|within|up to|at most|at least|between|and|budget(?: of)?|max"
    r"(?:imum)?|unter|über|bis|moins de|plus de|menos de|más de)\s*$",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"\s*(?:more|less|cheaper|dearer|off|extra|discount|shipping|delivery|higher|lower|for (?:a )?"
    r"(?:shipping|delivery))\b",
    re.IGNORECASE,
)
#: What a price's sign says already.
_MONEY_WORD = re.compile(r"\s?(?:dollars?|euros?|pounds?|usd|eur|gbp)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|no|never|than|only|instead|under|over|at (?:least|most))\b|n't")
#: Before a count of the things that are listed, which no source states.
_LISTED = re.compile(
    r"(?:^|\b(?:are|these|those|have|found|offer|stock|carry|sell|the|following|all|top|other|of))"
    r"\W*$",
    re.IGNORECASE,
)
_SAID_OF_ONE = re.compile(
    r"\b(?:sleeps?|seats?|holds?|fits?|weighs?|lasts?|takes?|for|up to|has)\W*$", re.IGNORECASE
)
_ENUMERATION = re.compile(r"\s*\d{1,2}[.)]\s")
_OUT = re.compile(
    r"\b(?:out of stock|sold out|not (?:\w+ )?in stock|unavailable|not available|ausverkauft"
    r"|nicht (?:auf lager|vorrätig|verfügbar)|en rupture|agotad[oa]s?|esaurit[oia])\b",
    re.IGNORECASE,
)
_IN = re.compile(
    r"\b(?:in stock|auf lager|vorrätig|en stock|disponib(?:le|ile)s?)\b", re.IGNORECASE
)
_SUPPOSED = re.compile(r"\b(?:if|when|once|until|whether|back in|notify|wenn|sobald)\b", re.I)


@dataclass(frozen=True, slots=True)
class _Place:
    """A figure and what the sentence says around it.

    Attributes:
        subject: The product that it is said of, as far as that is known.
        sure: Whether the product is named by its title.
        cited: The sources cited after it.
    """

    figure: Figure
    before: str
    after: str
    subject: Source | None
    sure: bool
    cited: tuple[Source, ...]


def first_doubt(sentence: str, support: Support) -> int | None:
    """Where the first figure stands that the sources do not plainly support; None without any.

    Args:
        sentence: A sentence or its beginning: what comes may still explain the figure.
        support: What the answer may be written from.
    """
    for place in _places(sentence, support):
        if not _plain(place, support):
            return place.figure.start
    return None


def corrected(sentence: str, support: Support) -> str | None:
    """A whole sentence with its figures right, or None where it is not to be shown."""
    parts, at = [], 0
    for place in _places(sentence, support):
        if _plain(place, support) and not _cited_otherwise(place):
            continue
        right = _resolved(place, support)
        if right is None:
            return None
        parts += [sentence[at : place.figure.start], right]
        at = place.figure.end
        if right != place.figure.text and (unit := _MONEY_WORD.match(sentence, at)):
            at = unit.end()
    whole = "".join([*parts, sentence[at:]])
    return None if _stock_denied(whole, support) else cited_rightly(whole, support)


def _places(sentence: str, support: Support) -> list[_Place]:
    mentions = mentions_in(sentence, support.products)
    figures = [
        one
        for one in figures_in(sentence)
        # A number of a title, such as that of "Halden 4", is no claim.
        if not any(
            mention.start <= one.start < mention.end and one.measure != MONEY
            for mention in mentions
        )
    ]
    return [
        _place(sentence, one, [*figures[at + 1 :]], mentions, support)
        for at, one in enumerate(figures)
    ]


def _place(
    sentence: str,
    figure: Figure,
    later: Sequence[Figure],
    mentions: Sequence[Mention],
    support: Support,
) -> _Place:
    before = [one for one in mentions if one.start < figure.start]
    after = [one for one in mentions if one.start >= figure.end and one.sure]
    named = before[-1] if before else (after[0] if after else None)
    until = next((one.start for one in later if one.measure == figure.measure), len(sentence))
    cited = (support.numbered(number) for number in cited_in(sentence[figure.end : until]))
    return _Place(
        figure,
        sentence[: figure.start],
        sentence[figure.end :],
        named.source if named else None,
        bool(named and named.sure),
        tuple(one for one in cited if one),
    )


def _plain(place: _Place, support: Support) -> bool:
    """Whether the sources say it of what the sentence speaks of."""
    figure = place.figure
    if support.given.have(figure) or stated(figure, place.before + place.after, support):
        return True
    if figure.measure == MONEY:
        limit = bool(_LIMIT.search(place.before)) and support.asked.have(figure)
        return limit or _owned(place, support)
    return _owned(place, support) or _asked(place, support) or _counts(place, support)


def _owned(place: _Place, support: Support) -> bool:
    """Whether the product spoken of says it; without a surely named one, whether any does."""
    figure = place.figure
    if place.subject is not None and _has(place.subject, figure):
        return True
    if place.subject is not None and place.sure:
        return False
    return _any_has(support.products, figure)


def _asked(place: _Place, support: Support) -> bool:
    """Whether it only takes up the question, and no measure of the product speaks against it."""
    figure = place.figure
    if not support.asked.have(figure):
        return False
    if figure.measure == STOCK:
        return False
    known = [place.subject] if place.subject else support.products
    contradicted = figure.measure != PLAIN and any(
        one.figures.measures(figure.measure) for one in known
    )
    return not contradicted or bool(_DENIED.search(place.before + place.after))


def _counts(place: _Place, support: Support) -> bool:
    """Whether it numbers or counts the things that the answer lists."""
    figure = place.figure
    if _ENUMERATION.fullmatch(f"{place.before[-1:]}{figure.text}{place.after[:2]}"):
        return not place.before.strip(" *-\n")
    if figure.measure != PLAIN or max(figure.amounts, default=0) > len(support.sources):
        return False
    if figure.in_words:
        return not _SAID_OF_ONE.search(place.before)
    return bool(_LISTED.search(place.before))


def _cited_otherwise(place: _Place) -> bool:
    """Whether a price is a product's that is neither spoken of nor cited with it."""
    if place.figure.measure != MONEY or not place.cited:
        return False
    products = [one for one in place.cited if one.passage.product]
    if not products or len(products) < len(place.cited) or _LIMIT.search(place.before):
        return False
    if place.subject is not None and place.sure and _has(place.subject, place.figure):
        return False
    return not _any_has(products, place.figure)


def _resolved(place: _Place, support: Support) -> str | None:
    """What the figure has to be; its own text where a citation explains it; None: not known."""
    figure = place.figure
    products = [one for one in place.cited if one.passage.product]
    if _any_has(products, figure) and not _cited_otherwise(place):
        return figure.text
    target = _target(place)
    if target is None or target.passage.product is None:
        return None
    if figure.measure == MONEY:
        apart = _DIFFERENCE.match(place.after) or _LIMIT.search(place.before)
        return None if apart else target.price or None
    if figure.measure == STOCK:
        stock = target.passage.product.stock
        return str(stock) if stock else None
    return None


def _target(place: _Place) -> Source | None:
    """The one product that the figure is surely said of."""
    if place.subject is not None:
        agreed = not place.cited or place.subject in place.cited
        return place.subject if place.sure and agreed else None
    return place.cited[0] if len(place.cited) == 1 else None


def _stock_denied(sentence: str, support: Support) -> bool:
    """Whether it says of a product that it is in stock when it is not, or the other way round."""
    out = _OUT.search(sentence)
    said = out or _IN.search(sentence)
    if said is None or _SUPPOSED.search(sentence):
        return False
    named = [one for one in mentions_in(sentence, support.products) if one.start < said.start()]
    cited = [support.numbered(number) for number in cited_in(sentence[said.end() :])][:1]
    subject = named[-1].source if named else (cited[0] if cited else None)
    product = subject.passage.product if subject else None
    if product is None or product.stock is None:
        return False
    return bool(out) == (product.stock > 0)


def _has(source: Source, figure: Figure) -> bool:
    return (figure.measure == MONEY and source.costs(figure)) or source.figures.have(figure)


def _any_has(sources: Sequence[Source], figure: Figure) -> bool:
    return any(_has(one, figure) for one in sources)
