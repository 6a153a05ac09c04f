"""Undoing what people did to rows, the last thing first, one act at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch import approval, teaching
from batch.corrections import Change, Kind, apply, held
from batch.review import Reviewer
from batch.reviewed import same
from core.db import clock
from core.review_tables import corrections
from core.schema import rows
from core.statuses import Review
from core.values import Value

#: Rows put back in one transaction.
PIECE = 500


@dataclass(frozen=True, slots=True)
class Done:
    """An act that can be undone.

    Attributes:
        rows: How many rows it changed.
        row_no: One of them; the only one of most acts.
        before: What of that row it changed, as it was.
        after: The same, as it became.
    """

    act: str
    kind: Kind
    rows: int
    row_no: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of undoing an act.

    Attributes:
        row_nos: Rows that are as they were before it.
        left: Rows that were left, since they have been changed since.
    """

    done: Done
    row_nos: tuple[int, ...]
    left: tuple[int, ...]


def last(who: Reviewer) -> Done | None:
    """The last thing that this person did to the job and has not undone."""
    newest = (
        corrections.select()
        .where(
            corrections.c.job_id == who.job.id,
            corrections.c.undone_at.is_(None),
            corrections.c.by == who.name,
        )
        .order_by(corrections.c.id.desc())
        .limit(1)
    )
    with who.db.read() as connection:
        found = connection.execute(newest).mappings().first()
        if found is None:
            return None
        number = sa.select(sa.func.count()).where(_open(found["act"]))
        count = int(connection.execute(number).scalar_one())
    return Done(
        found["act"],
        Kind(found["kind"]),
        count,
        found["row_no"],
        found["before"],
        found["after"],
    )


def _open(act: str) -> sa.ColumnElement[bool]:
    return sa.and_(corrections.c.act == act, corrections.c.undone_at.is_(None))


def undo(who: Reviewer, progress: Callable[[int, int], None] | None = None) -> Undone | None:
    """Undo the last thing that this person did to the job; None where there is nothing.

    What has been changed since by somebody else is left as it is. Large acts
    are undone in pieces; one that was interrupted is undone further by the next call.

    Args:
        who: Whose act.
        progress: Told how many rows of how many are done.
    """
    done = last(who)
    if done is None:
        return None
    back: list[int] = []
    left: list[int] = []
    while piece := _piece(who, done.act):
        inputs = teaching.read_inputs(who.settings, who.job, _taught(who, piece))
        with who.db.write() as connection:
            changes = _put_back(connection, who, piece)
            put_back = [one.row["row_no"] for one in changes]
            teaching.learn(connection, who.job, _only(inputs, put_back))
            approval.note(connection, who.job.id, changes)
        back += put_back
        left += [one["row_no"] for one in piece if one["row_no"] not in set(put_back)]
        if progress:
            progress(len(back) + len(left), done.rows)
    return Undone(done, tuple(back), tuple(left))


def _only(inputs: Mapping[int, Any], row_nos: Iterable[int]) -> dict[int, Any]:
    return {number: inputs[number] for number in row_nos if number in inputs}


def _piece(who: Reviewer, act: str) -> Sequence[RowMapping]:
    query = corrections.select().where(_open(act)).order_by(corrections.c.id).limit(PIECE)
    with who.db.read() as connection:
        return connection.execute(query).mappings().all()


def _taught(who: Reviewer, piece: Sequence[RowMapping]) -> list[int]:
    """The rows that demonstrations are made of: those that are approved, or were."""
    numbers = [one["row_no"] for one in piece]
    query = sa.select(rows.c.row_no).where(
        rows.c.job_id == who.job.id, rows.c.row_no.in_(numbers), rows.c.review == Review.APPROVED
    )
    with who.db.read() as connection:
        approved = set(connection.execute(query).scalars())
    reviewed = {one["row_no"] for one in piece if "review" in one["after"]}
    return sorted(approved | reviewed)


def _put_back(connection: Connection, who: Reviewer, piece: Sequence[RowMapping]) -> list[Change]:
    """Undo some corrections; returns what became of the rows that are as they were."""
    moment = clock(connection)
    ours = corrections.c.id.in_([one["id"] for one in piece])
    still = (
        corrections.select()
        .where(ours, corrections.c.undone_at.is_(None))
        .order_by(corrections.c.row_no)
        .with_for_update()
    )
    open_ones = connection.execute(still).mappings().all()
    connection.execute(corrections.update().where(ours).values(undone_at=moment))
    found = held(connection, who.job, [one["row_no"] for one in open_ones])
    changes = [
        _reverse(found[one["row_no"]], one)
        for one in open_ones
        if one["row_no"] in found and _is_still(found[one["row_no"]], one["after"])
    ]
    apply(connection, who.job, changes, moment)
    return changes


def _is_still(row: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether nobody has changed since what an act had changed."""
    if "review" in after and (row["review"] == Review.APPROVED) != (
        after["review"] == Review.APPROVED
    ):
        return False
    stored = row["values"]
    return all(
        same(_value(stored.get(name)), _value(value))
        for name, value in after.get("values", {}).items()
    )


def _value(stored: Mapping[str, Any] | None) -> Value | None:
    return None if stored is None else Value.from_json(stored)


def _reverse(row: Mapping[str, Any], correction: RowMapping) -> Change:
    state = {name: part for name, part in correction["before"].items() if name != "values"}
    return Change(row, correction["before"].get("values", {}), state)
