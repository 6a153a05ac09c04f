"""Which of a job's rows are meant: for a download or a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from batch.jobs import Job
from batch.results import ResultRow
from batch.rows import iterate
from core.db import Database
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


def chosen(
    settings: Settings, db: Database, job: Job, choice: Choice, first_row: int = 1
) -> Iterator[ResultRow]:
    """The rows that are meant, in the catalog's order, read block by block.

    Args:
        first_row: 1-based row to begin with.

    Raises:
        NotFoundError: The job's catalog is gone.
    """
    return (row for row in iterate(settings, db, job, first_row) if choice.takes(row))
