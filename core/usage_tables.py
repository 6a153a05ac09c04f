"""The tables of what model calls took; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Float, Integer, Table

from core.schema import metadata
from core.storable import String, Text

usage = Table(
    "usage",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False, index=True),
    Column("lane", String(8), nullable=False),
    Column("endpoint", String(80), nullable=False),
    Column("model", Text, nullable=False),
    Column("job_id", String(16)),
    Column("conversation_id", String(16)),
    Column("calls", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("queue_ms", Float, nullable=False, server_default="0"),
    Column("ttft_ms", Float),
    Column("total_ms", Float, nullable=False),
    Column("cost", Float, nullable=False, server_default="0"),
    Column("outcome", String(40), nullable=False),
)
sa.Index("usage_of_job", usage.c.job_id)
sa.Index(
    "usage_first_tokens",
    usage.c.at,
    sqlite_where=usage.c.ttft_ms.is_not(None),
    postgresql_where=usage.c.ttft_ms.is_not(None),
)

#: Usage summed by the minute, so that a plot of a day reads hundreds of rows, not millions.
usage_minutes = Table(
    "usage_minutes",
    metadata,
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("endpoint", String(80), primary_key=True),
    Column("lane", String(8), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cost", Float, nullable=False),
)
