"""Rows as their reviewers see them, read from the database and from the catalog."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from batch import earlier
from batch.jobs import Job
from batch.results import ResultRow
from batch.reviewed import Earlier, ReviewRow
from batch.stored_rows import result
from batch.table import read_rows
from batch.uploads import table_path
from core.db import Database
from core.schema import rows
from core.settings import Settings
from core.statuses import RowStatus

#: Cells of rows by their number.
Originals = Mapping[int, Mapping[str, str]]


def originals(settings: Settings, job: Job, numbers: Collection[int]) -> Originals:
    """The cells of rows as they stand in the catalog.

    Raises:
        CatalogError: The stored catalog is missing or damaged.
    """
    return dict(read_rows(table_path(settings, job.upload_id), sorted(set(numbers))))


def load(
    settings: Settings,
    db: Database,
    job: Job,
    numbers: Sequence[int],
    known: Originals | None = None,
) -> list[ReviewRow]:
    """Rows in this order, as they are now; those that have no result are left out.

    Args:
        settings: Names the home.
        db: Our tables.
        job: Their job.
        numbers: Which rows.
        known: Their cells, where they were read before: they never change.
    """
    numbers = [one for one in numbers if 1 <= one <= job.rows]
    if known is None or not known.keys() >= set(numbers):
        known = originals(settings, job, numbers)
    with db.read() as connection:
        query = rows.select().where(
            rows.c.job_id == job.id,
            rows.c.row_no.in_(numbers),
            rows.c.status == RowStatus.DONE,
        )
        stored = {row["row_no"]: dict(row) for row in connection.execute(query).mappings()}
        before = earlier.previous(connection, job)
        theirs = earlier.of_rows(connection, before, numbers)
    found = []
    for number in numbers:
        if number in stored and number in known:
            now = result(number, dict(known[number]), stored[number])
            unlike = None
            if before and number in theirs:
                unlike = earlier.compared(now.values, before, theirs[number])
            found.append(_review_row(now, stored[number], unlike))
    return found


def _review_row(now: ResultRow, stored: Mapping[str, Any], unlike: Earlier | None) -> ReviewRow:
    extracted = stored["extracted"]
    return ReviewRow(
        now,
        None if extracted is None else earlier.read_values(extracted),
        stored["reviewed_by"],
        stored["reviewed_at"],
        unlike,
    )
