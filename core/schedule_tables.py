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
    #: What was last seen of a watched catalog: it is new when this changes.
    Column("seen", JSON, nullable=False, server_default="{}"),
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
    #: The job that it started or was started by.
    Column("job_id", String(16)),
    Column("deliveries", JSON, nullable=False, server_default="[]"),
    Column("said", Text, nullable=False, server_default=""),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    sa.UniqueConstraint("schedule_id", "cause", name="schedule_runs_by_cause"),
)
sa.Index("schedule_runs_by_age", schedule_runs.c.schedule_id, schedule_runs.c.started_at)
