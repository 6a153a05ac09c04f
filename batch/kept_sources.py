"""Where a shop's feeds take their attributes from, remembered from one job to the next."""

from __future__ import annotations

import time

from batch.feed_mapping import Source, Sources
from batch.feeds import Feed
from batch.layout import Layout
from core.db import Database, upsert
from core.feed_tables import feed_sources


def kept(db: Database, feed: Feed) -> dict[str, Source]:
    """What a person has changed for good of what is suggested for a feed."""
    query = feed_sources.select().where(feed_sources.c.reader == feed.reader)
    with db.read() as connection:
        found = connection.execute(query).mappings().first()
    stored = found["sources"] if found else {}
    return {name: Source.from_json(one) for name, one in stored.items()}


def keep(db: Database, feed: Feed, sources: Sources) -> None:
    """Remember changes for all jobs from now on, in place of those that were remembered."""
    stored = {name: source.to_json() for name, source in sources.items()}
    row = {"reader": feed.reader, "sources": stored, "kept_at": time.time()}
    with db.write() as connection:
        upsert(connection, feed_sources, [row])


def forget(db: Database, feed: Feed) -> None:
    """Go back to what is suggested."""
    with db.write() as connection:
        connection.execute(feed_sources.delete().where(feed_sources.c.reader == feed.reader))


def fitting(sources: Sources, feed: Feed, table: Layout) -> dict[str, Source]:
    """What of the remembered changes a job can follow: it need not have the same columns.

    A column that it lacks leaves the suggestion for it, and the fixed text.
    """
    there = {"", None, *table.columns, *table.added.values()}
    known = {one.name for one in feed.attributes}
    return {
        name: source if source.column in there else Source(None, source.otherwise)
        for name, source in sources.items()
        if name in known
    }
