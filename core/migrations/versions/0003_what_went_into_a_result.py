"""What went into a result, versions and choices of jobs, workers, and batches at a provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("origin_id", sa.String(16), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(
            sa.Column("fresh", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("endpoint", sa.String(80)))
        batch_op.add_column(sa.Column("patience", sa.Float(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("provider", sa.String(80)))
        batch_op.create_index(batch_op.f("ix_jobs_origin_id"), ["origin_id"], unique=False)
    op.execute("UPDATE jobs SET origin_id = id")
    with op.batch_alter_table("shards", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reused", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("rows", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.String(120), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("input_key", sa.LargeBinary(16)))
        batch_op.add_column(sa.Column("model", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index(
            "rows_by_input",
            ["input_key", "finished_at"],
            unique=False,
            sqlite_where=sa.text("input_key IS NOT NULL"),
            postgresql_where=sa.text("input_key IS NOT NULL"),
        )
    _create_claims()
    _create_workers()
    _create_provider_batches()


def _create_claims() -> None:
    op.create_table(
        "claims",
        sa.Column(
            "job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("input_key", sa.LargeBinary(16), primary_key=True),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
    )


def _create_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("instance", sa.String(32), nullable=False),
        sa.Column("version", sa.String(20), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
    )


def _create_provider_batches() -> None:
    op.create_table(
        "provider_batches",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column(
            "job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(80), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("remote_id", sa.Text()),
        sa.Column("remote_status", sa.Text(), nullable=False, server_default=""),
        sa.Column("row_ranges", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("collected_to", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("room", sa.Integer()),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float()),
    )
    with op.batch_alter_table("provider_batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_batches_job_id"), ["job_id"], unique=False)


def downgrade() -> None:
    op.drop_table("provider_batches")
    op.drop_table("workers")
    op.drop_table("claims")
    with op.batch_alter_table("rows", schema=None) as batch_op:
        batch_op.drop_index("rows_by_input")
        for name in ("model", "input_key", "reason"):
            batch_op.drop_column(name)
    with op.batch_alter_table("shards", schema=None) as batch_op:
        batch_op.drop_column("run")
        batch_op.drop_column("reused")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_origin_id"))
        for name in ("provider", "patience", "endpoint", "fresh", "version", "origin_id"):
            batch_op.drop_column(name)
