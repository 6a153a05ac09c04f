"""Puts a finished job's products, with their new metadata, on the shelves of the chat.

Every publication is a release (:mod:`core.releases`): it can be looked at before it
is seen by anybody, and taken back afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from batch import jobs, runs
from batch.cells import parse_price, parse_stock, plain_text
from batch.choice import Choice, chosen
from batch.columns import Columns
from batch.fields import FieldSet
from batch.ids import row_key
from batch.results import ResultRow
from batch.shop_values import shop_values
from core import release_staging, release_steps, releases
from core.db import Database
from core.errors import JobError
from core.products import Product
from core.release_steps import Return
from core.releases import OnStep, Release
from core.settings import Settings
from core.statuses import ReleaseStatus, RowStatus


def publish(settings: Settings, db: Database, job_id: str) -> int:
    """Publish every row that was extracted; returns how many products.

    The catalog tables are changed here; the indexer then follows by itself.
    Publishing again replaces the same products.

    Raises:
        JobError: There is no such job, or it has no result yet.
    """
    return switch(db, prepare(settings, db, job_id)).products


def prepare(
    settings: Settings,
    db: Database,
    job_id: str,
    *,
    choice: Choice = Choice.DONE,
    alone: bool = False,
    on_step: OnStep = lambda done: None,
) -> Release:
    """Make a job's products ready to be published; shoppers see nothing of it.

    Args:
        settings: Where the catalog is.
        db: Our tables.
        job_id: The job.
        choice: Which of the rows that were extracted.
        alone: Whether all other products are to leave the shelves.
        on_step: Told how many products are ready by now.

    Raises:
        JobError: There is no such job, or it has no result yet.
    """
    job = jobs.get(db, job_id)
    if not job.done:
        raise JobError("No row has been extracted yet, so there is nothing to publish.")
    items = _products(settings, db, job, choice)
    return release_staging.prepare(db, job.name, job.id, items, alone=alone, on_step=on_step)


def switch(db: Database, release: Release, on_step: OnStep = lambda done: None) -> Release:
    """Put a prepared release on sale; goes on where that was interrupted.

    Raises:
        JobError: It cannot be published any more.
    """
    release_steps.begin_switch(db, release.id)
    # From here on it will be on sale, whoever dies: see release_steps.go_on.
    runs.mark_published(db, release.source)
    return release_steps.switch(db, release.id, on_step)


def roll_back(db: Database, release: Release, on_step: OnStep = lambda done: None) -> Return:
    """Take a job's release back; what was changed since stays as it is.

    Raises:
        JobError: It is not on sale, or too old to be taken back.
    """
    came = release_steps.roll_back(db, release.id, on_step)
    if not any(one.status == ReleaseStatus.LIVE for one in releases.listing(db, release.source)):
        runs.mark_withdrawn(db, release.source)
    return came


def _products(settings: Settings, db: Database, job: jobs.Job, choice: Choice) -> Iterator[Product]:
    for row in chosen(settings, db, job, choice):
        if row.status == RowStatus.DONE:
            fields = job.plan.of_type(row.product_type)
            yield product(row, fields, job.columns, source=job.id)


def product(row: ResultRow, fields: FieldSet, columns: Columns, *, source: str) -> Product:
    """A result row as the product that shoppers see."""
    cells = row.original
    price, currency = parse_price(_cell(cells, columns.price))
    key = row_key(row.row_no, cells, columns)
    title = plain_text(_cell(cells, columns.title)) or key
    description = plain_text(_cell(cells, columns.description))
    texts = {"title": title, "description": description}
    return Product(
        id=key,
        title=title,
        description=description,
        price=price,
        currency=_cell(cells, columns.currency).upper()[:3] or currency,
        stock=parse_stock(_cell(cells, columns.stock)),
        department=_cell(cells, columns.department) or None,
        url=_cell(cells, columns.url) or None,
        image=_cell(cells, columns.image) or None,
        values=shop_values(row, fields, columns, texts),
        source=source,
    )


def _cell(cells: Mapping[str, str], column: str | None) -> str:
    return cells.get(column, "").strip() if column else ""
