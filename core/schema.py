"""The tables of catalogs and jobs; times are seconds since the epoch (UTC).

Other tables stand in modules of their own, named ``…_tables``; all share one metadata.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, BigInteger, Column, Float, Integer, LargeBinary, Table

from core.storable import String, Text

metadata = sa.MetaData()

uploads = Table(
    "uploads",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("catalog", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("upload_id", String(16), sa.ForeignKey("uploads.id"), nullable=False),
    Column("columns", JSON, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("reason", Text, nullable=False, default=""),
    Column("run", Integer, nullable=False, default=1),
    Column("rows", Integer, nullable=False),
    Column("request_key", String(64), unique=True),
    #: The first job of the versions that this one is of; its own id where it is the first.
    Column("origin_id", String(16), nullable=False, index=True, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    #: Whether every row is read anew, whatever earlier jobs have found.
    Column("fresh", sa.Boolean, nullable=False, server_default=sa.false()),
    #: The only endpoint to ask; none: any that serves jobs.
    Column("endpoint", String(80)),
    #: How many times the usual length and time an answer may take.
    Column("patience", Float, nullable=False, server_default="1"),
    #: The endpoint whose provider takes the rows as batches; none: they are asked one by one.
    Column("provider", String(80)),
    #: The fields of product types that have their own: see batch/plan.py.
    Column("types", JSON),
    #: What it may cost; it stops when that is reached. None: no limit.
    Column("budget", Float),
    #: Of the budget, as three letters.
    Column("currency", String(3)),
    #: Whether approved rows are shown to the model as demonstrations.
    Column("learns", sa.Boolean, nullable=False, server_default=sa.true()),
    Column("created_at", Float, nullable=False, index=True),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("published_at", Float),
    #: When a person decided that of its versions this one counts; the latest decision holds.
    Column("kept_at", Float),
)

shards = Table(
    "shards",
    metadata,
    Column("job_id", String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("shard_no", Integer, primary_key=True),
    Column("first_row", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("done", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    #: Of the done ones, those that took no call: known from an earlier job or an equal row.
    Column("reused", Integer, nullable=False, server_default="0"),
    #: The last run in which all its rows were gone through.
    Column("run", Integer, nullable=False, server_default="0"),
    Column("calls", Integer, nullable=False, default=0),
    Column("prompt_tokens", BigInteger, nullable=False, default=0),
    Column("completion_tokens", BigInteger, nullable=False, default=0),
    #: Of the calls that were made for its rows: a sum that grows, cheaper than that of all calls.
    Column("cost", Float, nullable=False, server_default="0"),
)

rows = Table(
    "rows",
    metadata,
    Column("job_id", String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("row_no", Integer, primary_key=True),
    Column("status", String(8), nullable=False),
    Column("values", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("error", Text, nullable=False),
    #: What kind of failure it was, in words that many rows share.
    Column("reason", String(120), nullable=False, server_default=""),
    Column("raw", Text, nullable=False),
    #: What went into the result: see batch/memory.py.
    Column("input_key", LargeBinary(16)),
    #: Which model gave it.
    Column("model", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    #: When its values came to be as they are; a person's change counts, too.
    Column("finished_at", Float, nullable=False),
    Column("product_type", Text, nullable=False, server_default=""),
    Column("review", String(8), nullable=False, server_default=""),
    #: Why a person should look: a list of field (none: the whole row) and reason.
    Column("flags", JSON, nullable=False, server_default="[]"),
    #: The lowest of its values' confidences.
    Column("confidence", Float),
    #: The values that the model gave, where a person has changed them since.
    Column("extracted", JSON(none_as_null=True)),
    #: Raised with every change by a person, so that nobody overwrites what they have not seen.
    Column("revision", Integer, nullable=False, server_default="0"),
    #: Who has approved or corrected it last; such a row is never read again.
    Column("reviewed_by", Text, nullable=False, server_default=""),
    Column("reviewed_at", Float),
    #: Which product it is, where it was approved or equals one that was: see demonstrations.
    Column("text_key", LargeBinary(16)),
)
sa.Index(
    "rows_by_text",
    rows.c.text_key,
    sqlite_where=rows.c.text_key.is_not(None),
    postgresql_where=rows.c.text_key.is_not(None),
)
sa.Index(
    "rows_by_review",
    rows.c.job_id,
    rows.c.review,
    rows.c.row_no,
    sqlite_where=rows.c.review != "",
    postgresql_where=rows.c.review != "",
)
#: A row with a value that the model was less sure of than this should be looked at.
LOW_CONFIDENCE = 0.5
sa.Index(
    "rows_by_doubt",
    rows.c.job_id,
    rows.c.row_no,
    sqlite_where=rows.c.confidence < LOW_CONFIDENCE,
    postgresql_where=rows.c.confidence < LOW_CONFIDENCE,
)
sa.Index("rows_by_status", rows.c.job_id, rows.c.status, rows.c.row_no)
sa.Index(
    "rows_by_input",
    rows.c.input_key,
    rows.c.finished_at,
    sqlite_where=rows.c.input_key.is_not(None),
    postgresql_where=rows.c.input_key.is_not(None),
)


#: Field sets that people keep by name, every version of them.
field_sets = Table(
    "field_sets",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
)

#: Which row is asked for the equal ones, while its shard is being worked on.
claims = Table(
    "claims",
    metadata,
    Column("job_id", String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("input_key", LargeBinary(16), primary_key=True),
    Column("row_no", Integer, nullable=False),
    Column("run", Integer, nullable=False),
)

#: Progress over time, written by the worker: what the plot and the rate are drawn from.
samples = Table(
    "samples",
    metadata,
    Column("job_id", String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Float, primary_key=True),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
)

#: Results of rows that were read to tell what a job will take: no job pays for them again.
estimates = Table(
    "estimates",
    metadata,
    #: What went into the result, as with rows.
    Column("input_key", LargeBinary(16), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("result", JSON, nullable=False),
    Column("created_at", Float, nullable=False, index=True),
)

#: Who works: each worker shows a sign of life here.
workers = Table(
    "workers",
    metadata,
    Column("name", String(80), primary_key=True),
    #: Which life of the worker this is; a new one for every start.
    Column("instance", String(32), nullable=False),
    Column("version", String(20), nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("beat_at", Float, nullable=False),
)
