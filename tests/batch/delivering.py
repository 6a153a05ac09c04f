"""Finished jobs, destinations and deliveries for the tests of delivering."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from batch import deliveries, delivery_runs, destinations, jobs, uploads
from batch.choice import Choice
from batch.columns import Columns
from batch.deliveries import Delivery
from batch.delivering import Delivering
from batch.destination_options import DestinationKind
from batch.destinations import Destination
from batch.extract import Outcome
from batch.fields import FieldSet, parse_fields
from batch.jobs import Job
from batch.plan import Plan
from batch.rows import record
from batch.runs import settle
from batch.submission import submit
from batch.table import SHARD_ROWS
from core.db import Database
from core.schema import rows
from core.settings import Settings
from core.statuses import Review, RowStatus
from core.values import Value

FIELDS = parse_fields(
    [
        {"name": "brand", "type": "text"},
        {"name": "Capacity (l)", "type": "number"},
        {"name": "waterproof", "type": "boolean"},
        {"name": "tags", "type": "list"},
    ]
)
COLUMNS = Columns(id="id", title="title", price="price", text=("title",))


def values(number: int) -> dict[str, Value]:
    return {
        "brand": Value("Acme"),
        "Capacity (l)": Value(number / 2),
        "waterproof": Value(number % 2 == 0),
        "tags": Value(["bottle", f"no {number}"]),
    }


def finished(
    settings: Settings,
    db: Database,
    count: int,
    *,
    changed: Mapping[int, Mapping[str, Value]] | None = None,
    ids: Mapping[int, str] | None = None,
    fields: FieldSet = FIELDS,
    failed: Sequence[int] = (),
) -> Job:
    """A finished job of so many bottles.

    Args:
        changed: By row, values that are other than usual.
        ids: By row, product ids that are other than usual.
        failed: Rows that have no result.
    """
    named = {number: f"P{number}" for number in range(1, count + 1)} | dict(ids or {})
    lines = [f"{named[number]},Acme bottle {number},{number}.50" for number in named]
    data = io.BytesIO("\n".join(["id,title,price", *lines]).encode())
    upload = uploads.store(settings, db, "bottles.csv", data)
    job = submit(db, upload.id, COLUMNS, Plan(fields), "Bottles")
    other = {number: dict(found) for number, found in (changed or {}).items()}
    for start in range(1, count + 1, SHARD_ROWS):
        outcomes = [
            Outcome(number, RowStatus.FAILED, error="no answer")
            if number in failed
            else Outcome(number, RowStatus.DONE, values=values(number) | other.get(number, {}))
            for number in range(start, min(start + SHARD_ROWS, count + 1))
        ]
        record(db, job.id, (start - 1) // SHARD_ROWS, outcomes, 1)
    assert settle(db, job.id, 1)
    return jobs.get(db, job.id)


def approve(db: Database, job: Job, numbers: Sequence[int]) -> None:
    with db.write() as connection:
        some = sa.and_(rows.c.job_id == job.id, rows.c.row_no.in_(numbers))
        connection.execute(rows.update().where(some).values(review=Review.APPROVED))


def sql_options(url: str, table: str = "products", **more: Any) -> dict[str, Any]:
    """What is typed to reach a database of the tests."""
    parsed = sa.make_url(url)
    socket = str(parsed.query.get("host", ""))
    return {
        "system": parsed.get_backend_name(),
        "host": parsed.host or socket or None,
        "port": parsed.port,
        "database": parsed.database,
        "user": parsed.username,
        "password": parsed.password,
        "table": table,
        **more,
    }


def destination(
    settings: Settings, db: Database, kind: DestinationKind, given: Mapping[str, Any]
) -> Destination:
    return destinations.add(settings, db, f"To {kind}", kind, given)


def asked(
    db: Database, to: Destination, job: Job, choice: Choice = Choice.DONE, key: str = ""
) -> Delivery:
    known = len(deliveries.listing(db))
    return deliveries.submit(
        db, to.id, job.id, choice, cause="a test", request_key=key or f"request-{known}"
    )


def delivered(settings: Settings, db: Database, delivery: Delivery) -> Delivery:
    """The delivery after a worker has gone through it, without the process around."""
    for one in delivery_runs.due(db):
        if one.delivery_id == delivery.id:
            Delivering(settings, db, one).go()
    return deliveries.get(db, delivery.id)


def brought(
    settings: Settings, db: Database, to: Destination, job: Job, choice: Choice = Choice.DONE
) -> Delivery:
    return delivered(settings, db, asked(db, to, job, choice))


def counts(delivery: Delivery) -> tuple[int, int, int, int]:
    return delivery.rows, delivery.sent, delivery.changed, delivery.failed
