"""Alembic's entry: runs the migrations on the connection it is handed."""

from __future__ import annotations

from alembic import context

from core import (
    chat_tables,
    delivery_tables,
    event_tables,
    notice_tables,
    people_tables,
    schedule_tables,
    shop_tables,
)
from core.schema import metadata

#: Imported for what they add to the metadata.
TABLES = (
    chat_tables,
    delivery_tables,
    event_tables,
    notice_tables,
    people_tables,
    schedule_tables,
    shop_tables,
)

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
