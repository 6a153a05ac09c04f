"""What people do with a delivery: pause it, go on, give it up, send again what was not taken."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from batch.deliveries import get
from core.db import Database
from core.delivery_tables import deliveries as table
from core.errors import JobError
from core.statuses import UNDELIVERED, DeliveryStatus


def pause(db: Database, delivery_id: str) -> None:
    """Stop for now; what was sent stays there.

    Raises:
        JobError: It is not running.
    """
    change = {"status": DeliveryStatus.PAUSED, "reason": ""}
    _change(db, delivery_id, UNDELIVERED, change, "is not running, so it cannot pause")


def resume(db: Database, delivery_id: str) -> None:
    """Go on after the last row that is known to be there.

    Raises:
        JobError: It is not stopped.
    """
    stopped = (DeliveryStatus.PAUSED, DeliveryStatus.CANCELLED, DeliveryStatus.FAILED)
    _change(db, delivery_id, stopped, _next_run(), "is not stopped, so there is nothing to resume")


def try_now(db: Database, delivery_id: str) -> None:
    """Go on at once, instead of after the pause that follows a failed try.

    Raises:
        JobError: It is not on its way.
    """
    _change(db, delivery_id, UNDELIVERED, _next_run(), "is not running, so there is nothing to try")


def cancel(db: Database, delivery_id: str) -> None:
    """Stop for good; what was sent stays there.

    Raises:
        JobError: It has ended already.
    """
    allowed = (*UNDELIVERED, DeliveryStatus.PAUSED)
    change = {"status": DeliveryStatus.CANCELLED, "reason": "", "finished_at": time.time()}
    _change(db, delivery_id, allowed, change, "has ended already")


def retry_failed(db: Database, delivery_id: str) -> None:
    """Send the rows again that were not taken.

    Raises:
        JobError: It has not ended, or no row has failed.
    """
    change = _next_run() | {"only_failed": True, "position": 0}
    ended = sa.and_(table.c.status == DeliveryStatus.DONE, table.c.failed > 0)
    with db.write() as connection:
        changed = connection.execute(
            table.update().where(table.c.id == delivery_id, ended).values(change)
        ).rowcount
    if not changed:
        raise JobError("No row of this delivery waits to be sent again.")


def _next_run() -> dict[str, Any]:
    return {
        "status": DeliveryStatus.WAITING,
        "reason": "",
        "run": table.c.run + 1,
        "finished_at": None,
    }


def _change(
    db: Database,
    delivery_id: str,
    allowed: Sequence[DeliveryStatus],
    change: dict[str, Any],
    refusal: str,
) -> None:
    guarded = table.update().where(table.c.id == delivery_id, table.c.status.in_(allowed))
    with db.write() as connection:
        changed = connection.execute(guarded.values(change)).rowcount
    if not changed:
        one = get(db, delivery_id)
        raise JobError(f"The delivery of “{one.job}” to “{one.destination}” {refusal}.")
