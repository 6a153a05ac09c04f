"""Putting a release together, block by block, while shoppers see nothing of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

import sqlalchemy as sa

from core.db import Database, upsert
from core.products import Product
from core.releases import BLOCK, WAITING, OnStep, Release, discard, get, of_source
from core.shop_tables import products as product_table
from core.shop_tables import release_products, releases
from core.statuses import ReleaseStatus


def prepare(
    db: Database,
    title: str,
    source: str,
    items: Iterable[Product],
    *,
    alone: bool = False,
    on_step: OnStep = lambda done: None,
) -> Release:
    """Put a release together; earlier ones of this source that were not switched to go.

    Args:
        db: Our tables.
        title: What people call it.
        source: Where it comes from, such as a job's id.
        items: The products as they are to be.
        alone: Whether all other products leave the shelves.
        on_step: Told how many products there are by now.
    """
    _discard_earlier(db, source)
    id = secrets.token_hex(8)
    with db.write() as connection:
        row = {
            "id": id,
            "title": title,
            "source": source,
            "status": ReleaseStatus.PREPARING,
            "report": {"alone": alone},
            "created_at": time.time(),
        }
        connection.execute(releases.insert().values(row))
    staged, count = iter(items), 0
    while block := {item.id: item for item in islice(staged, BLOCK)}:
        rows = [_row(id, key, item) for key, item in block.items()]
        with db.write() as connection:
            upsert(connection, release_products, rows)
        count += len(block)
        on_step(count)
    if alone:
        _stage_leaving(db, id)
    with db.write() as connection:
        number = connection.execute(_count(id)).scalar_one()
        ready = releases.update().where(releases.c.id == id)
        connection.execute(ready.values(status=ReleaseStatus.READY, products=number))
    return get(db, id)


def _discard_earlier(db: Database, source: str) -> None:
    for one in of_source(db, source):
        if one.status in WAITING:
            discard(db, one.id)


def _stage_leaving(db: Database, id: str) -> None:
    """Have every product leave that the release does not name."""
    named = sa.select(release_products.c.product_id).where(release_products.c.release_id == id)
    others = (
        sa.select(product_table.c.id)
        .where(product_table.c.deleted.is_(False), product_table.c.id.not_in(named))
        .limit(BLOCK)
    )
    while True:
        with db.write() as connection:
            left = connection.execute(others).scalars().all()
            if left:
                upsert(connection, release_products, [_row(id, key, None) for key in left])
        if len(left) < BLOCK:
            return


def _row(id: str, product_id: str, item: Product | None) -> dict[str, object]:
    return {
        "release_id": id,
        "product_id": product_id,
        "after": item and item.to_json(),
        "switched": False,
    }


def _count(id: str) -> sa.Select[Any]:
    return sa.select(sa.func.count()).where(release_products.c.release_id == id)
