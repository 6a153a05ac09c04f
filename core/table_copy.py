"""Tables as files and back: a stream of Arrow batches for each, whatever database it comes from.

What one database wrote the other can read. Texts are taken as they are stored,
JSON as its text, so that nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO

import pyarrow as pa
import sqlalchemy as sa
from pyarrow import ipc
from sqlalchemy.engine import Connection

from core.postgres import is_postgres

#: A batch ends with whichever comes first; it is what is held in memory.
BATCH_ROWS = 1000
BATCH_BYTES = 4 << 20
#: Rows that a database hands over at a time.
FETCHED = 200

#: Told how many rows more are done.
Tell = Callable[[int], None]


def dump(connection: Connection, table: sa.Table, target: BinaryIO, tell: Tell) -> int:
    """Write every row of a table; returns how many there are.

    Args:
        connection: A connection whose transaction sees one state throughout.
        table: The table.
        target: Written from its beginning to its end.
        tell: Told of every batch.
    """
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in table.columns])
    options = ipc.IpcWriteOptions(compression="zstd")
    count = 0
    with ipc.new_stream(target, schema, options=options) as stream:
        for block in _blocks(connection, table):
            columns = [
                pa.array(list(values), field.type)
                for values, field in zip(zip(*block, strict=True), schema, strict=True)
            ]
            stream.write_batch(pa.record_batch(columns, schema=schema))
            count += len(block)
            tell(len(block))
    return count


def _blocks(connection: Connection, table: sa.Table) -> Iterator[list[sa.Row[Any]]]:
    """The rows, in blocks of bounded size."""
    query = sa.select(*(_raw(connection, column) for column in table.columns))
    found = connection.execution_options(yield_per=FETCHED).execute(query)
    block: list[sa.Row[Any]] = []
    size = 0
    for row in found:
        block.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(block) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _raw(connection: Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """A column as it is stored."""
    if isinstance(column.type, sa.JSON):
        if is_postgres(connection.engine):
            return sa.cast(column, sa.Text).label(column.name)
        return sa.type_coerce(column, sa.Text).label(column.name)
    return sa.type_coerce(column, _plain(column.type)).label(column.name)


def arrow_type(kind: sa.types.TypeEngine[Any]) -> pa.DataType:
    """What the values of a column are in a file.

    Raises:
        TypeError: There is no form for it yet.
    """
    return _FORMS[type(_plain(kind))]


def _plain(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """The kind of column without what is particular to ours or to a database."""
    if isinstance(kind, sa.TypeDecorator):
        kind = kind.impl_instance
    for plain, form in _PLAIN.items():
        if isinstance(kind, plain):
            return form()
    raise TypeError(f"a column of the type {kind!r} cannot be backed up")


#: The first that fits counts.
_PLAIN: dict[type[sa.types.TypeEngine[Any]], type[sa.types.TypeEngine[Any]]] = {
    sa.Boolean: sa.Boolean,
    sa.Integer: sa.BigInteger,
    sa.Float: sa.Double,
    sa.LargeBinary: sa.LargeBinary,
    sa.String: sa.Text,
    sa.JSON: sa.Text,
}
_FORMS = {
    sa.Boolean: pa.bool_(),
    sa.BigInteger: pa.int64(),
    sa.Double: pa.float64(),
    sa.LargeBinary: pa.large_binary(),
    sa.Text: pa.large_string(),
}


def load(connection: Connection, name: str, source: IO[bytes], tell: Tell) -> int:
    """Fill an empty table from a file; returns how many rows it has now.

    Args:
        connection: A connection in a write transaction.
        name: The table, which is there.
        source: What :func:`dump` wrote.
        tell: Told of every batch.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The rows do not fit the table.
        pyarrow.ArrowInvalid: The file is none of ours.
    """
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    count = 0
    with ipc.open_stream(source) as stream:
        insert = _insert(connection, table, stream.schema.names)
        for batch in stream:
            columns = [column.to_pylist() for column in batch.columns]
            names = [f"v{number}" for number in range(len(columns))]
            rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
            connection.execute(insert, rows)
            count += len(rows)
            tell(len(rows))
    return count


def _insert(connection: Connection, table: sa.Table, names: list[str]) -> sa.Insert:
    """Takes texts for JSON, so that they come to be what they were."""
    plain = sa.table(table.name, *(sa.column(name) for name in names))
    values: dict[str, sa.ColumnElement[Any]] = {}
    for number, name in enumerate(names):
        kind = table.columns[name].type
        value: sa.ColumnElement[Any] = sa.bindparam(f"v{number}", type_=_plain(kind))
        if isinstance(kind, sa.JSON) and is_postgres(connection.engine):
            value = sa.cast(value, sa.JSON)
        values[name] = value
    return sa.insert(plain).values(values)


def marks(connection: Connection, tables: list[sa.Table]) -> dict[str, int]:
    """The highest number that each numbered table has given out, also of rows that are gone."""
    found: dict[str, int] = {}
    for table in tables:
        key = numbered(table)
        if key is not None:
            highest = connection.execute(sa.select(sa.func.max(key))).scalar()
            found[table.name] = max(int(highest or 0), _given_out(connection, table, key))
    return found


def numbered(table: sa.Table) -> sa.Column[Any] | None:
    """The column that the database numbers by itself, where a table has one."""
    return table.autoincrement_column


def _given_out(connection: Connection, table: sa.Table, key: sa.Column[Any]) -> int:
    if is_postgres(connection.engine):
        names = {"table": f'"{table.name}"', "key": key.name}
        sequence = connection.execute(_SEQUENCE, names).scalar()
        if sequence is None:
            return 0
        query = sa.text(f"SELECT last_value FROM {sequence} WHERE is_called")
        return int(connection.execute(query).scalar() or 0)
    if not sa.inspect(connection).has_table("sqlite_sequence"):
        return 0
    query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table")
    return int(connection.execute(query, {"table": table.name}).scalar() or 0)


_SEQUENCE = sa.text("SELECT pg_get_serial_sequence(:table, :key)")


def set_mark(connection: Connection, name: str, mark: int) -> None:
    """Let a numbered table go on after a number."""
    if mark <= 0:
        return
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    (key,) = table.primary_key.columns
    if is_postgres(connection.engine):
        names = {"table": f'"{name}"', "key": key.name, "mark": mark}
        connection.execute(_SET_SEQUENCE, names)
        return
    # Only of tables that must not give out a number twice does SQLite keep one.
    made = connection.execute(_MADE_WITH, {"table": name}).scalar() or ""
    if "AUTOINCREMENT" in made.upper():
        connection.execute(
            sa.text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": name}
        )
        values = {"table": name, "mark": mark}
        connection.execute(sa.text("INSERT INTO sqlite_sequence VALUES (:table, :mark)"), values)


_MADE_WITH = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
_SET_SEQUENCE = sa.text("SELECT setval(pg_get_serial_sequence(:table, :key), :mark)")
