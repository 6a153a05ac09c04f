"""Puts many products into a table at once, and counts those that this has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Connection

from batch.delivery_items import PRODUCT_COLUMNS, Item, ItemColumn, ValueKind
from batch.target import Mark

#: Ids in one question; SQLite takes some thousands of parameters.
ASKED_AT_ONCE = 500
STAGED = "shopkeeper_staged"

Row = dict[str, Any]


class Upsert:
    """The one way into a table.

    Args:
        table: As it should be.
        columns: Of the fields.
    """

    def __init__(self, table: sa.Table, columns: Sequence[ItemColumn]) -> None:
        self._table = table
        self._columns = columns
        self._told = [*PRODUCT_COLUMNS, *(one.name for one in columns)]
        self._compared = self._told[1:]
        self._lists = {one.name for one in columns if one.kind is ValueKind.LIST}

    def put(self, connection: Connection, items: Sequence[Item], mark: Mark, *, again: bool) -> int:
        """Add or replace products by id; those that are there like that are left alone.

        Args:
            connection: In a transaction.
            items: Each with another product id.
            mark: Which delivery it is.
            again: Whether what this delivery has changed before counts, too.

        Returns:
            How many were changed or added.
        """
        if connection.dialect.name == "postgresql":
            return self._copied(connection, items, mark, again=again)
        return self._compared_here(connection, items, mark, again=again)

    def _copied(
        self, connection: Connection, items: Sequence[Item], mark: Mark, *, again: bool
    ) -> int:
        """Postgres: copied to a table of the moment, and from there in one statement."""
        staged = self._staged(connection)
        names = [column.name for column in staged.columns]
        quote = connection.dialect.identifier_preparer.quote
        target = f"{quote(STAGED)} ({', '.join(map(quote, names))})"
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for row in self._tuples(items, mark):
                copy.write_row(row)
        counted = {"preserve_rowcount": True}
        upserted = connection.execute(self._from_staged(staged), execution_options=counted)
        changed = upserted.rowcount
        if again:
            ours = self._table.c.delivery_id == mark.delivery_id
            same = self._table.c.product_id == staged.c.product_id
            count = sa.select(sa.func.count()).select_from(self._table.join(staged, same))
            changed = int(connection.execute(count.where(ours)).scalar_one())
        return changed

    def _staged(self, connection: Connection) -> sa.Table:
        """A table of this transaction, with columns like the target's whatever their types."""
        names = [column.name for column in self._table.columns]
        quote = connection.dialect.identifier_preparer.quote
        like = connection.dialect.identifier_preparer.format_table(self._table)
        chosen = ", ".join(map(quote, names))
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE {quote(STAGED)} ON COMMIT DROP AS "
            f"SELECT {chosen} FROM {like} WITH NO DATA"
        )
        return sa.Table(
            STAGED, sa.MetaData(), *(sa.Column(one.name, one.type) for one in self._table.columns)
        )

    def _from_staged(self, staged: sa.Table) -> sa.Insert:
        names = [column.name for column in staged.columns]
        # In one order, whoever delivers: two of them can never wait for each other.
        rows = sa.select(staged).order_by(staged.c.product_id)
        statement = postgresql.insert(self._table).from_select(names, rows)
        new, old = statement.excluded, self._table.c
        differs = sa.or_(*(self._differ(old[name], new[name]) for name in self._compared))
        built: sa.Insert = statement.on_conflict_do_update(
            index_elements=["product_id"],
            set_={name: new[name] for name in names if name != "product_id"},
            where=differs,
        )
        return built

    def _differ(self, old: Any, new: Any) -> sa.ColumnElement[bool]:
        if old.name in self._lists:
            # Whether it is kept as json, jsonb or a text.
            old, new = (sa.cast(one, postgresql.JSONB) for one in (old, new))
        differ: sa.ColumnElement[bool] = old.is_distinct_from(new)
        return differ

    def _tuples(self, items: Sequence[Item], mark: Mark) -> Any:
        marked = (mark.job_id, mark.delivery_id, datetime.now(UTC))
        columns = [(one.field, one.kind is ValueKind.LIST) for one in self._columns]
        for item in items:
            values = item.values
            told = (
                orjson.dumps(value).decode() if is_list and value is not None else value
                for value, is_list in ((values.get(name), is_list) for name, is_list in columns)
            )
            yield (item.product_id, item.title, item.price, item.currency, *told, *marked)

    def _compared_here(
        self, connection: Connection, items: Sequence[Item], mark: Mark, *, again: bool
    ) -> int:
        """Others: what is there is read, compared, and only what differs is written."""
        rows = [self._row(item) for item in sorted(items, key=lambda item: item.product_id)]
        there = self._there(connection, [item.product_id for item in items])
        differing = [row for row in rows if self._differs(there.get(row["product_id"]), row)]
        changed = len(differing)
        if again:
            same = {row["product_id"] for row in differing}
            changed += sum(
                one["delivery_id"] == mark.delivery_id
                for key, one in there.items()
                if key not in same
            )
        if differing:
            marked = {
                "job_id": mark.job_id,
                "delivery_id": mark.delivery_id,
                "delivered_at": datetime.now(UTC).replace(tzinfo=None),
            }
            connection.execute(self._statement(connection), [row | marked for row in differing])
        return changed

    def _row(self, item: Item) -> Row:
        told: Row = {
            "product_id": item.product_id,
            "title": item.title,
            "price": item.price,
            "currency": item.currency,
        }
        return told | {one.name: item.values.get(one.field) for one in self._columns}

    def _there(self, connection: Connection, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        wanted = [self._table.c[name] for name in (*self._told, "delivery_id")]
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(ids), ASKED_AT_ONCE):
            some = self._table.c.product_id.in_(ids[start : start + ASKED_AT_ONCE])
            for row in connection.execute(sa.select(*wanted).where(some)).mappings():
                found[row["product_id"]] = dict(row)
        return found

    def _differs(self, there: Mapping[str, Any] | None, row: Row) -> bool:
        return there is None or any(there[name] != row[name] for name in self._compared)

    def _statement(self, connection: Connection) -> sa.Insert:
        names = [column.name for column in self._table.columns if column.name != "product_id"]
        if connection.dialect.name == "sqlite":
            insert = sqlite.insert(self._table)
            built: sa.Insert = insert.on_conflict_do_update(
                index_elements=["product_id"], set_={name: insert.excluded[name] for name in names}
            )
            return built
        other = mysql.insert(self._table)
        replaced: sa.Insert = other.on_duplicate_key_update(
            {name: other.inserted[name] for name in names}
        )
        return replaced
