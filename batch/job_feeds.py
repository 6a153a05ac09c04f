"""A job's products for a feed: where its attributes come from, and what some products lack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from batch import uploads
from batch.choice import Choice, chosen
from batch.feed_mapping import Said, Source, Sources, mapped, reader, suggested
from batch.feeds import Feed, Findings, check, complete
from batch.jobs import Job
from batch.kept_sources import fitting, kept
from batch.layout import Layout, layout
from batch.results import ResultRow
from core.db import Database
from core.settings import Settings


def sources_of(
    db: Database, feed: Feed, job: Job, table: Layout, changes: Sources
) -> dict[str, Source]:
    """Where each attribute of a feed is taken from: as suggested, remembered, or changed.

    Args:
        db: Our tables.
        feed: Whose feed.
        job: Whose products.
        table: The columns of its results.
        changes: What a person has changed besides.

    Raises:
        FieldsError: A change names an attribute or a column that is not there.
    """
    suggestion = suggested(feed.attributes, job.columns, table)
    remembered = fitting(kept(db, feed), feed, table)
    return mapped(mapped(suggestion, remembered, table), changes, table)


def items(
    feed: Feed, sources: Sources, table: Layout, rows: Iterable[ResultRow]
) -> Iterator[tuple[ResultRow, Said]]:
    """Rows, each with its product in the feed's form."""
    read = reader(sources, table)
    return ((row, feed.item(read(row), row.row_no)) for row in rows)


def acceptable(
    feed: Feed, sources: Sources, table: Layout, rows: Iterable[ResultRow]
) -> Iterator[ResultRow]:
    """The rows whose products the feed's reader would not refuse."""
    return (row for row, item in items(feed, sources, table, rows) if complete(feed, item))


def look(
    settings: Settings,
    db: Database,
    job: Job,
    feed: Feed,
    choice: Choice,
    changes: Sources,
    on_row: Callable[[int], None] = lambda done: None,
) -> Findings:
    """Look over a job's products for what the feed's reader will miss.

    Args:
        settings: Where the catalog is.
        db: Our tables.
        job: The job.
        feed: Whose feed.
        choice: Which rows.
        changes: What a person has changed besides what is remembered.
        on_row: Told how many products were looked at.

    Raises:
        FieldsError: A change names an attribute or a column that is not there.
        NotFoundError: The job's catalog is gone.
    """
    table = layout(uploads.get(db, job.upload_id).catalog.columns, job.fields)
    read = reader(sources_of(db, feed, job, table, changes), table)
    return check(feed, read, chosen(settings, db, job, choice), on_row)
