"""What the worker notes about a delivery: that it begins, goes on, and how it ended.

Every note is guarded by the run's number and by where the delivery stood, so that a
worker which slept through a change cannot undo it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.choice import Choice
from batch.deliveries import meant
from batch.jobs import Job
from batch.target import Refusal, Sent
from core import events
from core.db import Database, clock, upsert
from core.delivery_tables import delivered, delivery_failures
from core.delivery_tables import deliveries as table
from core.events import EventKind
from core.statuses import UNDELIVERED, DeliveryStatus

#: Ids in one statement.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DeliveryRun:
    """One go at a delivery."""

    delivery_id: str
    run: int


def due(db: Database) -> list[DeliveryRun]:
    """What the worker should be working on: of each destination the oldest one.

    One after the other, so that of two deliveries the later one counts in the end.
    """
    query = (
        sa.select(table.c.id, table.c.run, table.c.destination_id)
        .where(table.c.status.in_(UNDELIVERED))
        .order_by(table.c.created_at, table.c.id)
    )
    first: dict[str, DeliveryRun] = {}
    with db.read() as connection:
        for delivery_id, run, destination_id in connection.execute(query):
            first.setdefault(destination_id, DeliveryRun(delivery_id, run))
    return list(first.values())


def begin(db: Database, one: DeliveryRun) -> bool:
    """Mark it as running; returns whether it is still to be worked on."""
    with db.write() as connection:
        change = {
            "status": DeliveryStatus.RUNNING,
            "started_at": sa.func.coalesce(table.c.started_at, clock(connection)),
        }
        return connection.execute(table.update().where(_is(one)).values(change)).rowcount == 1


def count_anew(db: Database, one: DeliveryRun, job: Job) -> None:
    """Note how many rows are meant now: people may have approved some since it was asked for."""
    with db.write() as connection:
        choice = connection.execute(sa.select(table.c.choice).where(_is(one))).scalar()
        if choice is not None:
            count = meant(connection, job, Choice(choice))
            connection.execute(table.update().where(_is(one)).values(rows=count))


def is_current(db: Database, one: DeliveryRun) -> bool:
    """Whether this run is still the one that should work on the delivery."""
    with db.read() as connection:
        return connection.execute(sa.select(table.c.id).where(_is(one))).first() is not None


def note(
    db: Database, one: DeliveryRun, before: int, position: int, sent: Sent, *, repaired: int = 0
) -> bool:
    """Note what became of the rows up to a position.

    Args:
        before: The position that was noted last.
        position: The last row that is through now.
        sent: What became of them.
        repaired: How many of them had failed before.

    Returns:
        Whether it counts: False when somebody else works on it, or it was stopped.
    """
    change = {
        "position": position,
        "sent": table.c.sent + sent.taken,
        "changed": table.c.changed + sent.changed,
        "failed": table.c.failed + len(sent.refused) - repaired,
        "reason": "",
    }
    guard = sa.and_(_is(one), table.c.position == before)
    with db.write() as connection:
        if connection.execute(table.update().where(guard).values(change)).rowcount != 1:
            return False
        if repaired:
            _forget_failures(connection, one.delivery_id, before, position)
        _keep_failures(connection, one.delivery_id, sent.refused)
        if sent.digests:
            _keep_digests(connection, one.delivery_id, sent.digests)
    return True


def end(db: Database, one: DeliveryRun) -> bool:
    """Mark it as done; returns whether that counts."""
    with db.write() as connection:
        change = {"status": DeliveryStatus.DONE, "reason": "", "finished_at": clock(connection)}
        ended = connection.execute(table.update().where(_is(one)).values(change)).rowcount == 1
        if ended:
            events.record(
                connection, EventKind.DELIVERY_DONE, one.delivery_id, _told(connection, one)
            )
    return ended


def fail(db: Database, one: DeliveryRun, reason: str) -> None:
    """Give it up with a reason that a person can act on; it can be resumed from where it is."""
    with db.write() as connection:
        change = {
            "status": DeliveryStatus.FAILED,
            "reason": reason,
            "finished_at": clock(connection),
        }
        if connection.execute(table.update().where(_is(one)).values(change)).rowcount:
            told = _told(connection, one) | {"reason": reason}
            events.record(connection, EventKind.DELIVERY_FAILED, one.delivery_id, told)


def tell(db: Database, one: DeliveryRun, trouble: str) -> None:
    """Say what keeps it from going on for the moment; it has not failed for that."""
    with db.write() as connection:
        connection.execute(table.update().where(_is(one)).values(reason=trouble))


def begin_next(db: Database, delivery_id: str, run: int) -> bool:
    """Have another run begun from where this one is; returns whether it was."""
    change = {"status": DeliveryStatus.WAITING, "run": table.c.run + 1}
    guard = _is(DeliveryRun(delivery_id, run))
    with db.write() as connection:
        return connection.execute(table.update().where(guard).values(change)).rowcount == 1


def failed_rows(db: Database, delivery_id: str, after: int, limit: int) -> list[int]:
    """The numbers of rows that were not taken, in rising order."""
    query = (
        sa.select(delivery_failures.c.row_no)
        .where(delivery_failures.c.delivery_id == delivery_id, delivery_failures.c.row_no > after)
        .order_by(delivery_failures.c.row_no)
        .limit(limit)
    )
    with db.read() as connection:
        return list(connection.execute(query).scalars())


def _is(one: DeliveryRun) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.id == one.delivery_id, table.c.run == one.run, table.c.status.in_(UNDELIVERED)
    )


def _told(connection: Connection, one: DeliveryRun) -> dict[str, object]:
    names = ("destination_id", "job_id", "rows", "sent", "changed", "failed")
    query = sa.select(*(table.c[name] for name in names)).where(table.c.id == one.delivery_id)
    return dict(connection.execute(query).mappings().one())


def _forget_failures(connection: Connection, delivery_id: str, before: int, position: int) -> None:
    connection.execute(
        delivery_failures.delete().where(
            delivery_failures.c.delivery_id == delivery_id,
            delivery_failures.c.row_no > before,
            delivery_failures.c.row_no <= position,
        )
    )


def _keep_failures(connection: Connection, delivery_id: str, refused: Sequence[Refusal]) -> None:
    rows = [
        {
            "delivery_id": delivery_id,
            "row_no": one.row_no,
            "product_id": one.product_id,
            "reason": one.reason,
        }
        for one in refused
    ]
    upsert(connection, delivery_failures, rows)


def _keep_digests(connection: Connection, delivery_id: str, digests: dict[str, bytes]) -> None:
    query = sa.select(table.c.destination_id).where(table.c.id == delivery_id)
    destination_id = connection.execute(query).scalar_one()
    now = clock(connection)
    rows = [
        {"destination_id": destination_id, "product_id": key, "digest": digest, "at": now}
        for key, digest in digests.items()
    ]
    upsert(connection, delivered, rows)
