"""The table that products are delivered to: as it should be, as it is, and what is between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Connection

from batch.delivery_items import MAX_ID, ItemColumn, ValueKind
from core.errors import DestinationRefused
from core.schema import metadata as our_metadata

#: A database with all of these is a Shopkeeper's own.
_TELLING = {"jobs", "shards", "destinations", "alembic_version"}
_OURS = {"alembic_version", "alembic_version_pool", "dbos_migrations"}
_OUR_SCHEMAS = {"dbos"}

#: Told apart by every byte: MySQL takes "a1" and "A1" for the same unless it is told.
_KEY = (
    sa.Text()
    .with_variant(mysql.VARCHAR(MAX_ID, charset="utf8mb4", collation="utf8mb4_bin"), "mysql")
    .with_variant(mysql.VARCHAR(MAX_ID, charset="utf8mb4", collation="utf8mb4_bin"), "mariadb")
)
_TEXT = (
    sa.Text()
    .with_variant(mysql.LONGTEXT(charset="utf8mb4"), "mysql")
    .with_variant(mysql.LONGTEXT(charset="utf8mb4"), "mariadb")
)
_MOMENT = (
    sa.DateTime(timezone=True)
    .with_variant(mysql.DATETIME(fsp=6), "mysql")
    .with_variant(mysql.DATETIME(fsp=6), "mariadb")
)
_TYPES: dict[ValueKind, sa.types.TypeEngine[Any]] = {
    ValueKind.TEXT: _TEXT,
    ValueKind.NUMBER: sa.Double(),
    ValueKind.BOOLEAN: sa.Boolean(),
    ValueKind.LIST: sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True), "postgresql"
    ),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A column that holds something else than is delivered."""

    name: str
    holds: str
    expected: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What is between a table as it is and as it should be.

    Attributes:
        missing: Columns that it has not.
    """

    missing: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    key_missing: bool = False


def wanted_table(name: str, columns: Sequence[ItemColumn]) -> sa.Table:
    """The table as a delivery with these columns needs it.

    Args:
        name: Of the table, perhaps after a schema and a dot.
        columns: Of the fields.
    """
    schema, _, table = name.rpartition(".")
    return sa.Table(
        table,
        sa.MetaData(),
        sa.Column("product_id", _KEY, primary_key=True),
        sa.Column("title", _TEXT),
        sa.Column("price", sa.Double()),
        sa.Column("currency", sa.String(3)),
        *(sa.Column(one.name, _TYPES[one.kind]) for one in columns),
        sa.Column("job_id", sa.String(16)),
        sa.Column("delivery_id", sa.String(16)),
        sa.Column("delivered_at", _MOMENT),
        schema=schema or None,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )


def make_ready(connection: Connection, table: sa.Table, *, adds: bool) -> tuple[str, ...]:
    """Create the table, or see that it takes what is delivered.

    Args:
        connection: In a transaction.
        table: As it should be.
        adds: Whether missing columns are added.

    Returns:
        The columns that were added to a table that was there before.

    Raises:
        DestinationRefused: It does not take it; the message says what is wrong.
    """
    _refuse_ours(connection, table)
    if not sa.inspect(connection).has_table(table.name, schema=table.schema):
        table.create(connection)
        return ()
    found = difference(connection, table)
    if found.wrong:
        one = found.wrong[0]
        raise DestinationRefused(
            f"The column “{one.name}” of the table “{table.fullname}” holds {one.holds}, but "
            f"{one.expected} is delivered. Change its type, or choose another table."
        )
    if found.key_missing:
        raise DestinationRefused(
            f"“product_id” is no key of the table “{table.fullname}”, so a product could be there "
            "twice. Make it the primary key, or choose another table."
        )
    if found.missing and not adds:
        raise MissingColumns(table.fullname, found.missing)
    for name in found.missing:
        _add(connection, table, name)
    return found.missing


class MissingColumns(DestinationRefused):
    """A table without columns that are delivered; ``columns`` names them."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        named = ", ".join(f"“{one}”" for one in columns)
        word = "column" if len(columns) == 1 else "columns"
        super().__init__(
            f"The table “{table}” has no {word} {named}. Have them added, or add them yourself."
        )
        self.columns = tuple(columns)


def difference(connection: Connection, table: sa.Table) -> Difference:
    """What is between a table that is there and how it should be."""
    inspector = sa.inspect(connection)
    # Only Postgres tells names apart by their case.
    fold = str if connection.dialect.name == "postgresql" else str.lower
    found = {
        fold(one["name"]): one["type"]
        for one in inspector.get_columns(table.name, schema=table.schema)
    }
    wrong = [
        Wrong(column.name, _kind(found[column.name]), _kind(column.type))
        for column in table.columns
        if column.name in found and not _fits(column.type, found[column.name])
    ]
    missing = [column.name for column in table.columns if column.name not in found]
    keyed = "product_id" in missing or _is_key(inspector, table)
    return Difference(tuple(missing), tuple(wrong), not keyed)


def _is_key(inspector: sa.Inspector, table: sa.Table) -> bool:
    key = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
    indexes = inspector.get_indexes(table.name, schema=table.schema)
    unique = [one["column_names"] for one in indexes if one["unique"]]
    constraints = inspector.get_unique_constraints(table.name, schema=table.schema)
    unique += [list(one["column_names"]) for one in constraints]
    return ["product_id"] in [key, *unique]


def _fits(wanted: sa.types.TypeEngine[Any], found: sa.types.TypeEngine[Any]) -> bool:
    expected, holds = _kind(wanted), _kind(found)
    # SQLite and MariaDB keep lists as texts, MySQL yes and no as small numbers.
    alike = {("a list", "text"), ("yes or no", "a number")}
    return expected == holds or (expected, holds) in alike


def _kind(found: sa.types.TypeEngine[Any]) -> str:
    """What a column holds, in a word."""
    kinds: tuple[tuple[type, str], ...] = (
        (sa.JSON, "a list"),
        (sa.Boolean, "yes or no"),
        (sa.String, "text"),
        (sa.Numeric, "a number"),
        (sa.Float, "a number"),
        (sa.Integer, "a number"),
        (sa.DateTime, "a time"),
    )
    return next((word for kind, word in kinds if isinstance(found, kind)), str(found).lower())


def _add(connection: Connection, table: sa.Table, name: str) -> None:
    if name == "product_id":
        raise DestinationRefused(
            f"The table “{table.fullname}” has no column “product_id”, by which products are told "
            "apart. Add it as the primary key, or choose another table."
        )
    compiler = connection.dialect.ddl_compiler(connection.dialect, None)  # type: ignore[arg-type]
    column = compiler.get_column_specification(table.c[name])
    place = connection.dialect.identifier_preparer.format_table(table)
    connection.exec_driver_sql(f"ALTER TABLE {place} ADD COLUMN {column}")


def _refuse_ours(connection: Connection, table: sa.Table) -> None:
    """Keep Shopkeeper's own tables out of reach, in whichever database they are."""
    ours = _OURS | {one.lower() for one in our_metadata.tables}
    schema = (table.schema or "").lower()
    inspector = sa.inspect(connection)
    if table.name.lower() not in ours and schema not in _OUR_SCHEMAS:
        return
    if schema in _OUR_SCHEMAS or set(inspector.get_table_names(schema=table.schema)) >= _TELLING:
        raise DestinationRefused(
            f"“{table.fullname}” is a table of Shopkeeper itself. Choose another name."
        )
