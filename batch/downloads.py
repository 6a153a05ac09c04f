"""A job's results as files, streamed: never the whole catalog in memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from batch import jobs, uploads
from batch.blocks import blocks
from batch.choice import Choice, chosen
from batch.csv_results import OURS, csv_lines, failed_csv_lines
from batch.download_forms import DEFAULTS, Form, Options
from batch.feed_mapping import Said, Sources
from batch.feeds import GOOGLE, SHOPIFY, Feed, complete
from batch.job_feeds import acceptable, items, sources_of
from batch.jobs import Job
from batch.jsonl_results import jsonl_lines
from batch.layout import Layout, layout
from batch.merchant_files import rss_pieces, tsv_lines
from batch.parquet_results import parquet_pieces
from batch.results import ResultRow
from batch.shopify_csv import shopify_lines
from batch.stored_rows import picked
from batch.uploads import Upload
from batch.xlsx_results import xlsx_pieces
from core.db import Database
from core.schema import rows
from core.settings import Settings
from core.statuses import RowStatus

BLOCK_BYTES = 1 << 17
#: What a writer yields; closing it takes back whatever the writer holds.
Pieces = Generator[bytes, None, None]


@dataclass(frozen=True, slots=True)
class _Order:
    """What a writer needs to know of a download."""

    settings: Settings
    db: Database
    job: Job
    upload: Upload
    choice: Choice
    options: Options

    @property
    def columns(self) -> tuple[str, ...]:
        return self.upload.catalog.columns

    @property
    def layout(self) -> Layout:
        return layout(self.columns, self.job.fields, provenance=self.options.provenance)

    @property
    def guarded(self) -> bool:
        return self.options.guard is not False

    def rows(self) -> Iterator[ResultRow]:
        return chosen(self.settings, self.db, self.job, self.choice)


def download(
    settings: Settings,
    db: Database,
    job_id: str,
    form: Form,
    *,
    choice: Choice = Choice.ALL,
    options: Options = DEFAULTS,
) -> Pieces:
    """The bytes of a download, rows in the catalog's order.

    Rows that are not extracted yet stand there with empty new cells, if all are
    chosen. A reader that stops early closes the iterator; nothing is left behind.

    Args:
        settings: Where the catalog is.
        db: Our tables.
        job_id: The job.
        form: What the file looks like.
        choice: Which rows; the file of failed rows has all of those.
        options: How it is to be written.

    Raises:
        JobError: There is no such job.
        NotFoundError: Its catalog is gone.
        CatalogError: While it is read: its catalog is gone, or does not fit the form.
    """
    job = jobs.get(db, job_id)
    order = _Order(settings, db, job, uploads.get(db, job.upload_id), choice, options)
    return _in_blocks(_WRITERS[form](order))


def _csv(order: _Order) -> Pieces:
    dialect = order.upload.catalog.dialect if order.options.as_uploaded else OURS
    return csv_lines(order.layout, order.rows(), dialect, guard=order.guarded)


def _xlsx(order: _Order) -> Pieces:
    return xlsx_pieces(order.layout, order.rows(), guard=order.guarded)


def _parquet(order: _Order) -> Pieces:
    found = blocks(order.settings, order.db, order.job, order.columns, order.choice)
    return parquet_pieces(order.layout, found)


def _jsonl(order: _Order) -> Pieces:
    return jsonl_lines(order.rows())


def _failed(order: _Order) -> Pieces:
    return failed_csv_lines(order.columns, _failed_rows(order), guard=order.guarded)


def _failed_rows(order: _Order) -> Iterator[ResultRow]:
    failed = rows.c.status == RowStatus.FAILED
    return picked(order.settings, order.db, order.job, failed)


def _google(order: _Order) -> Pieces:
    return tsv_lines(_google_items(order), guard=order.options.guard is True)


def _google_xml(order: _Order) -> Pieces:
    return rss_pieces(_google_items(order), order.job.name, order.settings.url or "")


def _google_items(order: _Order) -> Iterator[Said]:
    table, sources = order.layout, _sources(order, GOOGLE)
    found = (item for _, item in items(GOOGLE, sources, table, order.rows()))
    if order.options.complete_only:
        return (item for item in found if complete(GOOGLE, item))
    return found


def _shopify(order: _Order) -> Pieces:
    table, sources, rows = order.layout, _sources(order, SHOPIFY), order.rows()
    if order.options.complete_only:
        rows = acceptable(SHOPIFY, sources, table, rows)
    return shopify_lines(table, sources, rows, guard=order.options.guard is True)


def _sources(order: _Order, feed: Feed) -> Sources:
    return sources_of(order.db, feed, order.job, order.layout, order.options.sources)


_WRITERS: dict[Form, Callable[[_Order], Pieces]] = {
    Form.CSV: _csv,
    Form.XLSX: _xlsx,
    Form.PARQUET: _parquet,
    Form.JSONL: _jsonl,
    Form.GOOGLE: _google,
    Form.GOOGLE_XML: _google_xml,
    Form.SHOPIFY: _shopify,
    Form.FAILED: _failed,
}


def _in_blocks(lines: Pieces) -> Pieces:
    """The same bytes in larger pieces: a million small ones cost more than what is in them."""
    gathered, size = [], 0
    with closing(lines):
        for line in lines:
            gathered.append(line)
            size += len(line)
            if size >= BLOCK_BYTES:
                yield b"".join(gathered)
                gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)
