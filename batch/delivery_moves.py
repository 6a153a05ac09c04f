"""What is on its way to a destination, and what becomes of it when that is set up anew."""

from __future__ import annotations

import sqlalchemy as sa

from batch.destination_options import Options, WebhookOptions
from core.db import Database
from core.delivery_tables import delivered
from core.delivery_tables import deliveries as table
from core.statuses import UNDELIVERED, DeliveryStatus


def on_their_way(db: Database, destination_id: str) -> int:
    """How many deliveries to it have not ended."""
    query = sa.select(sa.func.count()).where(_undelivered(destination_id))
    with db.read() as connection:
        return int(connection.execute(query).scalar_one())


def moved(destination_id: str, before: Options, after: Options) -> list[sa.Update | sa.Delete]:
    """What else changes with a destination: to be executed in the same transaction.

    What is on its way goes on at once, and to where it is now. What another receiver has taken,
    a new one does not have.
    """
    next_run = {"status": DeliveryStatus.WAITING, "reason": "", "run": table.c.run + 1}
    changes: list[sa.Update | sa.Delete] = [
        table.update().where(_undelivered(destination_id)).values(next_run)
    ]
    if _address(before) != _address(after):
        changes.append(delivered.delete().where(delivered.c.destination_id == destination_id))
    return changes


def _undelivered(destination_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.destination_id == destination_id, table.c.status.in_(UNDELIVERED))


def _address(options: Options) -> str:
    return options.address if isinstance(options, WebhookOptions) else ""
