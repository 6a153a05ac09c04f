"""When a job counts as approved: nothing of it waits for a person, and a person has been there."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.corrections import Change
from core import events
from core.events import EventKind
from core.schema import jobs, rows
from core.statuses import JobStatus, Review


def note(connection: Connection, job_id: str, changes: Sequence[Change]) -> None:
    """Record that a job has become approved, if these changes have made it so.

    The last thing that a transaction does: see :func:`core.events.record`.
    """
    approved = [one for one in changes if one.state.get("review") == Review.APPROVED]
    if not approved:
        return
    # Two who approve the last rows at once would each see the other's as open.
    events.in_turn(connection)
    was_open = any(one.row["review"] == Review.FLAGGED for one in approved)
    others = rows.c.row_no.not_in([one.row["row_no"] for one in approved])
    if was_open or not _any(connection, job_id, Review.APPROVED, others):
        _record(connection, job_id)


def note_end(connection: Connection, job_id: str) -> None:
    """Record the same of a job that ends when everything in it was approved already."""
    if _any(connection, job_id, Review.APPROVED):
        _record(connection, job_id)


def _record(connection: Connection, job_id: str) -> None:
    status = connection.execute(sa.select(jobs.c.status).where(jobs.c.id == job_id)).scalar()
    if status == JobStatus.DONE and not _any(connection, job_id, Review.FLAGGED):
        events.record(connection, EventKind.JOB_APPROVED, job_id)


def _any(
    connection: Connection, job_id: str, review: Review, *more: sa.ColumnElement[bool]
) -> bool:
    query = sa.select(rows.c.row_no).where(rows.c.job_id == job_id, rows.c.review == review, *more)
    return connection.execute(query.limit(1)).first() is not None
