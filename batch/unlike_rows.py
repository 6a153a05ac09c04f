"""The rows in which two jobs differ, side by side; which of the two is right about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from batch.compare import UNLIKE, Comparison, Difference, as_stored, differences
from batch.jobs import Job
from batch.quality import FieldQuality, Judgement, judgements, of_field, truths
from batch.table import SHARD_ROWS
from core.db import Database
from core.schema import rows
from core.statuses import Review, RowStatus
from core.values import Value


@dataclass(frozen=True, slots=True)
class Pair:
    """A row in two jobs.

    Attributes:
        first: Its values in the first one.
        other: Its values in the other one.
        differences: Field name to what became of its value, the fields that differ.
        approved: Whether a person has approved it in the first one, and in the other one.
    """

    row_no: int
    first: Mapping[str, Value]
    other: Mapping[str, Value]
    differences: Mapping[str, Difference]
    approved: tuple[bool, bool] = (False, False)


def unlike_rows(
    db: Database,
    comparison: Comparison,
    names: Sequence[str] = (),
    kinds: Sequence[Difference] = UNLIKE,
    *,
    after: int = 0,
) -> Iterator[Pair]:
    """Rows in which two jobs differ, in their order, read block by block as they are asked for.

    Args:
        db: Our tables.
        comparison: What they differ in.
        names: Only rows in which one of these fields differs; none: any field.
        kinds: Only rows with one of these differences.
        after: Begin after this row.
    """
    names = names or comparison.fields
    for block in range(after // SHARD_ROWS, len(comparison.tallies)):
        if not comparison.may_have(block, names, kinds):
            continue
        for pair in _pairs(db, comparison, max(after, block * SHARD_ROWS) + 1, block):
            if any(pair.differences.get(name) in kinds for name in names):
                yield pair


def _pairs(db: Database, comparison: Comparison, first_row: int, block: int) -> list[Pair]:
    first, second = rows.alias("first"), rows.alias("second")
    query = (
        sa.select(first.c.row_no, first.c["values"], second.c["values"].label("others"))
        .add_columns(first.c.review, second.c.review.label("other_review"))
        .join(second, second.c.row_no == first.c.row_no)
        .where(
            first.c.job_id == comparison.job_id,
            second.c.job_id == comparison.other_id,
            first.c.row_no.between(first_row, (block + 1) * SHARD_ROWS),
            first.c.status == RowStatus.DONE,
            second.c.status == RowStatus.DONE,
            as_stored(first) != as_stored(second),
        )
        .order_by(first.c.row_no)
    )
    with db.read() as connection:
        found = connection.execute(query).mappings().all()
    return [_pair(row, comparison.fields) for row in found]


def _pair(row: RowMapping, fields: Sequence[str]) -> Pair:
    one, two = row["values"], row["others"]
    differing = zip(fields, differences(one, two, fields), strict=True)
    return Pair(
        row_no=row["row_no"],
        first={name: Value.from_json(value) for name, value in one.items()},
        other={name: Value.from_json(value) for name, value in two.items()},
        differences={name: kind for name, kind in differing if kind is not Difference.SAME},
        approved=(row["review"] == Review.APPROVED, row["other_review"] == Review.APPROVED),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often each of two jobs had a field right, over the same approved rows that are held back.

    What counts is what the model said itself.
    """

    first: FieldQuality
    other: FieldQuality


def agreement(db: Database, job: Job, other: Job) -> list[Agreement]:
    """Which of two jobs over the same catalog is right, where people have approved rows.

    Of products that are held back: others may have been shown to the model in one of the two.
    """
    with db.read() as connection:
        known = truths(connection, job.upload_id, held_back=True)
        one = {found.row_no: found for found in judgements(connection, job, known)}
        two = {found.row_no: found for found in judgements(connection, other, known)}
    both = sorted(one.keys() & two.keys())
    names = {name: None for row_no in both for name in one[row_no].right}
    return [
        Agreement(*_fields(name, [(one[row_no], two[row_no]) for row_no in both])) for name in names
    ]


def _fields(
    name: str, pairs: Sequence[tuple[Judgement, Judgement]]
) -> tuple[FieldQuality, FieldQuality]:
    judged = [pair for pair in pairs if all(name in one.right for one in pair)]
    return of_field(name, (one for one, _ in judged)), of_field(name, (two for _, two in judged))
