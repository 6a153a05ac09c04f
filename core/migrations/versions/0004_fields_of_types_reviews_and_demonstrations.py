"""Fields of product types, budgets, reviews, corrections and demonstrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("types", sa.JSON()))
        batch_op.add_column(sa.Column("budget", sa.Float()))
        batch_op.add_column(sa.Column("kept_at", sa.Float()))
        batch_op.add_column(sa.Column("currency", sa.String(3)))
        batch_op.add_column(
            sa.Column("learns", sa.Boolean(), nullable=False, server_default=sa.true())
        )
    for table in ("shards", "provider_batches"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("cost", sa.Float(), nullable=False, server_default="0"))
    with op.batch_alter_table("rows", schema=None) as batch_op:
        _add_review(batch_op)
    _create_corrections()
    _create_demonstrations()
    op.create_table(
        "estimates",
        sa.Column("input_key", sa.LargeBinary(16), primary_key=True),
        sa.Column("model", sa.String(200), primary_key=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_estimates_created_at", "estimates", ["created_at"])
    op.create_table(
        "field_sets",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
    )


def _add_review(batch_op: object) -> None:
    add = batch_op.add_column  # type: ignore[attr-defined]
    add(sa.Column("product_type", sa.Text(), nullable=False, server_default=""))
    add(sa.Column("review", sa.String(8), nullable=False, server_default=""))
    add(sa.Column("flags", sa.JSON(), nullable=False, server_default="[]"))
    add(sa.Column("confidence", sa.Float()))
    add(sa.Column("extracted", sa.JSON()))
    add(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    add(sa.Column("reviewed_by", sa.Text(), nullable=False, server_default=""))
    add(sa.Column("reviewed_at", sa.Float()))
    add(sa.Column("text_key", sa.LargeBinary(16)))
    batch_op.create_index(  # type: ignore[attr-defined]
        "rows_by_text",
        ["text_key"],
        unique=False,
        sqlite_where=sa.text("text_key IS NOT NULL"),
        postgresql_where=sa.text("text_key IS NOT NULL"),
    )
    batch_op.create_index(  # type: ignore[attr-defined]
        "rows_by_review",
        ["job_id", "review", "row_no"],
        unique=False,
        sqlite_where=sa.text("review != ''"),
        postgresql_where=sa.text("review != ''"),
    )
    batch_op.create_index(  # type: ignore[attr-defined]
        "rows_by_doubt",
        ["job_id", "row_no"],
        unique=False,
        sqlite_where=sa.text("confidence < 0.5"),
        postgresql_where=sa.text("confidence < 0.5"),
    )


def _create_corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column(
            "job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, server_default=""),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("undone_at", sa.Float()),
    )
    op.create_index("ix_corrections_act", "corrections", ["act"])
    op.create_index("corrections_of_job", "corrections", ["job_id", "id"])
    op.create_index(
        "corrections_to_undo",
        "corrections",
        ["job_id", "id"],
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def _create_demonstrations() -> None:
    op.create_table(
        "demonstrations",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("text_key", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("product_type", sa.Text(), nullable=False, server_default=""),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("job_id", sa.String(16)),
        sa.Column("row_no", sa.Integer()),
        sa.Column("held_back", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("deleted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("indexed_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_demonstrations_product_type", "demonstrations", ["product_type"])
    op.create_index("ix_demonstrations_job_id", "demonstrations", ["job_id"])
