"""Which of a job's rows are meant: for a download or a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import sqlalchemy as sa

from batch.jobs import Job
from batch.results import ResultRow
from batch.stored_rows import iterate, picked
from core.db import Database
from core.schema import rows
from core.settings import Settings
from core.statuses import Review, RowStatus


class Choice(StrEnum):
    """Which rows."""

    ALL = "all"  #: every row, whatever has become of it
    DONE = "done"  #: those that were extracted
    APPROVED = "approved"  #: those that a person has said are right
    FLAGGED = "flagged"  #: those about which something is doubtful

    def takes(self, row: ResultRow) -> bool:
        """Whether a row is one of them."""
        if self is Choice.ALL:
            return True
        if self is Choice.DONE:
            return row.status == RowStatus.DONE
        wanted = Review.APPROVED if self is Choice.APPROVED else Review.FLAGGED
        return row.status == RowStatus.DONE and row.review is wanted

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The same, asked of the table of rows; rows that have not ended are in none but ALL."""
        if self is Choice.ALL:
            return rows.c.status.in_((RowStatus.DONE, RowStatus.FAILED))
        done = rows.c.status == RowStatus.DONE
        if self is Choice.DONE:
            return done
        wanted = Review.APPROVED if self is Choice.APPROVED else Review.FLAGGED
        return sa.and_(done, rows.c.review == wanted)


def chosen(
    settings: Settings, db: Database, job: Job, choice: Choice, first_row: int = 1
) -> Iterator[ResultRow]:
    """The rows that are meant, in the catalog's order, read block by block.

    Args:
        first_row: 1-based row to begin with.

    Raises:
        NotFoundError: The job's catalog is gone.
    """
    if choice is Choice.ALL:
        return iterate(settings, db, job, first_row)
    return picked(settings, db, job, choice.condition, first_row)


def counts(db: Database, job: Job) -> dict[Choice, int]:
    """How many rows each choice means."""
    reviewed = sa.select(rows.c.review, sa.func.count()).where(
        rows.c.job_id == job.id,
        rows.c.status == RowStatus.DONE,
        rows.c.review.in_((Review.APPROVED, Review.FLAGGED)),
    )
    with db.read() as connection:
        found: dict[str, int] = {
            str(review): count
            for review, count in connection.execute(reviewed.group_by(rows.c.review))
        }
    return {
        Choice.ALL: job.rows,
        Choice.DONE: job.done,
        Choice.APPROVED: found.get(Review.APPROVED, 0),
        Choice.FLAGGED: found.get(Review.FLAGGED, 0),
    }
