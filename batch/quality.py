"""How good the model is, from version to version: its own values against what people approved.

Measured by the approved products that are held back: the model has never been shown them.
What counts is what the model said itself, before anything that was approved took its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.approved import right_answer, right_values
from batch.demonstrations import HELD_BACK_OF, THERE
from batch.jobs import Job
from batch.scoring import Counts, interval
from core.db import Database
from core.review_tables import demonstrations
from core.schema import jobs, rows
from core.statuses import JobStatus, RowStatus
from core.values import Scalar, Value

#: Fewer products than this say nothing about quality.
ENOUGH = 10
#: The latest ones that are looked at; more make the figures no better.
MOST_PRODUCTS = 500
#: Rows looked up with one statement.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """How often the model was right about one field.

    Attributes:
        right: In so many rows it said what was approved, or rightly said nothing.
        rows: Rows where the field was judged.
    """

    name: str
    right: int = 0
    rows: int = 0

    @property
    def share(self) -> float:
        """The share of rows in which it was right."""
        return self.right / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the model was in one version of a job.

    Attributes:
        rows: Rows that it was measured by.
        f1: Over all fields and rows, 0 to 1.
        low: The lower end of its 95% interval.
        high: The upper end.
        fields: Each field by itself, in the order of the job's fields.
    """

    job_id: str
    version: int
    rows: int
    f1: float
    low: float
    high: float
    fields: tuple[FieldQuality, ...] = field(default=())

    @property
    def right(self) -> int:
        """Values that were right, over all fields."""
        return sum(one.right for one in self.fields)

    @property
    def judged(self) -> int:
        """Values that were judged, over all fields."""
        return sum(one.rows for one in self.fields)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One row of a job: what the model said itself, and what is right.

    Attributes:
        right: The judged fields; None where there is no value.
    """

    row_no: int
    own: Mapping[str, Value]
    right: Mapping[str, Scalar | None]


def over_versions(db: Database, versions: Sequence[Job]) -> list[Quality]:
    """How good the model was in each version of a job, the first one first."""
    known: dict[str, dict[int, Mapping[str, Any]]] = {}
    found = []
    with db.read() as connection:
        for job in sorted(versions, key=lambda one: one.version):
            if job.upload_id not in known:
                known[job.upload_id] = truths(connection, job.upload_id, held_back=True)
            found.append(_quality(job, list(judgements(connection, job, known[job.upload_id]))))
    return found


def _quality(job: Job, judged: Sequence[Judgement]) -> Quality:
    scored = [_score(one) for one in judged]
    whole = sum(scored, Counts())
    names = (each.name for each in job.fields)
    fields = tuple(one for name in names if (one := of_field(name, judged)).rows)
    low, high = interval(scored)
    return Quality(job.id, job.version, len(judged), whole.f1, low, high, fields)


def of_field(name: str, judged: Iterable[Judgement]) -> FieldQuality:
    """How often the model was right about a field."""
    verdicts = [agrees(one.own.get(name), one.right[name]) for one in judged if name in one.right]
    return FieldQuality(name, sum(verdicts), len(verdicts))


def _score(one: Judgement) -> Counts:
    right = wrong = missed = 0
    for name, value in one.right.items():
        own = one.own.get(name)
        hit = own is not None and value is not None and agrees(own, value)
        right += hit
        wrong += own is not None and not hit
        missed += value is not None and not hit
    return Counts(right, wrong, missed)


def agrees(own: Value | None, right: Scalar | None) -> bool:
    """Whether a value says what is right, however it is spaced and capitalised."""
    if own is None or right is None:
        return own is None and right is None
    if _plain(own.value) == _plain(right):
        return True
    return own.raw is not None and _plain(own.raw) == _plain(right)


def _plain(value: Scalar) -> object:
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    if isinstance(value, list):
        return sorted(" ".join(item.casefold().split()) for item in value)
    return value


def truths(
    connection: Connection, upload_id: str, *, held_back: bool | None = None
) -> dict[int, Mapping[str, Any]]:
    """The demonstrations of products in a catalog, each by one row that is this product.

    Args:
        connection: A connection.
        upload_id: The catalog; whichever of its jobs a row was approved in.
        held_back: Only those that are held back, or only those that are not; None: both.
    """
    conditions = [THERE, demonstrations.c.enabled.is_(True)]
    if held_back is not None:
        conditions.append(demonstrations.c.held_back.is_(held_back))
    places = (
        sa.select(demonstrations.c.id, sa.func.min(rows.c.row_no).label("row_no"))
        .join(rows, rows.c.text_key == demonstrations.c.text_key)
        .join(jobs, jobs.c.id == rows.c.job_id)
        .where(*conditions, jobs.c.upload_id == upload_id, jobs.c.status != JobStatus.DELETED)
        .group_by(demonstrations.c.id)
        .order_by(sa.func.max(demonstrations.c.updated_at).desc())
        .limit(MOST_PRODUCTS)
        .subquery()
    )
    query = sa.select(demonstrations, places.c.row_no.label("place")).join(
        places, places.c.id == demonstrations.c.id
    )
    return {row["place"]: dict(row) for row in connection.execute(query).mappings()}


def judgements(
    connection: Connection, job: Job, known: Mapping[int, Mapping[str, Any]]
) -> Iterator[Judgement]:
    """The rows of a job that a model has answered, and of which the right values are known.

    Args:
        connection: A connection.
        job: The job.
        known: Its catalog's :func:`truths`.
    """
    numbers = sorted(known)
    for at in range(0, len(numbers), AT_ONCE):
        query = sa.select(
            *(rows.c[name] for name in ("row_no", "values", "extracted", "product_type"))
        ).where(
            rows.c.job_id == job.id,
            rows.c.row_no.in_(numbers[at : at + AT_ONCE]),
            rows.c.status == RowStatus.DONE,
            rows.c.model != "",
        )
        for row in connection.execute(query.order_by(rows.c.row_no)).mappings():
            fields = job.plan.of_type(row["product_type"])
            right = right_values(fields, right_answer(fields, known[row["row_no"]]))
            own = row["extracted"] if row["extracted"] is not None else row["values"]
            values = {name: Value.from_json(value) for name, value in own.items()}
            if right:
                yield Judgement(row["row_no"], values, right)


def more_needed(found: Sequence[Quality]) -> int:
    """About how many more rows have to be approved until the figures say something."""
    most = max((one.rows for one in found), default=0)
    return 0 if most >= ENOUGH else (ENOUGH - most) * HELD_BACK_OF
