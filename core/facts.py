"""What is known of a product, fact by fact, and conditions on it.

A fact is what can be compared: a folded text or a number. What products have
on sale (price, stock, department) and what was extracted for them are facts
alike, so that "red", "under 3 kg" and "in stock" are asked in one way. Two
places answer: the ``facts`` table exactly, the mirror of a searching process
at once; they have to agree (``Filter`` says on what, :func:`admits` does it for one).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any

from core.fold import fold
from core.values import Value

if TYPE_CHECKING:
    from core.products import Product

PRICE, STOCK, DEPARTMENT = "price", "stock", "department"
#: Longer texts are prose, which nobody filters by.
LONGEST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Fact:
    """One comparable fact of a product.

    Attributes:
        field: ``price``, ``stock``, ``department``, or the name of an extracted field.
        text: Folded, where it is a text (booleans are ``yes`` and ``no``); else empty.
        shown: The text as it is written, for people; else empty.
        number: Where it is a number; else None.
        unit: Of the number, such as ``kg`` or ``USD``; else empty.
    """

    field: str
    text: str = ""
    shown: str = ""
    number: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition: the product has a fact of this field that fits.

    A fact fits when its text is one of ``texts`` (where there are any), its
    number lies within the limits (where there are any) and its unit is
    ``unit`` (where both have one).

    Attributes:
        texts: Folded; any of them.
        low: Lowest number.
        high: Highest number.
        strict: Whether the limits themselves are left out.
        unit: Unit of the limits.
        negated: The product must have no such fact; one of which nothing is known passes.
        label: How a shopper reads it, such as ``under $150``.
    """

    field: str
    texts: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    strict: bool = False
    unit: str = ""
    negated: bool = False
    label: str = dataclass_field(default="", compare=False)

    def fits(self, fact: Fact) -> bool:
        """Whether a fact is such as the condition speaks of, negated or not."""
        if fact.field != self.field or (self.texts and fact.text not in self.texts):
            return False
        if self.unit and fact.unit and self.unit != fact.unit:
            return False
        return self._within(fact.number)

    def _within(self, number: float | None) -> bool:
        if self.low is None and self.high is None:
            return True
        if number is None or (self.strict and number in (self.low, self.high)):
            return False
        above = self.low is None or number >= self.low
        return above and (self.high is None or number <= self.high)

    def to_json(self) -> dict[str, Any]:
        """The form stored with a question."""
        stored = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return stored | {"texts": list(self.texts)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Filter:
        """Rebuild a filter from :meth:`to_json`."""
        return cls(**(dict(stored) | {"texts": tuple(stored["texts"])}))


@dataclass(frozen=True, slots=True)
class Order:
    """By which number products are ranked: cheapest is ``price``, ascending."""

    field: str
    descending: bool = False


def admits(filters: Iterable[Filter], facts: Iterable[Fact]) -> bool:
    """Whether a product of which these facts are known meets all conditions."""
    known = list(facts)
    return all(any(one.fits(fact) for fact in known) is not one.negated for one in filters)


IN_STOCK = Filter(STOCK, low=1, label="in stock")


def facts_of(product: Product) -> Iterator[Fact]:
    """Everything comparable that is known of a product."""
    if product.price is not None:
        yield Fact(PRICE, number=float(product.price), unit=product.currency or "")
    if product.stock is not None:
        yield Fact(STOCK, number=float(product.stock))
    if product.department:
        yield _text(DEPARTMENT, product.department)
    for name, value in product.values.items():
        yield from _of_value(name, value)


def _of_value(name: str, value: Value) -> Iterator[Fact]:
    stored = value.value
    if isinstance(stored, bool):
        yield _text(name, "yes" if stored else "no")
    elif isinstance(stored, float):
        yield Fact(name, number=stored, unit=value.unit or "")
    else:
        for text in [stored] if isinstance(stored, str) else stored:
            if text.strip() and len(text) <= LONGEST_TEXT:
                yield _text(name, text)


def _text(name: str, text: str) -> Fact:
    return Fact(name, text=fold(text)[:LONGEST_TEXT], shown=text.strip()[:LONGEST_TEXT])
