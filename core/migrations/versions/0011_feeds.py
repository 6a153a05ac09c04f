"""What a shop has chosen for its feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "feed_sources",
        sa.Column("reader", sa.String(20), primary_key=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.Float(), nullable=False),
    )
