"""Exact answers about all products that fit: how many, which, the first by a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core import fact_search, products
from core.db import Database
from core.facts import IN_STOCK, PRICE, Filter, Order
from core.products import Product
from rag.exact_answer import Exact
from rag.exact_words import (
    cited,
    fact_text,
    field_words,
    is_kind,
    is_many,
    joined,
    priced,
    quantity,
    things,
)
from rag.plain_speech import CHATTER
from rag.query import Query
from rag.shop_words import keys_of

#: Products named in one answer, and those that are only near.
SHOWN = 6
NEAREST = 3
#: More than these are not looked through word by word.
MOST_READ = 3000
_NAME = re.compile(r"\w+ & \w+")
_ENDS = {
    ("price", False): "cheapest",
    ("price", True): "most expensive",
    ("weight", False): "lightest",
    ("weight", True): "heaviest",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The products that a question is about.

    Attributes:
        words: What else has to stand in their titles or values.
        ids: The only products that may count, where words decide it; None: all.
    """

    db: Database
    filters: tuple[Filter, ...]
    words: tuple[str, ...] = ()
    ids: tuple[str, ...] | None = None

    @classmethod
    def of(cls, db: Database, query: Query) -> Shelf | None:
        """What a question is about; None where that cannot be told by words."""
        kinds = {key for one in query.filters for text in one.texts for key in keys_of(text)}
        kinds |= {key for one in query.filters for key in keys_of(one.label)}
        words = tuple(
            dict.fromkeys(
                key for key in keys_of(query.text) if key not in CHATTER and key not in kinds
            )
        )
        if not words:
            return cls(db, query.filters)
        found = fact_search.ids(db, query.filters, MOST_READ + 1)
        if len(found) > MOST_READ:
            return None
        items = products.get(db, found).values()
        ids = tuple(item.id for item in items if says(item, words))
        return cls(db, query.filters, words, ids) if ids else None

    def without(self, *left_out: Filter) -> Shelf:
        """The shelf with fewer conditions."""
        kept = tuple(one for one in self.filters if one not in left_out)
        return Shelf(self.db, kept, self.words, self.ids)

    def count(self, *more: Filter) -> int:
        """How many there are, under more conditions."""
        return fact_search.count(self.db, (*self.filters, *more), self.ids)

    def first(self, order: Order, limit: int, unit: str | None = None, *more: Filter) -> list[str]:
        """The ids of the first by a number."""
        found = fact_search.first(
            self.db, (*self.filters, *more), order, limit, self.ids, unit=unit
        )
        return [one.id for one in found]

    def units(self, field: str) -> dict[str, int]:
        """How many have a number of this field, by unit."""
        return fact_search.units(self.db, field, self.filters, self.ids)

    def some(self, limit: int, order: Order | None = None) -> list[Product]:
        """The first of them: by the order, else what can be bought now, else by id."""
        found = self.first(order, limit) if order else []
        for more in ((IN_STOCK,), ()) if len(found) < limit else ():
            rest = fact_search.ids(self.db, (*self.filters, *more), limit * 2, self.ids)
            found += [id for id in rest if id not in found]
        return self.products(found[:limit])

    def products(self, ids: Sequence[str]) -> list[Product]:
        """The products on sale with these ids, in this order."""
        found = products.get(self.db, ids)
        return [found[id] for id in ids if id in found]

    def named(self, count: int) -> str:
        """What they are, in words: ``tents that cost under $50``."""
        said = self.told(count)
        return f"model of {said}" if count == 1 and is_many(self.filters) else said

    def told(self, count: int) -> str:
        """What they are, where it is plain how many are spoken of: ``headphones in stock``."""
        said = things(self.filters, count)
        if self.words:
            said += f" with “{' '.join(self.words)}” in the title or details"
        return said


def says(item: Product, words: Sequence[str]) -> bool:
    """Whether all words stand in a product's title or values.

    A "Kettle & Crane" mug is no kettle: half of such a name counts only beside the other.
    """
    wanted = set(words)
    named = [found[0] for found in _NAME.finditer(item.title)]
    title = item.title
    for name in named:
        if not wanted.issuperset(keys_of(name)):
            title = title.replace(name, " ")
    texts = [title, item.department or "", *(one.text() for one in item.values.values())]
    return wanted <= {key for text in texts for key in keys_of(text)}


def counted(shelf: Shelf) -> Exact:
    """How many there are, with a few of them."""
    total = shelf.count()
    if not total:
        return _none(shelf)
    if not shelf.filters and not shelf.words:
        return Exact((f"We have {_number(total)} in all.",), (), total)
    items = shelf.some(SHOWN)
    names = [cited(item, at) for at, item in enumerate(items, start=1)]
    more = f" and {total - len(items):,} more" if total > len(items) else ""
    said = f"We have {total:,} {shelf.named(total)}: "
    said += f"{', '.join(names)}{more}." if more else f"{joined(names)}."
    return Exact((said,), tuple(items), total)


