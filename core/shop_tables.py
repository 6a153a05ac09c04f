"""What is on sale, and what it is found by; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, LargeBinary, Table

from core.schema import metadata
from core.storable import String, Text

products = Table(
    "products",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("price", Float),
    Column("currency", String(3)),
    Column("stock", Integer),
    Column("department", Text, index=True),
    Column("url", Text),
    Column("image", Text),
    Column("values", JSON, nullable=False),
    Column("source", String(64), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("indexed_version", Integer, nullable=False, default=0),
    Column("deleted", sa.Boolean, nullable=False, default=False),
    Column("updated_at", Float, nullable=False),
)
sa.Index(
    "products_to_index",
    products.c.id,
    sqlite_where=products.c.version != products.c.indexed_version,
    postgresql_where=products.c.version != products.c.indexed_version,
)

#: Lets a search process see cheaply, at every question, what was published since.
sa.Index("products_by_change", products.c.updated_at)

documents = Table(
    "documents",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("indexed_version", Integer, nullable=False, default=0),
    Column("chunks", Integer, nullable=False, default=0),
    #: The file it was read from, where it was uploaded.
    Column("file_name", Text, nullable=False, server_default=""),
    Column("deleted", sa.Boolean, nullable=False, default=False),
    Column("updated_at", Float, nullable=False),
)

#: What is comparable about each product: see core/facts.py. Written with the product.
facts = Table(
    "facts",
    metadata,
    Column(
        "product_id",
        String(200),
        sa.ForeignKey("products.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("field", String(200), primary_key=True),
    #: From 0 within the product's facts of this field.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("text", String(80), nullable=False, server_default=""),
    Column("shown", String(80), nullable=False, server_default=""),
    Column("number", Float),
    Column("unit", String(40), nullable=False, server_default=""),
    # A third less to write and to read: the rows lie in their key.
    sqlite_with_rowid=False,
)
sa.Index("facts_by_text", facts.c.field, facts.c.text, facts.c.product_id)
sa.Index("facts_by_number", facts.c.field, facts.c.number, facts.c.product_id, facts.c.unit)

#: Embedded texts by their content, as float16 numbers: products with the same text share one.
vectors = Table(
    "vectors",
    metadata,
    #: Hash of the text and of the embedding model's name.
    Column("text_key", LargeBinary(16), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
)
#: Lets a search process see cheaply, at every question, what was embedded since.
sa.Index("vectors_by_age", vectors.c.created_at)

#: Sets of changes to the shelves, put on sale and taken back as one.
releases = Table(
    "releases",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("title", Text, nullable=False),
    #: A job's id, or what else it comes from.
    Column("source", String(64), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("products", Integer, nullable=False, server_default="0"),
    #: What the golden questions found before the switch.
    Column("report", JSON(none_as_null=True)),
    Column("created_at", Float, nullable=False),
    Column("switched_at", Float),
    Column("ended_at", Float),
)

release_products = Table(
    "release_products",
    metadata,
    Column(
        "release_id",
        String(16),
        sa.ForeignKey("releases.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("product_id", String(200), primary_key=True),
    #: The product as it is to be; none: it leaves the shelves.
    Column("after", JSON(none_as_null=True)),
    #: As it was when the release was switched to; none: it was not there.
    Column("before", JSON(none_as_null=True)),
    #: Whether the shelves have it.
    Column("switched", sa.Boolean, nullable=False, server_default=sa.false()),
)

#: Questions that a merchandiser wants answered rightly, asked before every switch.
golden_questions = Table(
    "golden_questions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("question", Text, nullable=False),
    #: What has to be found: product ids, document names, words of the answer, or a refusal.
    Column("expected", JSON, nullable=False),
    Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    Column("created_at", Float, nullable=False),
)
