"""How often the model is right about each field, as far as people have approved rows.

Rows that people approved are no fair sample: most were looked at because they
were doubtful. Fair are only the job's random rows, and of these only the first
ones up to one that nobody has approved yet: who skips hard rows would flatter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from batch.corrections import first_values
from batch.jobs import Job
from batch.review_sample import sample
from batch.reviewed import same
from core.db import Database
from core.schema import rows
from core.statuses import Review, RowStatus
from core.values import Origin, Value

#: Approved rows that are looked at; the figures get no better with more.
MOST_ROWS = 20_000
BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class FieldAccuracy:
    """How often the model's value of a field was the right one.

    Attributes:
        right: In how many rows it was.
        rows: Of how many.
        low: The lower end of the 95 % interval of its share.
        high: The upper end.
    """

    field: str
    right: int
    rows: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.right / self.rows


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What approved rows say about the model.

    Attributes:
        rows: How many rows it was judged by.
        flagged: Of these, how many had been flagged.
        fields: In the order of the job's fields; those that were judged.
    """

    rows: int
    flagged: int
    fields: tuple[FieldAccuracy, ...]


def of_approved(db: Database, job: Job) -> Accuracy:
    """By all approved rows, at most :data:`MOST_ROWS` of them."""
    return _judged(job, _approved(db, job))


def of_random(db: Database, job: Job) -> Accuracy:
    """By the job's random rows, as far as they have been approved one after the other."""
    numbers = sample(job)
    query = sa.select(*_COLUMNS).where(
        rows.c.job_id == job.id, rows.c.row_no.in_(numbers), rows.c.status == RowStatus.DONE
    )
    with db.read() as connection:
        stored = {row["row_no"]: dict(row) for row in connection.execute(query).mappings()}
    return _judged(job, _first_approved(stored[number] for number in numbers if number in stored))


_COLUMNS = (
    rows.c.row_no,
    rows.c["values"],
    rows.c.extracted,
    rows.c.flags,
    rows.c.review,
    rows.c.product_type,
)


def _first_approved(stored: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in stored:
        if row["review"] != Review.APPROVED:
            return
        yield row


def _approved(db: Database, job: Job) -> Iterator[Mapping[str, Any]]:
    after = 0
    for _ in range(MOST_ROWS // BLOCK):
        query = (
            sa.select(*_COLUMNS)
            .where(
                rows.c.job_id == job.id,
                rows.c.review != sa.literal_column("''"),
                rows.c.review == Review.APPROVED,
                rows.c.row_no > after,
            )
            .order_by(rows.c.row_no)
            .limit(BLOCK)
        )
        with db.read() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        yield from found
        if len(found) < BLOCK:
            return
        after = found[-1]["row_no"]


def _judged(job: Job, approved: Iterable[Mapping[str, Any]]) -> Accuracy:
    right: dict[str, int] = defaultdict(int)
    judged: dict[str, int] = defaultdict(int)
    count = flagged = 0
    for row in approved:
        count += 1
        flagged += bool(row["flags"])
        for name, was_right in _verdicts(job, row):
            judged[name] += 1
            right[name] += was_right
    fields = tuple(
        FieldAccuracy(one.name, right[one.name], number, *interval(right[one.name], number))
        for one in job.fields
        if (number := judged[one.name])
    )
    return Accuracy(count, flagged, fields)


def _verdicts(job: Job, row: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Each field of a row, and whether the model was right about it."""
    first, now = first_values(row), row["values"]
    for field in job.plan.of_type(row["product_type"]):
        given, approved = _value(first, field.name), _value(now, field.name)
        # What a person had said already was not the model's doing.
        if given is None or given.origin is not Origin.HUMAN:
            yield field.name, same(given, approved)


def _value(stored: Mapping[str, Any], name: str) -> Value | None:
    return Value.from_json(stored[name]) if name in stored else None


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, good for few rows and for shares near 1."""
    # Here, since it takes a second to load, and most pages do not need it.
    from scipy.stats import binomtest

    found = binomtest(right, count).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
