"""Reading rows again: the failed ones, those of one kind of failure, or chosen ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch import sent
from batch.budget import Budget, check_left, spent
from batch.control import next_run
from batch.rows import ENDS
from batch.table import SHARD_ROWS
from core.db import Database
from core.errors import JobError
from core.money import money
from core.schema import jobs, rows, shards
from core.statuses import ACTIVE, JobStatus, RowStatus

#: Rows named in one statement.
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Way:
    """How the rows are to be read this time.

    Attributes:
        endpoint: The only endpoint to ask; None: any that serves jobs.
        patience: How many times the usual length and time an answer may take.
        most: What a job without a budget may cost from now on, with what it has cost.
    """

    endpoint: str | None = None
    patience: float = 1.0
    most: Budget | None = None


USUAL = Way()
_OF_A_PERSON = rows.c.reviewed_by != ""


def retry_failed(db: Database, job_id: str, reason: str | None = None, way: Way = USUAL) -> int:
    """Read the failed rows again; returns how many.

    Args:
        db: Our tables.
        job_id: The job.
        reason: Only those that failed for this reason.
        way: How to read them.

    Raises:
        JobError: The job is still running, or no such row has failed.
    """
    failed = [rows.c.status == RowStatus.FAILED]
    if reason is not None:
        failed.append(rows.c.reason == reason)
    with db.write() as connection:
        return _retry(connection, job_id, [sa.and_(*failed)], way, "No row of this job has failed.")


def retry_rows(db: Database, job_id: str, row_nos: Collection[int], way: Way = USUAL) -> int:
    """Read chosen rows again, and their equal ones with them; returns how many.

    What was found for them before stays until something new is found. Rows that a
    person has approved or corrected are never read again.

    Raises:
        JobError: The job is still running, or none of these rows may be read again.
    """
    with db.write() as connection:
        chosen = [rows.c.row_no.in_(block) for block in _blocks(sorted(row_nos))]
        keys: set[bytes | None] = set()
        for condition in chosen:
            query = sa.select(rows.c.input_key).where(rows.c.job_id == job_id, condition)
            keys |= set(connection.execute(query).scalars())
        equal = [rows.c.input_key.in_(block) for block in _blocks(sorted(keys - {None}))]
        return _retry(
            connection, job_id, [*chosen, *equal], way, _refusal(connection, job_id, chosen)
        )


def _refusal(
    connection: Connection, job_id: str, chosen: Collection[sa.ColumnElement[bool]]
) -> str:
    """What to say if none of these rows may be read again."""
    of_people = sa.select(rows.c.row_no).where(
        rows.c.job_id == job_id, sa.or_(sa.false(), *chosen), _OF_A_PERSON
    )
    if connection.execute(of_people.limit(1)).first() is None:
        return "None of these rows has been read yet."
    return (
        "These rows were approved or corrected by a person, and are kept. To read them again, "
        "take that back on the Review page first."
    )


def _blocks(names: list[Any]) -> list[list[Any]]:
    return [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]


def _retry(
    connection: Connection,
    job_id: str,
    chosen: Collection[sa.ColumnElement[bool]],
    way: Way,
    refusal: str,
) -> int:
    """Mark rows and begin the next run, in one transaction."""
    # Held before the rows are looked at: what is being recorded comes first or not at all.
    held = sa.select(jobs.c.status).where(jobs.c.id == job_id).with_for_update()
    status = connection.execute(held).scalar()
    if status in ACTIVE:
        raise JobError("Please wait until the job has ended or pause it first.")
    if way.endpoint:
        _check_provider(connection, job_id)
    ended = rows.c.status.in_((RowStatus.DONE, RowStatus.FAILED))
    count = 0
    for condition in chosen:
        marked = sa.and_(rows.c.job_id == job_id, ended, condition, ~_OF_A_PERSON)
        _discount(connection, job_id, marked)
        change = rows.update().where(marked).values(status=RowStatus.RETRY)
        count += connection.execute(change).rowcount
    if not count:
        raise JobError(refusal)
    choice: dict[str, Any] = {"endpoint": way.endpoint, "patience": way.patience}
    if way.endpoint:
        choice["provider"] = None  # asked one by one, there and now
    choice |= _bounded(connection, job_id, way.most)
    not_active = tuple(one for one in JobStatus if one not in (*ACTIVE, JobStatus.DELETED))
    changed = connection.execute(
        jobs.update()
        .where(jobs.c.id == job_id, jobs.c.status.in_(not_active))
        .values(next_run() | choice)
    )
    check_left(connection, job_id)
    if not changed.rowcount:
        raise JobError(f"There is no job {job_id}; it may have been deleted.")
    return count


def _bounded(connection: Connection, job_id: str, most: Budget | None) -> dict[str, Any]:
    """The budget of a job that has none: rows can be read again as often as one likes."""
    budget = sa.select(jobs.c.budget).where(jobs.c.id == job_id)
    if most is None or connection.execute(budget).scalar() is not None:
        return {}
    if most.is_used_up(paid := spent(connection, job_id)):
        raise JobError(
            f"This job has cost {money(paid, most.currency)} already, and a job that you start or "
            f"resume may cost {most}. Ask an administrator to have its rows read again."
        )
    return {"budget": most.amount, "currency": most.currency}


def _check_provider(connection: Connection, job_id: str) -> None:
    """See to it that no row is asked for here while a provider may still answer it."""
    if sent.is_there(connection, job_id):
        raise JobError(
            "The provider has not ended this job's batches yet, and rows would be paid for twice. "
            "Try again in some minutes, or resume the job to have the rest done there."
        )


def _discount(connection: Connection, job_id: str, marked: sa.ColumnElement[bool]) -> None:
    """Take rows out of their shards' counts; counting a thousand shards anew takes seconds."""
    shard = ((rows.c.row_no - 1) // SHARD_ROWS).label("shard")
    counts = (count.label(f"no_longer_{name}") for name, count in ENDS.items())
    found = connection.execute(sa.select(shard, *counts).where(marked).group_by(shard)).mappings()
    fewer = {name: shards.c[name] - sa.bindparam(f"no_longer_{name}") for name in ENDS}
    change = (
        shards.update()
        .where(shards.c.job_id == job_id, shards.c.shard_no == sa.bindparam("shard"))
        .values(fewer)
    )
    if by_shard := [dict(one) for one in found]:
        connection.execute(change, by_shard)
