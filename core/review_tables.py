"""The tables of what people did to rows, and of what the model is taught by it.

Times are seconds since the epoch (UTC).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, LargeBinary, Table

from core.schema import metadata
from core.storable import String, Text

#: What people did to rows: what it was before, so that it can be undone.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_id", String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    #: One thing that a person did, to however many rows.
    Column("act", String(16), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("row_no", Integer, nullable=False),
    #: What of the row was changed, before and after.
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("by", Text, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
    Column("undone_at", Float),
)
sa.Index("corrections_of_job", corrections.c.job_id, corrections.c.id)
#: What can still be undone.
sa.Index(
    "corrections_to_undo",
    corrections.c.job_id,
    corrections.c.id,
    sqlite_where=corrections.c.undone_at.is_(None),
    postgresql_where=corrections.c.undone_at.is_(None),
)

#: Approved rows, shown to the model with rows like them.
demonstrations = Table(
    "demonstrations",
    metadata,
    Column("id", String(16), primary_key=True),
    #: Names the text and its product type: a product is demonstrated once.
    Column("text_key", LargeBinary(16), nullable=False, unique=True),
    Column("product_type", Text, nullable=False, server_default="", index=True),
    #: The row as the model reads it.
    Column("text", Text, nullable=False),
    #: Field name to the right value, as the model should answer; null where there is none.
    #: A field that is not in it was not judged.
    Column("answer", JSON, nullable=False),
    #: The same values as they were approved, with their fields' types and units, where known.
    Column("values", JSON, nullable=False, server_default="{}"),
    #: Where it comes from, so long as that job is there.
    Column("job_id", String(16), index=True),
    Column("row_no", Integer),
    #: Never shown, since it is what the model is measured by.
    Column("held_back", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    Column("deleted", sa.Boolean, nullable=False, server_default=sa.false()),
    #: Raised with every change; the search index has those up to ``indexed_version``.
    Column("version", Integer, nullable=False, server_default="1"),
    Column("indexed_version", Integer, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)
