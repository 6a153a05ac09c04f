"""Releases: sets of products made ready beside the shelves, put on sale and taken back as one.

A release is put together while shoppers see nothing of it. How it goes onto the
shelves and comes back is in :mod:`core.release_steps`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from core import products
from core.db import Database
from core.errors import NotFoundError
from core.products import Product
from core.release_changes import Change, ChangeKind
from core.shop_tables import release_products, releases
from core.statuses import ReleaseStatus

#: Products in one transaction: some tens of milliseconds, so that nobody waits for it.
BLOCK = 200
#: Releases that can still be rolled back: the products of older ones are forgotten.
KEPT = 3
#: Changes that are shown of a release.
EXAMPLES = 20
#: Releases that are remembered at all.
REMEMBERED = 100
#: Not switched to yet; one that stays so for long was forgotten by whoever made it.
WAITING = (ReleaseStatus.PREPARING, ReleaseStatus.READY)
WAITING_S = 7 * 86_400.0
#: Told how many products of a release a step has done by now.
OnStep = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Release:
    """A set of changes. Times in epoch seconds.

    Attributes:
        source: The job's id, or what else it comes from.
        products: How many products it has.
        report: What was found out before the switch; see the callers.
        can_return: Whether it can be rolled back.
    """

    id: str
    title: str
    source: str
    status: ReleaseStatus
    products: int
    created_at: float
    switched_at: float | None
    ended_at: float | None
    report: Mapping[str, Any] = field(default_factory=dict)
    can_return: bool = False

    @property
    def alone(self) -> bool:
        """Whether all other products leave the shelves."""
        return bool(self.report.get("alone"))

    @property
    def counts(self) -> Mapping[ChangeKind, int] | None:
        """How many products it changes in which way; None while nobody has looked."""
        found = self.report.get("counts")
        return None if found is None else {ChangeKind(kind): n for kind, n in found.items()}

    @property
    def examples(self) -> list[Change]:
        """Some of its changes, as they were when somebody looked."""
        return [Change.from_json(one) for one in self.report.get("examples", ())]

    @property
    def moving(self) -> bool:
        """Whether products are on their way onto the shelves or back."""
        return self.status in (ReleaseStatus.SWITCHING, ReleaseStatus.ROLLING_BACK)


def get(db: Database, id: str) -> Release:
    """One release.

    Raises:
        NotFoundError: There is none of this id.
    """
    found = _select(db, releases.c.id == id)
    if not found:
        raise NotFoundError("There is no such release any more.")
    return found[0]


def listing(db: Database, source: str | None = None, limit: int = 20) -> list[Release]:
    """Releases, the newest first; of one source, or of all."""
    return (of_source(db, source) if source else _select(db))[:limit]


def of_source(db: Database, source: str) -> list[Release]:
    """All releases of a source, the newest first."""
    return _select(db, releases.c.source == source)


def changes(db: Database, id: str) -> Iterator[Change]:
    """What a release that was not switched to would do to each of its products."""
    last = ""
    while True:
        with db.read() as connection:
            rows = connection.execute(
                release_products.select()
                .where(release_products.c.release_id == id, release_products.c.product_id > last)
                .order_by(release_products.c.product_id)
                .limit(BLOCK)
            ).all()
            there = products.on_sale(connection, [row.product_id for row in rows])
        if not rows:
            return
        for row in rows:
            after = None if row.after is None else Product.from_json(row.after)
            yield Change(row.product_id, there.get(row.product_id), after)
        last = rows[-1].product_id


def note(db: Database, id: str, report: Mapping[str, Any]) -> None:
    """Keep what was found out about a release before the switch, beside what is known already."""
    with db.write() as connection:
        known = connection.execute(sa.select(releases.c.report).where(releases.c.id == id)).scalar()
        change = releases.update().where(releases.c.id == id)
        connection.execute(change.values(report=(known or {}) | dict(report)))


def look(db: Database, id: str) -> Release:
    """See what a release would change, and keep it in its report: counts, and some examples.

    Raises:
        NotFoundError: There is no such release.
    """
    counts: Counter[ChangeKind] = Counter()
    examples: list[Change] = []
    for change in changes(db, id):
        counts[change.kind] += 1
        if change.kind != ChangeKind.SAME and len(examples) < EXAMPLES:
            examples.append(change)
    note(db, id, {"counts": dict(counts), "examples": [one.to_json() for one in examples]})
    return get(db, id)


def discard(db: Database, id: str) -> bool:
    """Throw a release away that was not switched to; says whether it was there."""
    with db.write() as connection:
        done = move(connection, id, WAITING, ReleaseStatus.DISCARDED, ended_at=time.time())
    if done:
        forget_products(db, id)
    return done


def move(
    connection: Connection,
    id: str,
    of: Sequence[ReleaseStatus],
    to: ReleaseStatus,
    **values: object,
) -> bool:
    """Bring a release from one of some states to another; says whether it was in one of them."""
    change = releases.update().where(releases.c.id == id, releases.c.status.in_(of))
    return connection.execute(change.values(status=to, **values)).rowcount == 1


def forget_products(db: Database, id: str) -> None:
    """Forget what a release did to products, in pieces; it cannot be rolled back any more."""
    some = sa.select(release_products.c.product_id).where(release_products.c.release_id == id)
    while True:
        with db.write() as connection:
            ids = connection.execute(some.limit(BLOCK)).scalars().all()
            connection.execute(
                release_products.delete().where(
                    release_products.c.release_id == id, release_products.c.product_id.in_(ids)
                )
            )
        if len(ids) < BLOCK:
            return


def keep_bounded(db: Database, *, now: float | None = None) -> None:
    """Forget what nobody will come back to: the products of old releases, the oldest altogether.

    Args:
        db: Our tables.
        now: Seconds since the epoch.
    """
    moment = time.time() if now is None else now
    every = _select(db)
    for one in every:
        if one.status in WAITING and one.created_at < moment - WAITING_S:
            discard(db, one.id)
    for one in [one for one in every if one.can_return][KEPT:]:
        forget_products(db, one.id)
    for one in [one for one in every if not one.moving and one.status not in WAITING][REMEMBERED:]:
        forget_products(db, one.id)
        with db.write() as connection:
            connection.execute(releases.delete().where(releases.c.id == one.id))


def _select(db: Database, *conditions: sa.ColumnElement[bool]) -> list[Release]:
    switched = sa.exists().where(
        release_products.c.release_id == releases.c.id, release_products.c.switched
    )
    query = sa.select(releases, switched.label("can_return")).where(*conditions)
    newest = query.order_by(releases.c.created_at.desc(), releases.c.id)
    with db.read() as connection:
        return [_release(row) for row in connection.execute(newest).mappings()]


def _release(row: RowMapping) -> Release:
    parts = {name: row[name] for name in Release.__dataclass_fields__}
    status = ReleaseStatus(row["status"])
    can_return = bool(row["can_return"]) and status in (
        ReleaseStatus.LIVE,
        ReleaseStatus.SWITCHING,
    )
    return Release(
        **parts | {"status": status, "report": row["report"] or {}, "can_return": can_return}
    )
