"""Puts a release onto the shelves and takes it back, product by product.

A product is changed whole, in one transaction with the note that it was; so a
kill at any moment leaves each product as it was before or as it is to be, and
whoever comes next goes on where it ended. Several may do so at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core import products, releases
from core.db import Database
from core.errors import JobError
from core.products import Product
from core.release_changes import same
from core.releases import BLOCK, OnStep, Release
from core.shop_tables import release_products as table
from core.shop_tables import releases as release_table
from core.statuses import ReleaseStatus

_SWITCHING = ReleaseStatus.SWITCHING
#: In a release's report: products that stayed as somebody had changed them since.
KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Return:
    """What came of a roll back.

    Attributes:
        returned: Products that are as they were before the release.
        kept: Products that somebody has changed since: they stay as they are.
    """

    returned: int
    kept: int


def switch(db: Database, id: str, on_step: OnStep = lambda done: None) -> Release:
    """Put a release on sale; goes on where a switch was interrupted.

    Args:
        db: Our tables.
        id: The release.
        on_step: Told how many products were changed by now.

    Raises:
        JobError: It cannot be switched to any more.
        NotFoundError: There is no such release.
    """
    begin_switch(db, id)
    _go_on(db, id, on_step)
    releases.keep_bounded(db)
    return releases.get(db, id)


def begin_switch(db: Database, id: str) -> None:
    """Decide that a release goes on sale: from here on it does, whoever dies.

    Raises:
        JobError: It cannot be switched to any more.
    """
    ready = (ReleaseStatus.READY, ReleaseStatus.SWITCHING)
    with db.write() as connection:
        if not releases.move(connection, id, ready, ReleaseStatus.SWITCHING):
            raise JobError(
                "This release cannot be published any more: it was published, rolled back or "
                "thrown away meanwhile."
            )


def roll_back(db: Database, id: str, on_step: OnStep = lambda done: None) -> Return:
    """Make products what they were before a release, where they are what it made of them.

    Args:
        db: Our tables.
        id: The release.
        on_step: Told how many products were looked at by now.

    Raises:
        JobError: It is not on sale, or too old to be rolled back.
        NotFoundError: There is no such release.
    """
    found = releases.get(db, id)
    if not found.can_return and found.status != ReleaseStatus.ROLLING_BACK:
        raise JobError(
            "This release cannot be rolled back: it is not on sale, or others have followed it."
        )
    live = (ReleaseStatus.LIVE, ReleaseStatus.SWITCHING, ReleaseStatus.ROLLING_BACK)
    with db.write() as connection:
        if not releases.move(connection, id, live, ReleaseStatus.ROLLING_BACK):
            raise JobError("This release is not on sale any more.")
        whole = int(connection.execute(_switched(id)).scalar_one())
    _go_back(db, id, on_step)
    kept = int(releases.get(db, id).report.get(KEPT, 0))
    return Return(whole - kept, kept)


def go_on(db: Database) -> int:
    """Bring to their end what switches and roll backs were interrupted; returns how many."""
    moving = [one for one in releases.listing(db) if one.moving]
    for one in moving:
        if one.status == ReleaseStatus.SWITCHING:
            _go_on(db, one.id, lambda done: None)
        else:
            _go_back(db, one.id, lambda done: None)
    return len(moving)


def _go_on(db: Database, id: str, on_step: OnStep) -> None:
    done, more = 0, True
    waiting = _of(id).where(table.c.switched.is_(False))
    while more:
        with db.write() as connection:
            # Gone back meanwhile, or at its end by somebody else.
            if not releases.move(connection, id, [_SWITCHING], _SWITCHING):
                return
            rows = connection.execute(waiting.limit(BLOCK).with_for_update()).all()
            _switch_block(connection, id, rows)
            more = bool(rows)
            if not more:
                now = time.time()
                releases.move(connection, id, [_SWITCHING], ReleaseStatus.LIVE, switched_at=now)
        done += len(rows)
        on_step(done)


def _switch_block(connection: Connection, id: str, rows: Sequence[sa.Row[Any]]) -> None:
    after = {row.product_id: _product(row.after) for row in rows}
    before = products.on_sale(connection, list(after), to_change=True)
    changed = {key: one for key, one in after.items() if not same(before.get(key), one)}
    products.put(connection, [one for one in changed.values() if one is not None])
    products.take_off(connection, [key for key, one in changed.items() if one is None])
    # What is the same need not be taken back.
    _forget(connection, id, after.keys() - changed.keys())
    # As the table holds them, to be known again by.
    now = products.on_sale(connection, list(changed))
    noted = table.update().where(
        table.c.release_id == id, table.c.product_id == sa.bindparam("key")
    )
    as_noted = noted.values(before=sa.bindparam("was"), after=sa.bindparam("became"), switched=True)
    if changed:
        connection.execute(
            as_noted,
            [
                {"key": key, "was": _json(before.get(key)), "became": _json(now.get(key))}
                for key in changed
            ],
        )


def _go_back(db: Database, id: str, on_step: OnStep) -> None:
    done, last = 0, ""
    returning = ReleaseStatus.ROLLING_BACK
    while True:
        switched = _of(id).where(table.c.switched, table.c.product_id > last)
        with db.write() as connection:
            if not releases.move(connection, id, [returning], returning):
                return
            rows = connection.execute(switched.limit(BLOCK).with_for_update()).all()
            _return_block(connection, id, rows)
            if not rows:
                _end_return(connection, id)
                break
        last = rows[-1].product_id
        done += len(rows)
        on_step(done)
    releases.forget_products(db, id)


def _end_return(connection: Connection, id: str) -> None:
    report = connection.execute(
        sa.select(release_table.c.report).where(release_table.c.id == id)
    ).scalar_one()
    releases.move(
        connection,
        id,
        [ReleaseStatus.ROLLING_BACK],
        ReleaseStatus.ROLLED_BACK,
        ended_at=time.time(),
        report=(report or {}) | {KEPT: connection.execute(_switched(id)).scalar_one()},
    )


def _return_block(connection: Connection, id: str, rows: Sequence[sa.Row[Any]]) -> None:
    there = products.on_sale(connection, [row.product_id for row in rows], to_change=True)
    ours = [row for row in rows if same(there.get(row.product_id), _product(row.after))]
    before = {row.product_id: _product(row.before) for row in ours}
    products.put(connection, [one for one in before.values() if one is not None])
    products.take_off(connection, [key for key, one in before.items() if one is None])
    _forget(connection, id, before.keys())


def _forget(connection: Connection, id: str, keys: Iterable[str]) -> None:
    gone = table.delete().where(table.c.release_id == id, table.c.product_id.in_(list(keys)))
    connection.execute(gone)


def _of(id: str) -> sa.Select[Any]:
    return table.select().where(table.c.release_id == id).order_by(table.c.product_id)


def _switched(id: str) -> sa.Select[Any]:
    return sa.select(sa.func.count()).where(table.c.release_id == id, table.c.switched)


def _json(item: Product | None) -> dict[str, Any] | None:
    return None if item is None else item.to_json()


def _product(stored: Mapping[str, Any] | None) -> Product | None:
    return None if stored is None else Product.from_json(stored)
