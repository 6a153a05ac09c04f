"""The products that an exact answer is about: by conditions, and by words of their titles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core import fact_search, products
from core.db import Database
from core.facts import IN_STOCK, Filter, Order
from core.products import Product
from rag.exact_conditions import is_many, things
from rag.plain_speech import CHATTER
from rag.query import Query
from rag.shop_words import keys_of

#: More than these are not looked through word by word.
MOST_READ = 3000
#: Two words that are one name.
_NAME = re.compile(r"\w+ & \w+")


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
        said = self.said(count)
        return f"model of {said}" if count == 1 and is_many(self.filters) else said

    def said(self, count: int) -> str:
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
