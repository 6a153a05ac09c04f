"""What happened, for those who act on it or tell of it: an outbox beside the tables.

An event is recorded in the transaction in which it happens, so that none is
lost and none is made up. Each consumer has a name and handles every event
once; one that dies half-way handles it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.db import Database, clock
from core.event_tables import event_cursors as cursors
from core.event_tables import events as table
from core.postgres import is_postgres

#: Any number that is ours alone: Postgres' advisory locks are known by numbers.
LOCK = 0x5_4091
#: Events are kept this long at least, also when everybody has handled them.
KEPT_S = 30 * 86_400.0


class EventKind(StrEnum):
    """What may happen."""

    JOB_DONE = "job_done"  #: every row of a job has a result or a reason
    JOB_FAILED = "job_failed"  #: a job was stopped by an error
    JOB_BUDGET = "job_budget"  #: a job has used up its budget, and waits
    JOB_APPROVED = "job_approved"  #: nothing of a job waits for a person any more
    DELIVERY_DONE = "delivery_done"  #: a delivery has ended, perhaps with failed rows
    DELIVERY_FAILED = "delivery_failed"  #: a delivery was given up
    SCHEDULE_FAILED = "schedule_failed"  #: a schedule came due and could not do what it should


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        id: Grows with time.
        subject: The id of the job, delivery or schedule that it happened to.
        details: What else is known of it; JSON.
    """

    id: int
    kind: EventKind
    subject: str
    details: Mapping[str, Any]
    at: float


def record(
    connection: Connection, kind: EventKind, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Note that something happens, in the transaction in which it does.

    The last thing that a transaction does: on Postgres, others that have something
    to note wait until it ends, so that nobody sees a later event before an earlier one.
    """
    in_turn(connection)
    row = {
        "kind": kind,
        "subject": subject,
        "details": dict(details or {}),
        "at": clock(connection),
    }
    connection.execute(table.insert().values(row))


def in_turn(connection: Connection) -> None:
    """Wait until everybody who has something to note has ended; then see what they have done.

    On SQLite whoever writes is alone anyway.
    """
    if is_postgres(connection.engine):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def unhandled(db: Database, consumer: str, limit: int = 100) -> Sequence[Event]:
    """What a consumer has not handled yet, the oldest first.

    A consumer that is new begins with what happens from now on.
    """
    known = sa.select(cursors.c.position).where(cursors.c.consumer == consumer)
    with db.read() as connection:
        position = connection.execute(known).scalar()
        if position is not None:
            query = table.select().where(table.c.id > position).order_by(table.c.id).limit(limit)
            return [_event(row) for row in connection.execute(query).mappings()]
    _begin(db, consumer)
    return []


def handled(db: Database, consumer: str, event: Event) -> None:
    """Note that a consumer is through with everything up to this event."""
    change = cursors.update().where(cursors.c.consumer == consumer, cursors.c.position < event.id)
    with db.write() as connection:
        connection.execute(change.values(position=event.id))


def forget(db: Database, now: float) -> None:
    """Remove what is old and has been handled by everybody."""
    behind = sa.select(sa.func.coalesce(sa.func.min(cursors.c.position), 0)).scalar_subquery()
    with db.write() as connection:
        connection.execute(table.delete().where(table.c.at < now - KEPT_S, table.c.id <= behind))


def _begin(db: Database, consumer: str) -> None:
    """Have a consumer that is new begin with what happens from now on."""
    known = sa.select(cursors.c.position).where(cursors.c.consumer == consumer)
    with db.write() as connection:
        in_turn(connection)  # several workers may begin at the same moment
        if connection.execute(known).first() is None:
            newest = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))
            position = connection.execute(newest).scalar_one()
            connection.execute(cursors.insert().values(consumer=consumer, position=position))


def _event(row: sa.RowMapping) -> Event:
    return Event(row["id"], EventKind(row["kind"]), row["subject"], row["details"], row["at"])
