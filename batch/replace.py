"""One value replaced by another in every row of a job that has it.

Works through the job in pieces, each a short transaction; all of them are one
act, and undone as one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch import json_sql, teaching
from batch.corrections import Act, Change, Kind, by_hand, held, make
from batch.fields import Field, FieldType
from batch.jobs import Job
from batch.review import Reviewer
from batch.typed import typed
from core.db import Database, clock
from core.errors import JobError, ValueRefused
from core.schema import rows
from core.statuses import Review, RowStatus
from core.values import Origin, Scalar, Value

#: Rows changed in one transaction.
PIECE = 500
#: Values told apart; what is rarer is not listed.
MOST_VALUES = 500


@dataclass(frozen=True, slots=True)
class Count:
    """A value of a field, or an item of its lists, and how many rows have it."""

    value: Scalar
    rows: int


def counts(db: Database, job: Job, field: Field) -> list[Count]:
    """The values of a field, the commonest first. Reads all results of the job."""
    number = sa.func.count()
    with db.read() as connection:
        source, value = _source(connection, field)
        query = (
            sa.select(value, number)
            .select_from(source)
            .where(*_of_job(job))
            .group_by(value)
            .order_by(number.desc(), value)
            .limit(MOST_VALUES)
        )
        found = connection.execute(query).all()
    listed = field.type is FieldType.LIST
    return [Count(text if listed else json.loads(text), many) for text, many in found]


def _source(connection: Connection, field: Field) -> tuple[sa.FromClause, Any]:
    """The tables to count in, and the value in them."""
    of_field = json_sql.entry(field.name)
    table = rows.join(of_field, of_field.c.key == field.name)
    if field.type is not FieldType.LIST:
        return table, json_sql.written(of_field)
    items = json_sql.items(connection, of_field)
    return table.join(items, sa.true()), items.c.value


def having(
    db: Database, job: Job, field: Field, old: Scalar, after: int = 0, count: int = PIECE
) -> list[int]:
    """The next rows that have a value, by number."""
    with db.read() as connection:
        source, value = _source(connection, field)
        given = old if field.type is FieldType.LIST else json_sql.as_written(old)
        query = (
            sa.select(rows.c.row_no)
            .select_from(source)
            .where(*_of_job(job), rows.c.row_no > after, value == given)
            .order_by(rows.c.row_no)
            .limit(count)
        )
        return list(dict.fromkeys(connection.execute(query).scalars()))


def _of_job(job: Job) -> tuple[sa.ColumnElement[bool], ...]:
    return rows.c.job_id == job.id, rows.c.status == RowStatus.DONE


def new_value(field: Field, old: Scalar, given: Any) -> Scalar | None:
    """What a value is to become; None: it is to be cleared.

    Raises:
        ValueRefused: The field does not take it, or it is what is there already.
    """
    listed = field.type is FieldType.LIST
    new = typed(field, [given] if listed and given else given)
    if listed and isinstance(new, list):
        new = new[0]
    if new == old:
        raise ValueRefused(f"“{field.name}” has this value already.")
    return new


def replace(
    who: Reviewer,
    field: Field,
    old: Scalar,
    given: Any,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Replace a value in every row of the job that has it; returns in how many.

    In lists the item is replaced. Approved rows stay approved.

    Args:
        who: Who does it.
        field: Which field.
        old: The value to replace.
        given: The new value as it was typed; None or blank clears it.
        progress: Told after each piece how many rows are done.

    Raises:
        ValueRefused: The field does not take the new value.
        JobError: No row has the old one.
    """
    new = new_value(field, old, given)
    act, done = Act(Kind.REPLACE, who.name), 0
    for numbers in _pieces(who, field, old):
        done += _replace_piece(who, act, field, old, new, numbers)
        if progress:
            progress(done)
    if not done:
        raise JobError(f"No row has this value in “{field.name}” any more.")
    return done


def _pieces(who: Reviewer, field: Field, old: Scalar) -> Iterator[list[int]]:
    after = 0
    while numbers := having(who.db, who.job, field, old, after):
        yield numbers
        after = numbers[-1]


def _replace_piece(
    who: Reviewer, act: Act, field: Field, old: Scalar, new: Scalar | None, numbers: Sequence[int]
) -> int:
    inputs = teaching.read_inputs(who.settings, who.job, _approved(who, numbers))
    with who.db.write() as connection:
        found = held(connection, who.job, numbers)
        state = by_hand(who.name, clock(connection))
        changes = [
            Change(row, {field.name: value}, state)
            for row in found.values()
            if (value := _replaced(row, field, old, new)) is not _SAME
        ]
        make(connection, who.job, act, changes)
        teaching.learn(connection, who.job, inputs)
    return len(changes)


def _approved(who: Reviewer, numbers: Sequence[int]) -> list[int]:
    query = sa.select(rows.c.row_no).where(
        rows.c.job_id == who.job.id, rows.c.row_no.in_(numbers), rows.c.review == Review.APPROVED
    )
    with who.db.read() as connection:
        return list(connection.execute(query).scalars())


_SAME: Any = object()


def _replaced(row: Mapping[str, Any], field: Field, old: Scalar, new: Scalar | None) -> Any:
    """The field's new value as it is stored; None where it is cleared, _SAME where it stays."""
    stored = row["values"].get(field.name)
    there: Any = stored["value"] if stored else None
    became: Any = new
    if isinstance(there, list):
        if old not in there:
            return _SAME
        items = [new if one == old else one for one in there]
        became = list(dict.fromkeys(one for one in items if one is not None)) or None
    elif there != old:
        return _SAME
    return None if became is None else Value(became, Origin.HUMAN).to_json()
