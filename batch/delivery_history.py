"""What is kept of deliveries that have ended: the lately ended ones, and the last of each place.

Only the record of them goes. What a destination has of each product is kept as long as the
destination is: without it everything would be sent again.
"""

from __future__ import annotations

import sqlalchemy as sa

from batch import schedule_runs
from core.db import Database
from core.delivery_tables import deliveries as table
from core.delivery_tables import delivery_failures as failures
from core.statuses import DeliveryStatus

#: So long each is kept, and of each destination so many in any case.
KEPT_S = 90 * 86_400.0
KEPT = 100
#: Removed in one transaction, so that nobody waits for it.
AT_ONCE = 20
FAILURES_AT_ONCE = 2_000
#: One that is paused waits for somebody.
_ENDED = (DeliveryStatus.DONE, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)


def remove_older(db: Database, now: float) -> bool:
    """Remove a little of what is too old.

    Args:
        db: Our tables.
        now: Seconds since the epoch.

    Returns:
        Whether there may be more to remove.
    """
    found = _too_old(db, now - KEPT_S)
    if not found:
        return False
    of_these = failures.c.delivery_id.in_(found)
    some = sa.select(failures.c.delivery_id, failures.c.row_no).where(of_these)
    key = sa.tuple_(failures.c.delivery_id, failures.c.row_no)
    piece = failures.delete().where(key.in_(some.limit(FAILURES_AT_ONCE)))
    with db.write() as connection:
        if connection.execute(piece).rowcount == FAILURES_AT_ONCE:
            return True
        # Somebody may have had one go on meanwhile.
        ended = sa.and_(table.c.id.in_(found), table.c.status.in_(_ENDED))
        connection.execute(table.delete().where(ended))
    return len(found) == AT_ONCE


def _too_old(db: Database, before: float) -> list[str]:
    """The ids of some deliveries that nobody needs any more."""
    newest = (table.c.created_at.desc(), table.c.id)
    rank = sa.func.row_number().over(partition_by=table.c.destination_id, order_by=newest)
    ranked = sa.select(table, rank.label("place")).subquery()
    query = (
        sa.select(ranked.c.id)
        .where(ranked.c.place > KEPT, ranked.c.status.in_(_ENDED))
        .where(sa.func.coalesce(ranked.c.finished_at, ranked.c.created_at) < before)
        # Runs of schedules that wait for another of their deliveries tell of these.
        .where(ranked.c.id.not_in(_awaited(db)))
        .order_by(ranked.c.created_at)
        .limit(AT_ONCE)
    )
    with db.read() as connection:
        return list(connection.execute(query).scalars())


def _awaited(db: Database) -> list[str]:
    return [one for run in schedule_runs.under_way(db) for one in run.deliveries]
