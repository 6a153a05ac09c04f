"""Keeps the facts of products in step with them, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.facts import facts_of
from core.shop_tables import facts
from core.storable import storable

if TYPE_CHECKING:
    from core.products import Product

_KEY = "product_id, position"
_REST = ("field", "text", "shown", "number", "unit")
#: All rows are handed over as one JSON list: with a parameter for each cell, preparing them
#: takes longer than everything else about publishing.
_CELLS = {
    "sqlite": ", ".join(f"json_extract(value, '$[{at}]')" for at in range(7))
    # Where the rows end and the clause on conflicts begins is otherwise not clear to SQLite.
    + " FROM json_each(:rows) WHERE true",
    "postgresql": "value ->> 0, CAST(value ->> 1 AS int), value ->> 2, value ->> 3, value ->> 4, "
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
    rows = {item.id: list(_rows(item)) for item in items}
    _remove_surplus(connection, {storable(id): len(found) for id, found in rows.items()})
    given = orjson.dumps([row for found in rows.values() for row in found]).decode()
    connection.execute(sa.text(_upserting(connection.dialect.name)), {"rows": given})


def remove(connection: Connection, ids: Sequence[str]) -> None:
    """Forget the facts of products that are no longer on sale."""
    connection.execute(facts.delete().where(facts.c.product_id.in_(ids)))


def _remove_surplus(connection: Connection, counts: dict[str, int]) -> None:
    had = sa.select(facts.c.product_id, sa.func.count()).where(facts.c.product_id.in_(counts))
    for id, count in connection.execute(had.group_by(facts.c.product_id)).all():
        if count > counts[id]:
            connection.execute(
                facts.delete().where(facts.c.product_id == id, facts.c.position >= counts[id])
            )


def _upserting(dialect: str) -> str:
    ours = ", ".join(f"facts.{name}" for name in _REST)
    theirs = ", ".join(f"excluded.{name}" for name in _REST)
    return (
        f"INSERT INTO facts ({_KEY}, {', '.join(_REST)}) SELECT {_CELLS[dialect]} "
        f"ON CONFLICT ({_KEY}) DO UPDATE SET ({', '.join(_REST)}) = ({theirs}) "
        f"WHERE ({ours}) {_DIFFERS[dialect]} ({theirs})"
    )


def _rows(item: Product) -> Iterator[tuple[Any, ...]]:
    id = storable(item.id)
    for position, fact in enumerate(dict.fromkeys(facts_of(item))):
        text, shown = storable(fact.text), storable(fact.shown)
        yield id, position, storable(fact.field), text, shown, fact.number, storable(fact.unit)
