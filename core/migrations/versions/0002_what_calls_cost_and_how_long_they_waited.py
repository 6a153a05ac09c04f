"""What calls cost, how long they waited, and sums by the minute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SUMS = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens")


def upgrade() -> None:
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.add_column(sa.Column("queue_ms", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("cost", sa.Float(), nullable=False, server_default="0"))
        batch_op.create_index(
            "usage_first_tokens",
            ["at"],
            unique=False,
            sqlite_where=sa.text("ttft_ms IS NOT NULL"),
            postgresql_where=sa.text("ttft_ms IS NOT NULL"),
        )
    minutes = op.create_table(
        "usage_minutes",
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("endpoint", sa.String(length=80), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "endpoint", "lane"),
    )
    _sum_up(minutes)


def _sum_up(minutes: sa.Table) -> None:
    """What was used before counts, too."""
    names = ("at", "endpoint", "lane", "outcome", "cost", *SUMS)
    usage = sa.table("usage", *(sa.column(name) for name in names))
    minute = sa.cast(sa.func.floor(usage.c.at / 60), sa.Integer)
    if op.get_bind().dialect.name == "sqlite":
        minute = sa.cast(usage.c.at / 60, sa.Integer)
    failed = sa.case((usage.c.outcome.in_(("ok", "stopped")), 0), else_=usage.c.calls)
    sums = sa.select(
        minute,
        usage.c.endpoint,
        usage.c.lane,
        sa.func.sum(failed),
        sa.func.sum(usage.c.cost),
        *(sa.func.sum(usage.c[name]) for name in SUMS),
    ).group_by(minute, usage.c.endpoint, usage.c.lane)
    into = ["minute", "endpoint", "lane", "failed", "cost", *SUMS]
    op.execute(minutes.insert().from_select(into, sums))


def downgrade() -> None:
    op.drop_table("usage_minutes")
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.drop_index("usage_first_tokens")
        batch_op.drop_column("cost")
        batch_op.drop_column("queue_ms")