def listed(shelf: Shelf, order: Order | None) -> Exact:
    """All there are, the first few by name."""
    total = shelf.count()
    if not total:
        return _none(shelf)
    by_price = any(one.field == PRICE for one in shelf.filters)
    ranking = order or (Order(PRICE) if by_price and len(shelf.units(PRICE)) == 1 else None)
    items = shelf.some(SHOWN, ranking)
    told = fact_text if ranking and ranking.field != PRICE else None
    names = []
    for at, item in enumerate(items, start=1):
        number = told(item, ranking.field) if told and ranking else ""
        names.append(f"{cited(item, at)} ({number})" if number else priced(item, at))
    more = f"; and {total - len(items):,} more" if total > len(items) else ""
    said = f"We have {total:,} {shelf.named(total)}: {'; '.join(names)}{more}."
    return Exact((said,), tuple(items), total)


def _number(total: int) -> str:
    return f"{total:,} product" + ("" if total == 1 else "s")


def _none(shelf: Shelf) -> Exact:
    """None fit; the nearest are those that all conditions but one let through."""
    said = f"We have no {shelf.named(2)}."
    for one in sorted(shelf.filters, key=_how_hard):
        rest = shelf.without(one)
        total = rest.count()
        if not total:
            continue
        items = rest.some(NEAREST, _towards(one))
        first = items[0]
        known = fact_text(first, one.field)
        if (one.low is None) != (one.high is None) and known:
            end = _ENDS.get((one.field, one.high is None), "")
            which = end or ("nearest with " + known)
            nearest = f"The {which} of our {total:,} {rest.named(2)} is {cited(first, 1)}: {known}."
            if total == 1:
                nearest = f"The only one of our {rest.named(2)} is {cited(first, 1)}: {known}."
            return Exact((said, nearest), (first,), 0, near=True)
        names = [priced(item, at) for at, item in enumerate(items, start=1)]
        nearest = f"Nearest, without “{one.label or one.field}”: {'; '.join(names)}."
        return Exact((said, nearest), tuple(items), 0, near=True)
    return Exact((said,), (), 0, near=True)


def _how_hard(wanted: Filter) -> int:
    """In which order conditions are given up: a limit before a property, what it is last."""
    if is_kind(wanted):
        return 2
    return 0 if wanted.low is not None or wanted.high is not None else 1


def _towards(wanted: Filter) -> Order | None:
    if wanted.high is not None and wanted.low is None:
        return Order(wanted.field)
    if wanted.low is not None and wanted.high is None:
        return Order(wanted.field, descending=True)
    return None


def extreme(shelf: Shelf, order: Order) -> Exact | None:
    """The first by a number, all that share the place; None where no number is known."""
    total = shelf.count()
    if not total:
        return _none(shelf)
    units = shelf.units(order.field)
    if not units:
        return None
    sentences: list[str] = []
    items: list[Product] = []
    for unit in units:
        found = fact_search.first(shelf.db, shelf.filters, order, SHOWN, shelf.ids, unit=unit)
        best = shelf.products([one.id for one in found if one.number == found[0].number])
        said = quantity(order.field, found[0].number, unit)
        if items:
            names = joined([cited(item, at) for at, item in enumerate(best, len(items) + 1)])
            sentences.append(f"Among those in {unit or 'no stated unit'}, it is {names}: {said}.")
        else:
            sentences.append(_best(shelf, order, best, said))
        items += best
        sentences += _sold_out(shelf, order, unit, best, items)
    known = sum(units.values())
    if len(units) > 1:
        what = "currencies" if order.field == PRICE else "units"
        sentences.append(f"Different {what} are not compared with each other.")
    if known < total:
        name = field_words(order.field)
        sentences.append(f"Of {total:,} {shelf.named(total)}, the {name} is known for {known:,}.")
    return Exact(tuple(sentences), tuple(items), total)


def _best(shelf: Shelf, order: Order, best: Sequence[Product], said: str) -> str:
    names = joined([cited(item, at) for at, item in enumerate(best, start=1)])
    many = len(best)
    noun = shelf.told(many)
    be = "is" if many == 1 and not is_many(shelf.filters) else "are"
    if end := _ENDS.get((order.field, order.descending)):
        each = " each" if many > 1 else ""
        verb = "at" if order.field == PRICE else "with"
        return f"The {end} {noun} {be} {names}, {verb} {said}{each}."
    which = "highest" if order.descending else "lowest"
    return f"The {which} {field_words(order.field)} of our {shelf.named(2)} is {said}: {names}."


def _sold_out(
    shelf: Shelf, order: Order, unit: str, best: Sequence[Product], items: list[Product]
) -> list[str]:
    """Says that the best are out of stock, and which is the next that can be bought."""
    if any(item.stock != 0 for item in best):
        return []
    said = "It is out of stock." if len(best) == 1 else "They are out of stock."
    found = shelf.products(shelf.first(order, 1, unit, IN_STOCK))
    if not found:
        return [said]
    items.extend(found)
    known = fact_text(found[0], order.field)
    return [f"{said} The next one in stock is {cited(found[0], len(items))}, {known}."]
