"""Demonstrations: products with the right answer, shown to the model with rows like them.

Every change raises a demonstration's version, so that the search index follows. A deleted
one stays as a mark until the index has heard of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from batch.inputs import KEY_BYTES
from core.db import Database, clock
from core.errors import NotFoundError
from core.review_tables import demonstrations

#: One demonstration of so many is held back.
HELD_BACK_OF = 5
#: Stored with one statement.
AT_ONCE = 500
#: What was not deleted.
THERE = demonstrations.c.deleted.is_(False)


def text_key(text: str, product_type: str) -> bytes:
    """Names a product as the model reads it: the same in every catalog and job; 16 bytes."""
    named = f"{product_type.strip().casefold()}\0{text}"
    return blake2b(named.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


def is_held_back(key: bytes) -> bool:
    """Whether a product is kept to measure the model by.

    Told by its key alone: what was held back once is never shown later.
    """
    return int.from_bytes(key[:8]) % HELD_BACK_OF == 0


@dataclass(frozen=True, slots=True)
class Product:
    """A product with the right answer, to be a demonstration.

    Attributes:
        text: As the model reads it.
        product_type: What kind of product it is; empty where that is not known.
        answer: Field name to the right value, as the model should answer; None where there
            is none. A field that is not in it was not judged.
        values: Field name to what was approved, as :mod:`batch.teaching` keeps it.
        job_id: Where it comes from; None: from a file.
        row_no: The row of that job.
        enabled: Whether it is shown to the model.
    """

    text: str
    product_type: str
    answer: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    job_id: str | None = None
    row_no: int | None = None
    enabled: bool = True

    @property
    def key(self) -> bytes:
        """Names the product; see :func:`text_key`."""
        return text_key(self.text, self.product_type)

    @property
    def held_back(self) -> bool:
        """Whether the model is measured by it."""
        return is_held_back(self.key)


def add(connection: Connection, products: Iterable[Product]) -> None:
    """Make products demonstrations, or change those that are there already."""
    moment = clock(connection)
    given = {product.key: product for product in products}
    stored = [_stored(key, given[key], moment) for key in sorted(given)]
    for at in range(0, len(stored), AT_ONCE):
        connection.execute(_adding(connection.dialect.name), stored[at : at + AT_ONCE])


def _stored(key: bytes, product: Product, moment: float) -> dict[str, Any]:
    return {
        "id": secrets.token_hex(8),
        "text_key": key,
        "product_type": product.product_type,
        "text": product.text,
        "answer": dict(product.answer),
        "values": dict(product.values),
        "job_id": product.job_id,
        "row_no": product.row_no,
        "held_back": product.held_back,
        "enabled": product.enabled,
        "deleted": False,
        "version": 1,
        "created_at": moment,
        "updated_at": moment,
    }


def _adding(dialect: str) -> sa.Insert:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(demonstrations)
    names = (
        "product_type",
        "answer",
        "values",
        "job_id",
        "row_no",
        "enabled",
        "deleted",
        "updated_at",
    )
    change: dict[str, Any] = {name: statement.excluded[name] for name in names}
    change["version"] = demonstrations.c.version + 1
    built: sa.Insert = statement.on_conflict_do_update(index_elements=["text_key"], set_=change)
    return built


def change(connection: Connection, demonstration_id: str, values: Mapping[str, Any]) -> int:
    """Change a demonstration and raise its version; returns how many there were to change."""
    return connection.execute(
        demonstrations.update()
        .where(demonstrations.c.id == demonstration_id)
        .values(version=demonstrations.c.version + 1, updated_at=clock(connection), **values)
    ).rowcount


def switch(db: Database, ids: Collection[str], *, enabled: bool) -> int:
    """Have demonstrations used, or not; returns how many.

    Raises:
        NotFoundError: There is none of these.
    """
    return _change_all(db, ids, {"enabled": enabled})


def remove(db: Database, ids: Collection[str]) -> int:
    """Remove demonstrations; returns how many. The rows that they came from stay as they are.

    Raises:
        NotFoundError: There is none of these.
    """
    return _change_all(db, ids, {"deleted": True})


def _change_all(db: Database, ids: Collection[str], values: Mapping[str, Any]) -> int:
    there = sa.select(demonstrations.c.id).where(THERE, demonstrations.c.id.in_(ids))
    with db.write() as connection:
        found = connection.execute(there).scalars().all()
        count = sum(change(connection, each, values) for each in found)
    if not count:
        raise gone(*ids)
    return count


def last_change(db: Database) -> float:
    """When anything was taught, changed or removed last, in seconds since the epoch."""
    newest = sa.select(sa.func.max(demonstrations.c.updated_at))
    with db.read() as connection:
        return connection.execute(newest).scalar() or 0.0


def gone(*ids: str) -> NotFoundError:
    """What is raised where there is no such demonstration."""
    return NotFoundError(f"There is no example {', '.join(ids)}; it may have been deleted.")
