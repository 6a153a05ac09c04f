"""What lies inside a row's JSON columns, as SQL that both databases understand."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.schema import rows
from core.values import Scalar


def _elements(connection: Connection, document: Any) -> sa.TableValuedAlias:
    """A JSON list as a table of one column, ``value``."""
    name = "json_array_elements" if connection.dialect.name == "postgresql" else "json_each"
    call: sa.Function[Any] = getattr(sa.func, name)(document)
    return call.table_valued(sa.column("value", sa.JSON))


def _of(element: sa.TableValuedAlias, name: str) -> sa.ColumnElement[str]:
    text: sa.ColumnElement[str] = element.c.value[name].as_string()
    return text


def flags(connection: Connection) -> tuple[sa.TableValuedAlias, sa.ColumnElement[str], Any]:
    """A row's flags as a table to join, with the field and the reason of each."""
    table = _elements(connection, rows.c.flags)
    return table, _of(table, "field"), _of(table, "reason")


def flagged_for(
    connection: Connection, field: str | None, reason: str | None
) -> sa.ColumnElement[bool]:
    """Whether a row has a flag of this field and this reason; None: any."""
    table, of_field, of_reason = flags(connection)
    wanted = [] if field is None else [of_field == field]
    wanted += [] if reason is None else [of_reason == reason]
    return sa.exists(sa.select(sa.literal(1)).select_from(table).where(*wanted))


def entry(name: str) -> sa.TableValuedAlias:
    """A row's values as a table of ``key`` and ``value``, of which only one field is wanted.

    By this rather than by a path: a field's name may hold anything.
    """
    return sa.func.json_each(rows.c["values"]).table_valued("key", sa.column("value", sa.JSON))


def written(table: sa.TableValuedAlias) -> sa.ColumnElement[str]:
    """A value of :func:`entry` as JSON text; :func:`as_written` gives the same for one of ours."""
    return sa.cast(table.c.value.op("->")(sa.literal_column("'value'")), sa.Text)


def as_written(value: Scalar) -> str:
    """A value as it stands in the database."""
    return json.dumps(value)


def items(connection: Connection, table: sa.TableValuedAlias) -> sa.TableValuedAlias:
    """The items of a list value of :func:`entry` as a table of texts, ``value``."""
    postgres = connection.dialect.name == "postgresql"
    name = "json_array_elements_text" if postgres else "json_each"
    document = table.c.value.op("->")(sa.literal_column("'value'"))
    call: sa.Function[Any] = getattr(sa.func, name)(document)
    return call.table_valued("value")
