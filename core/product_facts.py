"""Keeps the facts of products in step with them, in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.facts import facts_of
from core.shop_tables import facts
from core.storable import storable

if TYPE_CHECKING:
    from core.products import Product

Key = tuple[str, str, int]
Row = tuple[str, str, int, str, str, float | None, str]

_KEY = "product_id, field, position"
_REST = ("text", "shown", "number", "unit")
#: All rows are handed over as one JSON list: with a parameter for each cell, preparing them
#: takes longer than everything else about publishing.
_CELLS = {
    "sqlite": ", ".join(f"json_extract(value, '$[{at}]')" for at in range(7))
    # Where the rows end and the clause on conflicts begins is otherwise not clear to SQLite.
    + " FROM json_each(:rows) WHERE true",
    "postgresql": "value ->> 0, value ->> 1, CAST(value ->> 2 AS int), value ->> 3, value ->> 4, "
    "CAST(value ->> 5 AS float8), value ->> 6 FROM json_array_elements(CAST(:rows AS json))",
}
_DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def write(connection: Connection, items: Sequence[Product]) -> None:
    """Put the facts of these products in the place of those that were there.

    Facts that stay as they were are not written, so that new prices for all
    products cost one fact each.

    Args:
        connection: The transaction that stores the products.
        items: The products, each id once.
    """
    rows = [row for item in items for row in _rows(item)]
    _remove_others(connection, [storable(item.id) for item in items], {row[:3] for row in rows})
    given = orjson.dumps(rows).decode()
    connection.execute(sa.text(_upserting(connection.dialect.name)), {"rows": given})


def remove(connection: Connection, ids: Sequence[str]) -> None:
    """Forget the facts of products that are no longer on sale."""
    connection.execute(facts.delete().where(facts.c.product_id.in_(ids)))


def _remove_others(connection: Connection, ids: Sequence[str], kept: set[Key]) -> None:
    key = tuple(facts.primary_key.columns)
    there = connection.execute(sa.select(*key).where(facts.c.product_id.in_(ids)))
    for id, field, position in {tuple(row) for row in there} - kept:
        one = (facts.c.product_id == id, facts.c.field == field, facts.c.position == position)
        connection.execute(facts.delete().where(*one))


def _upserting(dialect: str) -> str:
    ours = ", ".join(f"facts.{name}" for name in _REST)
    theirs = ", ".join(f"excluded.{name}" for name in _REST)
    return (
        f"INSERT INTO facts ({_KEY}, {', '.join(_REST)}) SELECT {_CELLS[dialect]} "
        f"ON CONFLICT ({_KEY}) DO UPDATE SET ({', '.join(_REST)}) = ({theirs}) "
        f"WHERE ({ours}) {_DIFFERS[dialect]} ({theirs})"
    )


def _rows(item: Product) -> Iterator[Row]:
    """A product's facts, each once, those of a field numbered from 0."""
    id, places = storable(item.id), Counter[str]()
    for fact in dict.fromkeys(facts_of(item)):
        field, text, shown = storable(fact.field), storable(fact.text), storable(fact.shown)
        yield id, field, places[field], text, shown, fact.number, storable(fact.unit)
        places[field] += 1
