"""The table of batches at providers; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, Table

from core.schema import metadata
from core.storable import String, Text

#: Batches at a provider: what was sent, and how far it is there.
provider_batches = Table(
    "provider_batches",
    metadata,
    Column("id", String(16), primary_key=True),
    Column(
        "job_id",
        String(16),
        sa.ForeignKey("jobs.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    #: The run of the job that sent it.
    Column("run", Integer, nullable=False),
    Column("endpoint", String(80), nullable=False),
    Column("status", String(16), nullable=False),
    Column("remote_id", Text),
    Column("remote_status", Text, nullable=False, server_default=""),
    #: The rows in it, as a list of first and last ones.
    Column("row_ranges", JSON, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("answered", Integer, nullable=False, server_default="0"),
    #: What it was expected to cost when it was sent.
    Column("cost", Float, nullable=False, server_default="0"),
    #: Its answers up to this row are in our tables.
    Column("collected_to", Integer, nullable=False, server_default="0"),
    #: Rows that the provider may have of us at once, learnt where it refused this one.
    Column("room", Integer),
    Column("problem", Text, nullable=False, server_default=""),
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
)
