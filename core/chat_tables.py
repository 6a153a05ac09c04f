"""What is said over the counter; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, LargeBinary, Table

from core.schema import metadata
from core.storable import String, Text

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("visitor", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)
sa.Index("conversations_of_visitor", conversations.c.visitor, conversations.c.updated_at)

messages = Table(
    "messages",
    metadata,
    Column("id", String(16), primary_key=True),
    Column(
        "conversation_id",
        String(16),
        sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("position", Integer, nullable=False),
    Column("role", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("passages", JSON, nullable=False),
    Column("timing", JSON, nullable=False),
    Column("feedback", Integer, nullable=False, default=0),
    #: Why the reader judged so.
    Column("feedback_reason", Text, nullable=False, server_default=""),
    #: Of a question: how it was understood, see rag/query.py. Of an answer: what is drawn with it.
    Column("details", JSON, nullable=False, server_default="{}"),
    Column("created_at", Float, nullable=False),
)

#: Answers in words, to be given again to the same question about the same facts.
answers = Table(
    "answers",
    metadata,
    #: Hash of the question, its filters and history, and of every source with its version.
    Column("key", LargeBinary(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("used_at", Float, nullable=False, index=True),
)

#: What the shop could not answer: what to extract, write or stock next.
gaps = Table(
    "gaps",
    metadata,
    Column("id", String(16), primary_key=True),
    #: Names the question: asked again, it is counted.
    Column("question_key", LargeBinary(16), nullable=False, unique=True),
    Column("question", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    #: What was missing, such as the name of a field or of a thing.
    Column("missing", Text, nullable=False, server_default=""),
    #: The nearest things that were offered, as their ids.
    Column("nearest", JSON, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("status", String(16), nullable=False, server_default="open"),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False, index=True),
)
