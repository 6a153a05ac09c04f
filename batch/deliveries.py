"""Deliveries, as people ask for them and look at them.

Our tables are the truth about every delivery: the worker takes up what it finds here. What
people decide about one is in :mod:`batch.delivery_control`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch import destinations, jobs
from batch.choice import Choice
from batch.jobs import Job
from core.db import Database, clock
from core.delivery_tables import deliveries as table
from core.delivery_tables import delivery_failures
from core.delivery_tables import destinations as destination_table
from core.errors import JobError, NotFoundError
from core.schema import jobs as job_table
from core.schema import rows
from core.statuses import UNDELIVERED, DeliveryStatus

FAILURES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery and how far it is.

    Attributes:
        destination: The destination's name.
        job: The job's name.
        cause: What started it, in words.
        run: Raised with every resume; what an older run still does is ignored.
        only_failed: Whether only the rows are sent that have failed before.
        position: The last row that is known to be there, or to have failed.
        last_row: Of the job.
        rows: How many rows are meant.
        sent: How many of them are there now, or were there like that before they were sent.
        changed: Of the sent ones, how many were not there like that before.
        failed: How many were not taken.
        reason: Why it stopped, or what it waits for.
    """

    id: str
    destination_id: str
    destination: str
    job_id: str
    job: str
    choice: Choice
    cause: str
    status: DeliveryStatus
    run: int
    only_failed: bool
    position: int
    last_row: int
    rows: int
    sent: int
    changed: int
    failed: int
    reason: str
    created_at: float
    started_at: float | None
    finished_at: float | None

    @property
    def active(self) -> bool:
        """Whether a worker may work on it."""
        return self.status in UNDELIVERED

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        if self.status is DeliveryStatus.DONE:
            return 1.0
        return min(1.0, self.position / self.last_row) if self.last_row else 0.0

    @property
    def unchanged(self) -> int:
        """Rows that did not have to be sent, or changed nothing there."""
        done = self.rows if self.status is DeliveryStatus.DONE else self.sent
        return max(0, done - self.failed - self.changed)


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that a destination did not take."""

    row_no: int
    product_id: str
    reason: str


def submit(
    db: Database,
    destination_id: str,
    job_id: str,
    choice: Choice,
    *,
    cause: str,
    request_key: str,
) -> Delivery:
    """Record a delivery; once this returns it survives anything, and the worker takes it up.

    Args:
        cause: What started it, in words: a person's name, “after the job”.
        request_key: Names the request: asked for twice, it is delivered once.

    Raises:
        NotFoundError: The destination is gone.
        JobError: The job is gone, still runs, or has nothing to deliver.
    """
    if (known := by_request(db, request_key)) is not None:
        return known
    destinations.get(db, destination_id)
    job = jobs.get(db, job_id)
    _check(job)
    row: dict[str, Any] = {
        "id": secrets.token_hex(5),
        "destination_id": destination_id,
        "job_id": job_id,
        "choice": choice,
        "cause": cause,
        "status": DeliveryStatus.WAITING,
        "request_key": request_key,
    }
    try:
        with db.write() as connection:
            row |= {"rows": meant(connection, job, choice), "created_at": clock(connection)}
            connection.execute(table.insert().values(row))
    except sa.exc.IntegrityError:
        # Somebody has asked for the same in this moment, or the destination has just gone.
        if (known := by_request(db, request_key)) is not None:
            return known
        raise NotFoundError("The destination or the job has just been deleted.") from None
    return get(db, row["id"])


def _check(job: Job) -> None:
    if job.active:
        raise JobError(f"“{job.name}” is still running; deliver it when it has finished.")
    if not job.done:
        raise JobError(f"“{job.name}” has no result yet, so there is nothing to deliver.")


def meant(connection: Connection, job: Job, choice: Choice) -> int:
    """How many rows a choice means."""
    if choice is Choice.ALL:
        return job.rows
    query = sa.select(sa.func.count()).where(rows.c.job_id == job.id, choice.condition)
    return int(connection.execute(query).scalar_one())


def get(db: Database, delivery_id: str) -> Delivery:
    """One delivery.

    Raises:
        NotFoundError: There is none of this id.
    """
    with db.read() as connection:
        found = _select(connection, table.c.id == delivery_id)
    if not found:
        raise NotFoundError("This delivery is no longer there; its destination was deleted.")
    return found[0]


def by_request(db: Database, request_key: str) -> Delivery | None:
    """The delivery that was asked for under this key, if there is one."""
    with db.read() as connection:
        found = _select(connection, table.c.request_key == request_key)
    return found[0] if found else None


def listing(
    db: Database,
    *,
    destination_id: str | None = None,
    job_id: str | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """The newest deliveries first, of one destination or job if it is named."""
    conditions: list[sa.ColumnElement[bool]] = [sa.true()]
    if destination_id is not None:
        conditions.append(table.c.destination_id == destination_id)
    if job_id is not None:
        conditions.append(table.c.job_id == job_id)
    with db.read() as connection:
        return _select(connection, sa.and_(*conditions), limit)


def latest(db: Database) -> dict[str, Delivery]:
    """The newest delivery to each destination, by the destination's id."""
    other = table.alias()
    newest = (
        sa.select(sa.func.max(other.c.created_at))
        .where(other.c.destination_id == table.c.destination_id)
        .correlate(table)
        .scalar_subquery()
    )
    with db.read() as connection:
        found = _select(connection, table.c.created_at == newest)
    return {one.destination_id: one for one in found}


def failures(
    db: Database, delivery_id: str, *, after: int = 0, limit: int = FAILURES_SHOWN
) -> list[Failure]:
    """Rows that were not taken, in the catalog's order.

    Args:
        after: The row after which to begin.
    """
    columns = [delivery_failures.c[name] for name in Failure.__dataclass_fields__]
    query = (
        sa.select(*columns)
        .where(delivery_failures.c.delivery_id == delivery_id, delivery_failures.c.row_no > after)
        .order_by(delivery_failures.c.row_no)
        .limit(limit)
    )
    with db.read() as connection:
        return [Failure(*row) for row in connection.execute(query)]


def _select(
    connection: Connection, condition: sa.ColumnElement[bool], limit: int | None = None
) -> list[Delivery]:
    query = (
        sa.select(
            table,
            destination_table.c.name.label("destination"),
            job_table.c.name.label("job"),
            job_table.c.rows.label("last_row"),
        )
        .join(destination_table, destination_table.c.id == table.c.destination_id)
        .join(job_table, job_table.c.id == table.c.job_id)
        .where(condition)
        .order_by(table.c.created_at.desc(), table.c.id)
        .limit(limit)
    )
    return [_delivery(row) for row in connection.execute(query).mappings()]


def _delivery(row: RowMapping) -> Delivery:
    parts = {name: row[name] for name in Delivery.__dataclass_fields__}
    parts["choice"] = Choice(row["choice"])
    parts["status"] = DeliveryStatus(row["status"])
    return Delivery(**parts)
