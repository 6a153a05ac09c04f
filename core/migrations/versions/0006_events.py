"""What happened, and how far those who act on it have come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("at", sa.Float(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("events_of_subject", "events", ["subject", "id"])
    op.create_table(
        "event_cursors",
        sa.Column("consumer", sa.String(40), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
    )
