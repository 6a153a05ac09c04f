"""The pool's own tables, kept apart from the others: see core/pool_store.py."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, Table

from core.storable import String, Text

pool_metadata = sa.MetaData()

#: A call's right to a slot of an endpoint. Without a slot it waits for one, the lowest id first.
leases = Table(
    "leases",
    pool_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("endpoint", String(80), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("holder", String(80), nullable=False, index=True),
    Column("slot", Integer),
    Column("revoked", sa.Boolean, nullable=False, default=False),
    Column("owed", sa.Boolean, nullable=False, default=False),
    Column("since", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    sqlite_autoincrement=True,
)

#: How many calls a process would make at the same time if it could.
demands = Table(
    "demands",
    pool_metadata,
    Column("holder", String(80), primary_key=True),
    Column("endpoint", String(80), primary_key=True),
    Column("wanted", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("expires_at", Float, nullable=False),
)

#: How an endpoint is; the columns are explained in core/condition.py.
conditions = Table(
    "conditions",
    pool_metadata,
    Column("endpoint", String(80), primary_key=True),
    Column("mode", String(16), nullable=False),
    Column("batch_limit", Float),
    Column("limited_at", Float, nullable=False),
    Column("grown_at", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failed_at", Float, nullable=False),
    Column("down_until", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("first_token_ms", Float),
    Column("usual_first_token_ms", Float),
    Column("requests_left", Float, nullable=False),
    Column("tokens_left", Float, nullable=False),
    Column("filled_at", Float, nullable=False),
    Column("learned_rpm", Float),
    Column("answers", JSON, nullable=False),
    Column("owed_s", Float, nullable=False),
    Column("owed_at", Float, nullable=False),
)
