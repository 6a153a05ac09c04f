"""The tables of what happened; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, Table

from core.schema import metadata
from core.storable import String

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    #: The job, delivery or schedule that it happened to.
    Column("subject", String(16), nullable=False),
    Column("details", JSON, nullable=False, server_default="{}"),
    Column("at", Float, nullable=False),
    # Else SQLite would give the number of the last one again after it was removed.
    sqlite_autoincrement=True,
)
sa.Index("events_of_subject", events.c.subject, events.c.id)

#: How far each of those who act on events has come.
event_cursors = Table(
    "event_cursors",
    metadata,
    Column("consumer", String(40), primary_key=True),
    Column("position", Integer, nullable=False),
)
