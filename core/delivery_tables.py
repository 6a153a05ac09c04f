"""The tables of where results go and what went there; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, LargeBinary, Table

from core.schema import metadata
from core.storable import String, Text

destinations = Table(
    "destinations",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    #: What is no secret of how it is reached and what is sent there.
    Column("options", JSON, nullable=False),
    #: Password, token or signing key: see core/sealed.py.
    Column("sealed", Text),
    #: Told by the last try, empty where it went well; none: never tried.
    Column("problem", Text),
    Column("tried_at", Float),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(16), primary_key=True),
    Column(
        "destination_id",
        String(16),
        sa.ForeignKey("destinations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column(
        "job_id",
        String(16),
        sa.ForeignKey("jobs.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    #: Which rows: see batch/choice.py.
    Column("choice", String(16), nullable=False),
    #: What started it: a person, the end of a job, or a schedule.
    Column("cause", Text, nullable=False, server_default=""),
    Column("status", String(16), nullable=False, index=True),
    #: Raised with every resume; what an older run still does is ignored.
    Column("run", Integer, nullable=False, server_default="1"),
    #: Names the request: asked for twice, it is delivered once.
    Column("request_key", String(80), unique=True),
    #: Whether only the rows are sent that have failed before.
    Column("only_failed", sa.Boolean, nullable=False, server_default=sa.false()),
    #: The last row that is known to be there, or to have failed.
    Column("position", Integer, nullable=False, server_default="0"),
    Column("rows", Integer, nullable=False, server_default="0"),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", Float, nullable=False, index=True),
    Column("started_at", Float),
    Column("finished_at", Float),
)

#: Rows that a destination did not take.
delivery_failures = Table(
    "delivery_failures",
    metadata,
    Column(
        "delivery_id",
        String(16),
        sa.ForeignKey("deliveries.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("row_no", Integer, primary_key=True),
    Column("product_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

#: What a destination that cannot be asked has of a product: only what changed is sent again.
delivered = Table(
    "delivered",
    metadata,
    Column(
        "destination_id",
        String(16),
        sa.ForeignKey("destinations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("product_id", String(200), primary_key=True),
    Column("digest", LargeBinary(16), nullable=False),
    Column("at", Float, nullable=False),
)
