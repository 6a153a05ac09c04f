"""Something in every table, of every kind that a column can hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core import storage
from core.all_tables import metadata
from core.backup import tables
from core.db import Database, open_database
from core.schema import uploads
from core.settings import Settings, load_settings

ROWS = 3
TEXT = "Größe “M” \\ ' \n 尺寸 \U0001f392"


def fill(settings: Settings, db: Database) -> None:
    """Put rows into every table, and a file for each upload."""
    with db.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.insert(table), [_row(table, number) for number in (1, 2, 3)])
    for number in range(1, ROWS + 1):
        folder = storage.open_storage(settings) / f"k{number}"
        for name, data in (("original", b"id,title\n" * 50_000), ("rows.parquet", b"PAR1")):
            with (folder / name).create() as file:
                file.write(data)


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    numbered = table.autoincrement_column
    return {one.name: _value(one, number) for one in table.columns if one is not numbered}


def _value(column: sa.Column[Any], number: int) -> Any:
    key = column.primary_key or column.foreign_keys or column.unique
    if column.nullable and not key and number == ROWS:
        return None
    kind = column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type
    if isinstance(kind, sa.Boolean):
        return number == 2
    if isinstance(kind, sa.BigInteger):
        return (1 << 40) + number
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.Float):
        return 0.1 * number
    if isinstance(kind, sa.LargeBinary):
        return bytes([0, 255, number])
    if isinstance(kind, sa.JSON):
        return {"text": TEXT, "list": [1, 0.1, None, True], "number": number}
    length = getattr(kind, "length", None) or 1000
    short = key or length < len(TEXT) + 2
    return f"k{number}" if short else f"{TEXT} {number}"


def everything(db: Database) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables that a backup has, but for what the search index knows."""
    found = {}
    with db.read() as connection:
        for table in tables():
            wanted = [one for one in table.columns if one.name != "indexed_version"]
            query = sa.select(*wanted).order_by(*table.primary_key)
            found[table.name] = [dict(row) for row in connection.execute(query).mappings()]
    return found


def files(settings: Settings, db: Database) -> dict[str, bytes]:
    """The uploaded files."""
    place = storage.open_storage(settings)
    with db.read() as connection:
        ids = list(connection.execute(sa.select(uploads.c.id)).scalars())
    read = {}
    for upload_id in ids:
        for name in (place / upload_id).names():
            with (place / upload_id / name).stream() as file:
                read[f"{upload_id}/{name}"] = file.read()
    return read


def home(path: Path, database: str | None = None, **others: Any) -> Settings:
    """Settings of a home of its own."""
    return load_settings(home=path, database=database, sample_shop=False, **others)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Settings, Database]]:
    """A shop in a home of its own, with something of everything."""
    settings = home(path)
    with closing(open_database(settings)) as db:
        fill(settings, db)
        yield settings, db


def seen(settings: Settings) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Everything of a shop."""
    db = open_database(settings)
    try:
        return everything(db), files(settings, db)
    finally:
        db.close()
