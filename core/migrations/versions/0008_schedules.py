"""What happens by itself, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    _create_schedules()
    _create_schedule_runs()


def _create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("trigger", sa.String(16), nullable=False),
        sa.Column("cron", sa.String(120), nullable=False, server_default=""),
        sa.Column("zone", sa.String(64), nullable=False, server_default="UTC"),
        sa.Column("task", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("seen", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("trouble", sa.Text(), nullable=False, server_default=""),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
    )


def _create_schedule_runs() -> None:
    op.create_table(
        "schedule_runs",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column(
            "schedule_id",
            sa.String(16),
            sa.ForeignKey("schedules.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("cause", sa.String(120), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, server_default=""),
        sa.Column("anyway", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("job_id", sa.String(16)),
        sa.Column("deliveries", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("incomplete", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("said", sa.Text(), nullable=False, server_default=""),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float()),
        sa.UniqueConstraint("schedule_id", "cause", name="schedule_runs_by_cause"),
    )
    op.create_index("schedule_runs_by_age", "schedule_runs", ["schedule_id", "started_at"])
    op.create_index("schedule_runs_by_status", "schedule_runs", ["status"])
    op.create_index("ix_schedule_runs_job_id", "schedule_runs", ["job_id"])
