"""What a shop has chosen for its feeds; times are seconds since the epoch (UTC)."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Table

from core.schema import metadata
from core.storable import String

#: Where each feed takes its attributes from, as far as a person has changed what is suggested.
feed_sources = Table(
    "feed_sources",
    metadata,
    Column("reader", String(20), primary_key=True),
    #: Attribute name to column and text; what is as suggested is not in it.
    Column("sources", JSON, nullable=False),
    Column("kept_at", Float, nullable=False),
)
