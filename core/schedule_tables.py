"""The tables of what happens by itself, and when; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, Table

from core.schema import metadata
from core.storable import String, Text

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    #: What starts it: a time, a job's end, its approval, or a new catalog.
    Column("trigger", String(16), nullable=False),
    #: Of a trigger by time or of looks for a new catalog: five fields, as crontab has them.
    Column("cron", String(120), nullable=False, server_default=""),
    Column("zone", String(64), nullable=False, server_default="UTC"),
    #: The catalog that it takes or watches, how it is extracted, and what is done afterwards.
    Column("task", JSON, nullable=False),
    Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    #: Raised with every change.
    Column("version", Integer, nullable=False, server_default="1"),
    #: The catalogs that it has taken, by their paths: one is new when it differs from this.
    Column("seen", JSON, nullable=False, server_default="{}"),
    #: What keeps it from looking for a new catalog; empty where nothing does.
    Column("trouble", Text, nullable=False, server_default=""),
    #: When it was last switched on or given another time: what was due before is not missed.
    Column("since", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

schedule_runs = Table(
    "schedule_runs",
    metadata,
    Column("id", String(16), primary_key=True),
    Column(
        "schedule_id",
        String(16),
        sa.ForeignKey("schedules.id", ondelete="CASCADE"),
        nullable=False,
    ),
    #: Names what started it, so that nothing starts it twice: a due time, an event, a click.
    Column("cause", String(120), nullable=False),
    Column("due_at", Float, nullable=False),
    Column("status", String(16), nullable=False),
    #: The catalog that was found; empty: it is still to be looked for.
    Column("path", Text, nullable=False, server_default=""),
    #: Whether it is done also with a catalog that is known.
    Column("anyway", sa.Boolean, nullable=False, server_default=sa.false()),
    #: The job that it started or was started by.
    Column("job_id", String(16), index=True),
    Column("deliveries", JSON, nullable=False, server_default="[]"),
    #: Whether some place could not be delivered to at all.
    Column("incomplete", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("said", Text, nullable=False, server_default=""),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    sa.UniqueConstraint("schedule_id", "cause", name="schedule_runs_by_cause"),
)
sa.Index("schedule_runs_by_age", schedule_runs.c.schedule_id, schedule_runs.c.started_at)
sa.Index("schedule_runs_by_status", schedule_runs.c.status)
