"""What a reviewer can choose from: the doubts there are and the product types."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch import earlier, json_sql
from batch.jobs import Job
from batch.reviewed import DIFFERS, UNSURE
from batch.table import read_column
from batch.uploads import table_path
from core.db import Database
from core.schema import LOW_CONFIDENCE, rows
from core.settings import Settings
from core.statuses import Review, RowStatus

#: Rows that are counted; what is beyond is told as "more".
MOST_COUNTED = 20_000
#: Product types to choose from.
MOST_TYPES = 200


@dataclass(frozen=True, slots=True)
class Reason:
    """A kind of doubt about a field and how many open rows have it.

    Attributes:
        field: None: the whole row.
        rows: None where it was not counted.
    """

    field: str | None
    reason: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """How much there is to review.

    Attributes:
        flagged: Rows that are flagged and not approved.
        unsure: Others with a value that the model was not sure of.
        approved: Rows that a person has approved.
        capped: Whether one of these stopped at :data:`MOST_COUNTED`.
        reasons: The doubts, the commonest first.
    """

    flagged: int
    unsure: int
    approved: int
    capped: bool
    reasons: tuple[Reason, ...]

    @property
    def to_look_at(self) -> int:
        """Rows that need a person."""
        return self.flagged + self.unsure


def overview(db: Database, job: Job) -> Overview:
    """Count what needs a person, in bounded time however large the job is."""
    with db.read() as connection:
        flagged = _count(connection, _state(job, Review.FLAGGED))
        approved = _count(connection, _state(job, Review.APPROVED))
        unsure = _count(connection, _unsure(job))
        reasons = _reasons(connection, job)
        if unsure:
            reasons.append(Reason(None, UNSURE, unsure))
        if earlier.previous(connection, job):
            reasons.append(Reason(None, DIFFERS, None))
    counts = (flagged, approved, unsure)
    return Overview(flagged, unsure, approved, MOST_COUNTED in counts, tuple(reasons))


def to_look_at(db: Database, job: Job) -> int:
    """How many rows need a person; see :func:`overview`."""
    with db.read() as connection:
        flagged = _count(connection, _state(job, Review.FLAGGED))
        return flagged + _count(connection, _unsure(job))


def _state(job: Job, review: Review) -> sa.Select[int]:
    return sa.select(rows.c.row_no).where(
        rows.c.job_id == job.id,
        rows.c.review != sa.literal_column("''"),
        rows.c.review == review,
        rows.c.status == RowStatus.DONE,
    )


def _unsure(job: Job) -> sa.Select[int]:
    return sa.select(rows.c.row_no).where(
        rows.c.job_id == job.id,
        rows.c.confidence < sa.literal_column(str(LOW_CONFIDENCE)),
        rows.c.review == Review.NONE,
        rows.c.status == RowStatus.DONE,
    )


def _count(connection: Connection, query: sa.Select[int]) -> int:
    some = query.limit(MOST_COUNTED).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def _reasons(connection: Connection, job: Job) -> list[Reason]:
    first = _state(job, Review.FLAGGED).order_by(rows.c.row_no).limit(MOST_COUNTED).subquery()
    flags, of_field, of_reason = json_sql.flags(connection)
    number = sa.func.count(sa.distinct(rows.c.row_no))
    query = (
        sa.select(of_field, of_reason, number)
        .select_from(rows.join(flags, sa.true()))
        .where(rows.c.job_id == job.id, rows.c.row_no.in_(sa.select(first.c.row_no)))
        .group_by(of_field, of_reason)
    )
    found = sorted(
        connection.execute(query),
        key=lambda one: (-one[2], one[0] is None, one[0] or "", one[1]),
    )
    return [Reason(field, reason, count) for field, reason, count in found]


def product_types(settings: Settings, job: Job) -> list[str]:
    """The types of its products, in order; read from the catalog.

    Raises:
        CatalogError: The stored catalog is missing or damaged.
    """
    column = job.plan.by or job.columns.department
    if column is None:
        return []
    found: set[str] = set()
    for cells in read_column(table_path(settings, job.upload_id), column):
        found |= {cell.strip() for cell in cells}
        if len(found) > MOST_TYPES:
            break
    return sorted(found - {""}, key=str.casefold)[:MOST_TYPES]
