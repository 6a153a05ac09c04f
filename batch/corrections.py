"""What people did to rows, kept so that it can be undone; the one way to change a row by hand.

An act is one thing that a person did, to however many rows. Every change of a
row raises its revision, and is made only if the row is still at the revision
that was looked at: nobody overwrites what they have not seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.earlier import read_values
from batch.jobs import Job
from batch.reviewed import differing
from core.db import clock
from core.errors import Overtaken
from core.review_tables import corrections
from core.schema import rows
from core.statuses import Review, RowStatus

#: What is kept of a row beside its values.
_STATE = ("review", "reviewed_by", "reviewed_at")


class Kind(StrEnum):
    """What a person did."""

    EDIT = "edit"  #: changed a row's values
    APPROVE = "approve"  #: said that rows are right
    REOPEN = "reopen"  #: took an approval back
    REPLACE = "replace"  #: replaced a value in every row that had it


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a person does.

    Attributes:
        kind: What it is.
        by: Who does it.
        id: Names it.
    """

    kind: Kind
    by: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one row.

    Attributes:
        row: As it is stored now; see :func:`held`.
        values: The values to change, as they are stored; None: to clear.
        state: What becomes of its review, if anything does.
    """

    row: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def before(self) -> dict[str, Any]:
        """What of the row it changes, as it was."""
        kept: dict[str, Any] = {name: self.row[name] for name in self.state}
        if self.values:
            kept["values"] = {name: self.row["values"].get(name) for name in self.values}
        return kept

    @property
    def after(self) -> dict[str, Any]:
        """The same, as it is to be."""
        made = dict(self.state)
        if self.values:
            made["values"] = dict(self.values)
        return made

    def stored(self, moment: float) -> dict[str, Any]:
        """The row's columns after it."""
        kept = {**self.row["values"], **self.values}
        values = {name: value for name, value in kept.items() if value is not None}
        extracted = first_values(self.row)
        told = [one["confidence"] for one in values.values() if "confidence" in one]
        unlike = differing(read_values(values), read_values(extracted))
        return {name: self.state.get(name, self.row[name]) for name in _STATE} | {
            "values": values,
            "extracted": extracted if unlike else None,
            "confidence": min(told, default=None),
            "finished_at": moment,
        }


def first_values(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values that the model gave, as they are stored."""
    values: Mapping[str, Any] = row["values"] if row["extracted"] is None else row["extracted"]
    return values


def answered(row: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a row, as it is stored, in which a person has changed something."""
    return differing(read_values(row["values"]), read_values(first_values(row)))


def held(connection: Connection, job: Job, row_nos: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Rows that have a result, held until the transaction ends, by number."""
    query = (
        sa.select(rows)
        .where(
            rows.c.job_id == job.id,
            rows.c.row_no.in_(row_nos),
            rows.c.status == RowStatus.DONE,
        )
        # In one order everywhere: two people then cannot wait for each other.
        .order_by(rows.c.row_no)
        .with_for_update()
    )
    return {row["row_no"]: dict(row) for row in connection.execute(query).mappings()}


def make(connection: Connection, job: Job, act: Act, changes: Sequence[Change]) -> None:
    """Change rows and note it.

    Raises:
        Overtaken: One of them has been changed meanwhile; then nothing may be committed.
    """
    if not changes:
        return
    moment = clock(connection)
    apply(connection, job, changes, moment)
    shared = {"job_id": job.id, "act": act.id, "kind": act.kind, "by": act.by, "at": moment}
    noted = [
        shared | {"row_no": one.row["row_no"], "before": one.before, "after": one.after}
        for one in changes
    ]
    connection.execute(corrections.insert(), noted)


def apply(connection: Connection, job: Job, changes: Sequence[Change], moment: float) -> None:
    """Change rows that are still at the revision they were read at.

    Raises:
        Overtaken: One of them is not; then nothing may be committed.
    """
    for one in changes:
        changed = connection.execute(
            _GUARDED,
            {
                "in_job": job.id,
                "number": one.row["row_no"],
                "seen": one.row["revision"],
                **{f"new_{name}": part for name, part in one.stored(moment).items()},
            },
        )
        if not changed.rowcount:
            number = one.row["row_no"]
            raise Overtaken(f"Row {number:,} has been changed meanwhile.", row_no=number)


# Built once: building a statement takes as long as running it.
_CHANGED = ("values", "extracted", "confidence", "finished_at", *_STATE)
_GUARDED = (
    rows.update()
    .where(
        rows.c.job_id == sa.bindparam("in_job"),
        rows.c.row_no == sa.bindparam("number"),
        rows.c.revision == sa.bindparam("seen"),
        rows.c.status == RowStatus.DONE,
    )
    .values(
        {name: sa.bindparam(f"new_{name}", type_=rows.c[name].type) for name in _CHANGED}
        | {"revision": rows.c.revision + 1}
    )
)


def reopened(row: Mapping[str, Any]) -> dict[str, Any]:
    """The review of a row that nobody has approved; what was corrected stays a person's."""
    review = Review.FLAGGED if row["flags"] else Review.NONE
    if answered(row):
        return {"review": review}
    return {"review": review, "reviewed_by": "", "reviewed_at": None}


def by_hand(who: str, moment: float) -> dict[str, Any]:
    """What is noted on a row whose values a person has changed."""
    return {"reviewed_by": who, "reviewed_at": moment}
