"""A question as it was understood: what is wanted, of what kind, under which conditions.

Plain values. How a question comes to be understood is in rag/understanding.py;
who searches and who computes the answer only sees this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from core.facts import PRICE, Filter, Order


class Intent(StrEnum):
    """What kind of answer a question wants."""

    FIND = "find"  #: things or passages about something, told in words
    COUNT = "count"  #: how many there are
    EXTREME = "extreme"  #: the first by some number: cheapest, heaviest
    LIST = "list"  #: all that fit the conditions, such as what costs under 50
    COMPARE = "compare"  #: two or more things side by side
    TALK = "talk"  #: a greeting, thanks: nothing to look for


@dataclass(frozen=True, slots=True)
class Query:
    """One thing that a shopper wants to know.

    Attributes:
        asked: The shopper's words for it (of several questions in one, its part).
        text: What to search by meaning and by words: stands alone, with what the
            conversation adds, without what became a filter. May be empty: all that
            the filters let through.
        intent: What kind of answer is wanted.
        filters: Conditions on products; policies know none.
        order: The ranking asked for; None: the best match first.
        subjects: Of a comparison: what is to be compared, in the shopper's words.
        fields: The facts asked about, such as ``price``, by field name.
        language: ISO 639-1 code of the shopper's language.
        sure: Whether the rules that understood it leave no doubt.
        follows: Whether its words make little sense without the question before it.
    """

    asked: str
    text: str
    intent: Intent = Intent.FIND
    filters: tuple[Filter, ...] = ()
    order: Order | None = None
    subjects: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    language: str = "en"
    sure: bool = True
    follows: bool = False

    @property
    def price_limits(self) -> tuple[str, ...]:
        """The limits of the price that was asked for, as a shopper reads them."""
        return tuple(one.label for one in self.filters if one.field == PRICE and one.label)

    def to_json(self) -> dict[str, Any]:
        """The form stored with a question."""
        return {
            "asked": self.asked,
            "text": self.text,
            "intent": str(self.intent),
            "filters": [one.to_json() for one in self.filters],
            "order": [self.order.field, self.order.descending] if self.order else None,
            "subjects": list(self.subjects),
            "fields": list(self.fields),
            "language": self.language,
            "sure": self.sure,
            "follows": self.follows,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Query:
        """Rebuild a query from :meth:`to_json`."""
        order = stored["order"]
        parts = dict(stored) | {
            "intent": Intent(stored["intent"]),
            "filters": tuple(Filter.from_json(one) for one in stored["filters"]),
            "order": Order(*order) if order else None,
            "subjects": tuple(stored["subjects"]),
            "fields": tuple(stored["fields"]),
        }
        return cls(**parts)


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What the products on sale have in one field.

    Attributes:
        texts: Folded text to how many products have it.
        shown: Folded text to one way it is written.
        numbers: How many products have a number in it.
        low: Lowest number; None without any.
        high: Highest number.
        units: Units that its numbers stand in.
    """

    name: str
    texts: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    numbers: int = 0
    low: float | None = None
    high: float | None = None
    units: frozenset[str] = frozenset()


class Facets(Protocol):
    """The words in which the shop knows its products; asked at every question, so at hand."""

    @property
    def version(self) -> int:
        """Raised whenever a field, a text or a unit came or went."""

    def fields(self) -> Mapping[str, FieldFacts]:
        """What there is, by field name; price, stock and department are among them."""

    def titled(self, word: str) -> int:
        """How many products have a word in their title, in any of its forms; about, and at once."""
