"""The tables of what people are told; times are seconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Float, Integer, Table

from core.schema import metadata
from core.storable import String, Text

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    #: The event that it tells of; one event is told once.
    Column("event_id", Integer, nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    #: The page that it leads to, as a path with its query.
    Column("link", Text, nullable=False, server_default=""),
    Column("at", Float, nullable=False, index=True),
    sqlite_autoincrement=True,
)

#: Up to which notice each person has seen them.
notice_readers = Table(
    "notice_readers",
    metadata,
    Column("reader", String(64), primary_key=True),
    Column("seen_to", Integer, nullable=False),
)

#: Where notices go besides the app.
notice_channels = Table(
    "notice_channels",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(16), nullable=False),
    #: An e-mail address or a URL.
    Column("target", Text, nullable=False),
    #: What it is signed with: see core/sealed.py.
    Column("sealed", Text),
    #: Which kinds of notices.
    Column("kinds", JSON, nullable=False),
    Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    Column("created_at", Float, nullable=False),
)

#: Notices on their way to a channel.
notice_sendings = Table(
    "notice_sendings",
    metadata,
    Column("notice_id", Integer, sa.ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "channel_id",
        String(16),
        sa.ForeignKey("notice_channels.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("status", String(16), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    #: Since when it has been on its way: it is given up by its age.
    Column("queued_at", Float, nullable=False),
    Column("next_at", Float, nullable=False),
    #: Why the last try failed.
    Column("problem", Text, nullable=False, server_default=""),
    Column("sent_at", Float),
)
#: What is on its way, apart from the many that have arrived.
sa.Index(
    "notice_sendings_under_way",
    notice_sendings.c.channel_id,
    notice_sendings.c.notice_id,
    sqlite_where=notice_sendings.c.sent_at.is_(None),
    postgresql_where=notice_sendings.c.sent_at.is_(None),
)
