"""Every table of ours, whichever module it stands in."""

from __future__ import annotations

from core import (
    chat_tables,
    delivery_tables,
    event_tables,
    feed_tables,
    notice_tables,
    people_tables,
    provider_tables,
    review_tables,
    schedule_tables,
    shop_tables,
    usage_tables,
)
from core.schema import metadata

__all__ = ["TABLES", "metadata"]

#: Imported for what they add to the metadata.
TABLES = (
    chat_tables,
    delivery_tables,
    event_tables,
    feed_tables,
    notice_tables,
    people_tables,
    provider_tables,
    review_tables,
    schedule_tables,
    shop_tables,
    usage_tables,
)
