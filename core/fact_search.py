"""Exact answers from the facts of what is on sale: how many, which, the first by a number.

The same conditions as a searching process asks of its mirror, see
:class:`core.facts.Filter`, as SQL with parameters. Only products on sale have facts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.db import Database
from core.facts import STOCK, Filter, Order
from core.shop_tables import facts, products

Condition = sa.ColumnElement[bool]
#: Fewer products than this are ranked after they were found.
FEW = 2000


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product and the number by which it was ranked."""

    id: str
    number: float


def count(db: Database, filters: Sequence[Filter] = (), ids: Collection[str] | None = None) -> int:
    """How many products on sale fit all filters.

    Args:
        filters: Conditions; none: every product.
        ids: Count only among these products; None: among all.
    """
    with db.read() as connection:
        given = None if ids is None else _listed(connection, ids)
        fitting = _fitting(filters, given).subquery()
        return connection.execute(sa.select(sa.func.count()).select_from(fitting)).scalar_one()


def ids(
    db: Database,
    filters: Sequence[Filter] = (),
    limit: int | None = None,
    among: Collection[str] | None = None,
) -> list[str]:
    """The products on sale that fit all filters, in order of id.

    Args:
        filters: Conditions; none: every product.
        limit: At most so many; None: all.
        among: Only these products; None: any.
    """
    with db.read() as connection:
        given = None if among is None else _listed(connection, among)
        fitting = _fitting(filters, given)
        ordered = fitting.order_by(fitting.selected_columns[0]).limit(limit)
        return list(connection.execute(ordered).scalars())


def first(
    db: Database,
    filters: Sequence[Filter],
    order: Order,
    limit: int,
    ids: Collection[str] | None = None,
    *,
    unit: str | None = None,
) -> list[Ranked]:
    """The first products by a number, equal ones by id; without the number there is no rank.

    Args:
        filters: Conditions.
        order: The number's field, and which end comes first.
        limit: At most so many.
        ids: Only these products; None: any.
        unit: Only numbers in this unit, or in none where it is empty; None: in any.
    """
    with db.read() as connection:
        given = None if ids is None else _listed(connection, ids)
        ranked = sa.select(facts.c.product_id, facts.c.number).where(
            facts.c.field == order.field,
            facts.c.number.is_not(None),
            *([] if unit is None else [facts.c.unit == unit]),
        )
        if _are_few(connection, filters, given):
            ranked = ranked.where(facts.c.product_id.in_(_fitting(filters, given)))
        else:
            # In the order of the numbers until enough of them fit.
            ranked = ranked.where(*(_has(facts.c.product_id, one) for one in filters))
        number = facts.c.number.desc() if order.descending else facts.c.number
        ordered = ranked.order_by(number, facts.c.product_id).limit(limit)
        return [Ranked(id, number) for id, number in connection.execute(ordered)]


def units(
    db: Database, field: str, filters: Sequence[Filter] = (), ids: Collection[str] | None = None
) -> dict[str, int]:
    """In which units a field's numbers stand, and how many products have each.

    Args:
        field: The field.
        filters: Conditions on the products.
        ids: Only these products; None: any.
    """
    counted = sa.func.count()
    with db.read() as connection:
        found = _facts_of(connection, field, filters, ids, facts.c.unit, counted)
        found = found.where(facts.c.number.is_not(None)).group_by(facts.c.unit)
        rows = connection.execute(found.order_by(counted.desc(), facts.c.unit))
        return {row[0]: row[1] for row in rows}


def values(
    db: Database,
    field: str,
    filters: Sequence[Filter] = (),
    ids: Collection[str] | None = None,
    *,
    limit: int = 50,
) -> list[tuple[str, int]]:
    """A field's texts as they are written and how many products have each, the commonest first.

    Args:
        field: The field.
        filters: Conditions on the products.
        ids: Only these products; None: any.
        limit: At most so many texts.
    """
    counted = sa.func.count(facts.c.product_id.distinct())
    with db.read() as connection:
        found = _facts_of(connection, field, filters, ids, sa.func.min(facts.c.shown), counted)
        found = found.where(facts.c.text != "").group_by(facts.c.text)
        rows = connection.execute(found.order_by(counted.desc(), facts.c.text).limit(limit))
        return [(shown, count) for shown, count in rows]


def _facts_of(
    connection: Connection,
    field: str,
    filters: Sequence[Filter],
    ids: Collection[str] | None,
    *columns: Any,
) -> sa.Select[Any]:
    """A field's facts of the products that fit."""
    found = sa.select(*columns).where(facts.c.field == field)
    if not filters and ids is None:
        return found
    given = None if ids is None else _listed(connection, ids)
    return found.where(facts.c.product_id.in_(_fitting(filters, given)))


def _are_few(
    connection: Connection, filters: Sequence[Filter], given: sa.Select[Any] | None
) -> bool:
    """Whether it is quicker to rank those that fit than to look who fits in order of rank."""
    if given is not None:
        return True
    if not filters:
        return False
    some = _fitting(filters, None).limit(FEW).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() < FEW


def _fitting(filters: Sequence[Filter], given: sa.Select[Any] | None) -> sa.Select[Any]:
    """The ids of the products that fit: those of one condition, each asked for the others."""
    if given is not None:
        listed = given.subquery()
        id, others = listed.c.value, filters
        on_sale = sa.select(products.c.id).where(products.c.id == id, products.c.deleted.is_(False))
        found = sa.select(id).where(on_sale.exists()).distinct()
    elif leading := min((one for one in filters if not one.negated), key=_breadth, default=None):
        id, others = facts.c.product_id, [one for one in filters if one is not leading]
        found = sa.select(id).where(_fits(facts, leading, facts.c.number)).distinct()
    else:
        id, others = products.c.id, filters
        found = sa.select(id).where(products.c.deleted.is_(False))
    return found.where(*(_has(id, one) for one in others))


def _breadth(wanted: Filter) -> int:
    """How many products a condition leaves, roughly: the fewer, the better to begin with."""
    if wanted.texts:
        return 0
    return 2 if wanted.field == STOCK else 1


def _has(product_id: sa.ColumnElement[str], wanted: Filter) -> Condition:
    other = facts.alias()
    # Plus 0: else SQLite reads all that lies in the range, for each product.
    fitting = sa.select(sa.literal(1)).where(
        other.c.product_id == product_id, _fits(other, wanted, other.c.number + 0)
    )
    return sa.not_(fitting.exists()) if wanted.negated else fitting.exists()


def _fits(table: sa.FromClause, wanted: Filter, number: sa.ColumnElement[float]) -> Condition:
    """Whether a fact is as a filter wants it."""
    conditions: list[Condition] = [table.c.field == wanted.field]
    if wanted.texts:
        conditions.append(table.c.text.in_(wanted.texts))
    if wanted.low is not None:
        conditions.append(number > wanted.low if wanted.strict else number >= wanted.low)
    if wanted.high is not None:
        conditions.append(number < wanted.high if wanted.strict else number <= wanted.high)
    if wanted.unit:
        conditions.append(table.c.unit.in_((wanted.unit, "")))
    return sa.and_(*conditions)


def _listed(connection: Connection, ids: Collection[str]) -> sa.Select[Any]:
    """Any number of ids as one parameter: databases limit how many there may be."""
    given = orjson.dumps(list(ids)).decode()
    if connection.dialect.name == "postgresql":
        call = sa.func.json_array_elements_text(sa.cast(sa.literal(given, sa.Text), sa.JSON))
    else:
        call = sa.func.json_each(given)
    return sa.select(call.table_valued("value").c.value)
