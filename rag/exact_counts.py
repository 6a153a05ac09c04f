"""Exact answers about all products that fit: how many, which, the first by a number."""

from __future__ import annotations

from collections.abc import Sequence

from core import fact_search
from core.facts import IN_STOCK, PRICE, STOCK, Filter, Order
from core.products import Product
from rag.exact_answer import Exact
from rag.exact_conditions import is_kind, is_many
from rag.exact_shelf import Shelf
from rag.exact_words import VERBS, cited, fact_text, field_words, joined, priced, quantity, told

#: Products named in one answer, and those that are only near.
SHOWN = 6
NEAREST = 3
_ENDS = {
    ("price", False): "cheapest",
    ("price", True): "most expensive",
    ("weight", False): "lightest",
    ("weight", True): "heaviest",
    ("height", True): "tallest",
    ("length", False): "shortest",
    ("length", True): "longest",
    ("brightness", True): "brightest",
    ("power", True): "most powerful",
}
#: Units of time, after a number.
_TIMES = (" h", " min", " s", " hour", " hours", " days", " months", " years", " year")


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
        if nearest := _nearest(one, rest, total, items[0]):
            return Exact((said, nearest), tuple(items[:1]), 0, near=True)
        names = [priced(item, at) for at, item in enumerate(items, start=1)]
        nearest = f"Nearest, without “{one.label or one.field}”: {'; '.join(names)}."
        return Exact((said, nearest), tuple(items), 0, near=True)
    return Exact((said,), (), 0, near=True)


def _nearest(wanted: Filter, rest: Shelf, total: int, first: Product) -> str:
    """How close the first of the rest comes to a limit that none keeps; empty for others."""
    fact = told(first, wanted.field)
    if (wanted.low is None) == (wanted.high is None) or wanted.field == STOCK or not fact:
        return ""
    if total == 1:
        return f"Our only {rest.said(1)} is {cited(first, 1)}: it {fact}."
    which = _ENDS.get((wanted.field, wanted.high is None), "nearest")
    known = f"it {fact}" if which == "nearest" else fact_text(first, wanted.field)
    return f"The {which} of our {total:,} {rest.named(2)} is {cited(first, 1)}: {known}."


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
        name = "this" if name in VERBS else f"the {name}"
        sentences.append(f"Of {total:,} {shelf.named(total)}, {name} is known for {known:,}.")
    return Exact(tuple(sentences), tuple(items), total)


def _best(shelf: Shelf, order: Order, best: Sequence[Product], said: str) -> str:
    names = joined([cited(item, at) for at, item in enumerate(best, start=1)])
    many = len(best)
    noun = shelf.said(many)
    be = "is" if many == 1 and not is_many(shelf.filters) else "are"
    if end := _ENDS.get((order.field, order.descending)):
        each = " each" if many > 1 else ""
        return f"The {end} {noun} {be} {names}, at {said}{each}."
    name = field_words(order.field)
    if name in VERBS:
        verb = name if many == 1 else VERBS[name]
        most = "the most" if order.descending else "the least"
        return f"Of our {shelf.named(2)}, {names} {verb} {most}: {said}."
    ends = ("shortest", "longest") if said.endswith(_TIMES) else ("lowest", "highest")
    return f"The {ends[order.descending]} {name} of our {shelf.named(2)} is {said}: {names}."


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
