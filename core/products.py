"""The published catalog: the truth that the search indexes are rebuilt from.

A product's facts are written with it and go with it: what has facts is on
sale. Every change raises a product's version; an indexer asks what is
:func:`pending`, indexes it, and says so with :func:`mark_indexed`. A product
changed in between keeps its newer version and stays pending. A deleted one
stays for a while, so that every process notices (:func:`forget_deleted`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from core import product_facts
from core.db import Database
from core.shop_tables import products
from core.values import Value

BATCH = 500
#: How long a product is remembered after it left: others see that it went.
REMEMBERED_S = 600.0


@dataclass(frozen=True, slots=True)
class Product:
    """One product as shoppers see it.

    Attributes:
        values: Extracted metadata by field name.
        source: What published it: ``sample``, or a job's id.
        version: Raised by every change; 0 before the product is stored.
        deleted: Withdrawn from sale and to be removed from the indexes.
    """

    id: str
    title: str
    description: str = ""
    price: Decimal | None = None
    currency: str | None = None
    stock: int | None = None
    department: str | None = None
    url: str | None = None
    image: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    source: str = "sample"
    version: int = 0
    deleted: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form stored beside the catalog, with an answer or for a release."""
        stored = {name: getattr(self, name) for name in self.__dataclass_fields__}
        stored["price"] = None if self.price is None else str(self.price)
        stored["values"] = {name: value.to_json() for name, value in self.values.items()}
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Product:
        """Rebuild a product from :meth:`to_json`."""
        parts = dict(stored)
        parts["price"] = None if stored["price"] is None else Decimal(stored["price"])
        parts["values"] = {name: Value.from_json(one) for name, one in stored["values"].items()}
        return cls(**parts)


def publish(db: Database, items: Iterable[Product]) -> int:
    """Add or replace products by id; returns how many.

    Goes in transactions of a few hundred, so that readers and other writers
    get their turn; a repeated call after an interruption ends in the same state.
    """
    count = 0
    remaining = iter(items)
    while block := {item.id: item for item in islice(remaining, BATCH)}:
        with db.write() as connection:
            put(connection, list(block.values()))
        count += len(block)
    return count


def withdraw(db: Database, ids: Sequence[str]) -> int:
    """Take products off sale; the indexer then forgets them. Returns how many were there."""
    with db.write() as connection:
        return take_off(connection, ids)


def put(connection: Connection, items: Sequence[Product]) -> None:
    """Add or replace products, as part of a transaction; no id may be there twice."""
    if items:
        _upsert(connection, items)
        product_facts.write(connection, items)


def take_off(connection: Connection, ids: Sequence[str]) -> int:
    """Take products off sale, as part of a transaction; returns how many were there."""
    product_facts.remove(connection, ids)
    result = connection.execute(
        products.update()
        .where(products.c.id.in_(ids), products.c.deleted.is_(False))
        .values(deleted=True, version=products.c.version + 1, updated_at=time.time())
    )
    return result.rowcount


def get(db: Database, ids: Sequence[str]) -> dict[str, Product]:
    """The products on sale among these ids, by id."""
    with db.read() as connection:
        return on_sale(connection, ids)


def on_sale(
    connection: Connection, ids: Sequence[str], *, to_change: bool = False
) -> dict[str, Product]:
    """The products on sale among these ids, by id, as part of a transaction.

    Args:
        connection: The transaction.
        ids: Of the products.
        to_change: Whether others who want to change them have to wait for its end.
    """
    query = products.select().where(products.c.id.in_(ids), products.c.deleted.is_(False))
    found = connection.execute(query.with_for_update() if to_change else query).mappings()
    return {row["id"]: _product(row) for row in found}


def count(db: Database) -> int:
    """How many products are on sale."""
    with db.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).where(products.c.deleted.is_(False))
        ).scalar_one()


def iterate(db: Database) -> Iterator[Product]:
    """Every product on sale, in order of id, read page by page."""
    last = ""
    while True:
        with db.read() as connection:
            page = connection.execute(
                products.select()
                .where(products.c.id > last, products.c.deleted.is_(False))
                .order_by(products.c.id)
                .limit(BATCH)
            ).mappings()
            block = [_product(row) for row in page]
        if not block:
            return
        yield from block
        last = block[-1].id


def pending(db: Database, limit: int = BATCH) -> list[Product]:
    """Products that the indexes do not know yet in this version, deleted ones included."""
    with db.read() as connection:
        found = connection.execute(
            products.select()
            .where(products.c.version != products.c.indexed_version)
            .order_by(products.c.id)
            .limit(limit)
        ).mappings()
        return [_product(row) for row in found]


def count_pending(db: Database) -> int:
    """How many products the indexes do not know yet."""
    with db.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).where(products.c.version != products.c.indexed_version)
        ).scalar_one()


def mark_indexed(db: Database, items: Sequence[Product]) -> None:
    """Note that the indexes now hold these versions, or hold a deleted product no more."""
    with db.write() as connection:
        for item in items:
            same = (products.c.id == item.id) & (products.c.version == item.version)
            connection.execute(products.update().where(same).values(indexed_version=item.version))


def forget_deleted(db: Database, *, now: float | None = None) -> int:
    """Remove for good what left the shop a while ago and the indexes; returns how many.

    Args:
        now: Seconds since the epoch.
    """
    left_before = (time.time() if now is None else now) - REMEMBERED_S
    with db.write() as connection:
        result = connection.execute(
            products.delete().where(
                products.c.deleted,
                products.c.version == products.c.indexed_version,
                products.c.updated_at < left_before,
            )
        )
        return result.rowcount


def reindex_all(db: Database) -> None:
    """Make every product pending, as after the loss of the indexes."""
    with db.write() as connection:
        connection.execute(products.update().values(indexed_version=0))


def reindex(db: Database, ids: Sequence[str]) -> None:
    """Make some products pending."""
    with db.write() as connection:
        connection.execute(
            products.update().where(products.c.id.in_(ids)).values(indexed_version=0)
        )


def _upsert(connection: Connection, items: Sequence[Product]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(products)
    replaced = {
        name: statement.excluded[name]
        for name in products.c.keys()  # noqa: SIM118 (a column collection iterates columns)
        if name not in ("id", "version", "indexed_version")
    }
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_=replaced | {"version": products.c.version + 1}
        ),
        [_stored(item) for item in items],
    )


def _stored(item: Product) -> dict[str, object]:
    return {
        "id": item.id,
        "title": item.title,
        "description": item.description,
        "price": None if item.price is None else float(item.price),
        "currency": item.currency,
        "stock": item.stock,
        "department": item.department,
        "url": item.url,
        "image": item.image,
        "values": {name: value.to_json() for name, value in item.values.items()},
        "source": item.source,
        "version": 1,
        "deleted": False,
        "updated_at": time.time(),
    }


def _product(row: RowMapping) -> Product:
    parts = {name: row[name] for name in Product.__dataclass_fields__}
    parts["values"] = {name: Value.from_json(stored) for name, stored in row["values"].items()}
    if row["price"] is not None:
        parts["price"] = Decimal(str(row["price"]))
    return Product(**parts)
