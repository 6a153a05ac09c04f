"""Puts a finished job's products, with their new metadata, on the shelves of the chat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from batch import jobs, runs
from batch.cells import parse_price, parse_stock, plain_text
from batch.columns import Columns
from batch.ids import row_key
from batch.results import ResultRow
from batch.rows import iterate
from core import products
from core.db import Database
from core.errors import JobError
from core.products import Product
from core.settings import Settings
from core.statuses import RowStatus


def publish(settings: Settings, db: Database, job_id: str) -> int:
    """Publish every row that was extracted; returns how many products.

    The catalog tables are changed here; the indexer then follows by itself.
    Publishing again replaces the same products.

    Raises:
        JobError: There is no such job, or it has no result yet.
    """
    job = jobs.get(db, job_id)
    if not job.done:
        raise JobError("No row has been extracted yet, so there is nothing to publish.")
    count = products.publish(db, _products(settings, db, job))
    runs.mark_published(db, job_id)
    return count


def _products(settings: Settings, db: Database, job: jobs.Job) -> Iterator[Product]:
    for row in iterate(settings, db, job):
        if row.status == RowStatus.DONE:
            yield product(row, job.columns, source=job.id)


def product(row: ResultRow, columns: Columns, *, source: str) -> Product:
    """A result row as the product that shoppers see."""
    cells = row.original
    price, currency = parse_price(_cell(cells, columns.price))
    key = row_key(row.row_no, cells, columns)
    return Product(
        id=key,
        title=plain_text(_cell(cells, columns.title)) or key,
        description=plain_text(_cell(cells, columns.description)),
        price=price,
        currency=_cell(cells, columns.currency).upper()[:3] or currency,
        stock=parse_stock(_cell(cells, columns.stock)),
        department=_cell(cells, columns.department) or None,
        url=_cell(cells, columns.url) or None,
        image=_cell(cells, columns.image) or None,
        values=row.values,
        source=source,
    )


def _cell(cells: Mapping[str, str], column: str | None) -> str:
    return cells.get(column, "").strip() if column else ""
