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
from core.facts import Filter, Order
from core.shop_tables import facts, products

Condition = sa.ColumnElement[bool]


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
        fitting = _fitting(connection, filters, ids).subquery()
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
        fitting = _fitting(connection, filters, among)
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
        ranked = sa.select(facts.c.product_id, facts.c.number).where(
            facts.c.field == order.field,
            facts.c.number.is_not(None),
            *([] if unit is None else [facts.c.unit == unit]),
            *_conditions(connection, facts.c.product_id, filters, ids),
        )
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
    with db.read() as connection:
        found = sa.select(facts.c.unit, sa.func.count()).where(
            facts.c.field == field,
            facts.c.number.is_not(None),
            *_conditions(connection, facts.c.product_id, filters, ids),
        )
        rows = connection.execute(found.group_by(facts.c.unit).order_by(sa.func.count().desc()))
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
        found = sa.select(sa.func.min(facts.c.shown), counted).where(
            facts.c.field == field,
            facts.c.text != "",
            *_conditions(connection, facts.c.product_id, filters, ids),
        )
        rows = connection.execute(
            found.group_by(facts.c.text).order_by(counted.desc(), facts.c.text).limit(limit)
        )
        return [(shown, count) for shown, count in rows]


def _fitting(
    connection: Connection, filters: Sequence[Filter], ids: Collection[str] | None
) -> sa.Select[Any]:
    """The ids of the products that fit; told by their facts alone where that is possible."""
    leading = next((one for one in filters if not one.negated), None)
    if leading is None:
        conditions = _conditions(connection, products.c.id, filters, ids)
        return sa.select(products.c.id).where(products.c.deleted.is_(False), *conditions)
    others = [one for one in filters if one is not leading]
    conditions = _conditions(connection, facts.c.product_id, others, ids)
    return sa.select(facts.c.product_id).where(_fits(facts, leading), *conditions).distinct()


def _conditions(
    connection: Connection,
    product_id: sa.ColumnElement[str],
    filters: Sequence[Filter],
    ids: Collection[str] | None,
) -> list[Condition]:
    conditions = [_has(product_id, one) for one in filters]
    if ids is not None:
        conditions.append(product_id.in_(_listed(connection, ids)))
    return conditions


def _has(product_id: sa.ColumnElement[str], wanted: Filter) -> Condition:
    other = facts.alias()
    fitting = sa.select(other.c.product_id).where(_fits(other, wanted))
    inside = product_id.in_(fitting)
    return sa.not_(inside) if wanted.negated else inside


def _fits(table: sa.FromClause, wanted: Filter) -> Condition:
    """Whether a fact is as a filter wants it."""
    conditions: list[Condition] = [table.c.field == wanted.field]
    if wanted.texts:
        conditions.append(table.c.text.in_(wanted.texts))
    number = table.c.number
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
