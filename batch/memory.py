"""What is known already: results are remembered by what went into them, and not paid twice.

The rows of all jobs are the memory. A row is known when any job has a result
for the same input (:mod:`batch.inputs`) from a model that would be asked now;
the newest one counts. Equal rows of one catalog are asked for once: a shard
claims its inputs before it looks them up, and what another shard has claimed
it leaves for later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from batch.columns import Columns
from batch.extract import Outcome
from batch.grounding import ground
from batch.inputs import Input
from batch.jobs import Job
from core.db import Database
from core.endpoints import Endpoint
from core.schema import Lane, RowStatus, claims, rows
from core.values import Origin, Value

_SEPARATOR = "/"
_DONE = rows.c.status == RowStatus.DONE


@dataclass(frozen=True, slots=True)
class Division:
    """What becomes of a shard's missing rows.

    Attributes:
        known: Those whose result is known already.
        ours: Those to ask for.
        others: Those whose equal row is asked for meanwhile.
    """

    known: Sequence[Outcome]
    ours: Sequence[Input]
    others: Sequence[Input]


def models(endpoints: Collection[Endpoint], only: str | None = None) -> frozenset[str]:
    """The models that may answer for a job; ``only`` names the one endpoint to ask."""
    serving = (one for one in endpoints if Lane.BATCH in one.lanes)
    return frozenset(one.model for one in serving if only in (None, one.name))


def divide(
    db: Database,
    job: Job,
    items: Sequence[Input],
    again: Collection[int],
    answering: Collection[str],
) -> Division:
    """Claim rows of a shard and look up what is known of them.

    Args:
        db: Our tables.
        job: Whose rows they are.
        items: The missing rows.
        again: Numbers of those that a person wants to have read again.
        answering: The models that may answer.
    """
    claimed = claim(db, job, items)
    ours = [item for item in items if item.row_no in claimed]
    found = lookup(db, job, ours, again, answering)
    return Division(
        known=[recalled(found[item.key], item, job.columns) for item in ours if item.key in found],
        ours=[item for item in ours if item.key not in found],
        others=[item for item in items if item.row_no not in claimed],
    )


def claim(db: Database, job: Job, items: Sequence[Input]) -> set[int]:
    """Claim the inputs of rows for this run; returns the rows that it was given to."""
    if not items:
        return set()
    with db.write() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(claims)
        new = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["job_id", "input_key"],
                set_={"row_no": new.row_no, "run": new.run},
                where=claims.c.run < new.run,
            ),
            [
                {"job_id": job.id, "input_key": item.key, "row_no": item.row_no, "run": job.run}
                for item in items
            ],
        )
        holders = connection.execute(
            sa.select(claims.c.row_no).where(
                claims.c.job_id == job.id, claims.c.input_key.in_({item.key for item in items})
            )
        ).scalars()
        return set(holders) & {item.row_no for item in items}


def release(db: Database, job_id: str, first_row: int, count: int) -> None:
    """Give up the claims of a range of rows: what came of them is in the tables."""
    with db.write() as connection:
        connection.execute(
            claims.delete().where(
                claims.c.job_id == job_id,
                claims.c.row_no.between(first_row, first_row + count - 1),
            )
        )


def lookup(
    db: Database,
    job: Job,
    items: Sequence[Input],
    again: Collection[int],
    answering: Collection[str],
) -> dict[bytes, Mapping[str, Any]]:
    """Stored results by input: of all jobs, or of this one where rows are to be read anew."""
    anew = {item.key for item in items if job.fresh or item.row_no in again}
    others = {item.key for item in items} - anew
    everywhere = sa.and_(_DONE, rows.c.model.in_(sorted(answering)))
    with db.read() as connection:
        found = _newest(connection, others, sa.or_(_of_job(job), everywhere))
        return found | _newest(connection, anew, _of_job(job))


def settled(db: Database, job: Job, items: Sequence[Input]) -> list[Outcome]:
    """What has come of equal rows of this job, for those of these that had to wait for them."""
    with db.read() as connection:
        found = _newest(connection, {item.key for item in items}, _of_job(job))
    return [recalled(found[item.key], item, job.columns) for item in items if item.key in found]


def known_keys(
    connection: Connection, keys: Collection[bytes], answering: Collection[str]
) -> set[bytes]:
    """Those inputs that have a result from one of these models."""
    condition = sa.and_(_DONE, rows.c.model.in_(sorted(answering)))
    return {key for key, place in _places(connection, keys, condition) if place is not None}


def _of_job(job: Job) -> sa.ColumnElement[bool]:
    """Results of the job itself. What has failed in this run would fail again."""
    failed = sa.and_(rows.c.status == RowStatus.FAILED, rows.c.run == job.run)
    return sa.and_(rows.c.job_id == job.id, sa.or_(_DONE, failed))


def recalled(stored: Mapping[str, Any], item: Input, columns: Columns) -> Outcome:
    """The outcome of a row, from the stored result of an equal one.

    Where a value stands is looked for again: the cells may differ in what the
    model does not see.
    """
    values = {name: Value.from_json(value) for name, value in stored["values"].items()}
    return Outcome(
        item.row_no,
        RowStatus(stored["status"]),
        values={name: _regrounded(value, item, columns) for name, value in values.items()},
        notes=tuple(stored["notes"]),
        error=stored["error"],
        reason=stored["reason"],
        raw=stored["raw"],
        key=item.key,
        model=stored["model"],
        attempts=0,
    )


def _regrounded(value: Value, item: Input, columns: Columns) -> Value:
    if value.origin is Origin.HUMAN:
        return value
    return ground(value.value, item.row, columns.text)


def _newest(
    connection: Connection, keys: Collection[bytes], condition: sa.ColumnElement[bool]
) -> dict[bytes, Mapping[str, Any]]:
    """The newest result of each input, where there is one."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for _, place in _places(connection, keys, condition):
        if place is not None:
            job_id, _, row_no = place.partition(_SEPARATOR)
            numbers[job_id].append(int(row_no))
    found: dict[bytes, Mapping[str, Any]] = {}
    for job_id, wanted in numbers.items():
        query = rows.select().where(rows.c.job_id == job_id, rows.c.row_no.in_(wanted))
        found |= {row["input_key"]: row for row in connection.execute(query).mappings()}
    return found


def _places(
    connection: Connection, keys: Collection[bytes], condition: sa.ColumnElement[bool]
) -> list[tuple[bytes, str | None]]:
    """Where the newest result of each input is, as ``job/row``.

    One probe of the index for each input, however many jobs have copies of the result.
    """
    if not keys:
        return []
    wanted = (
        sa.values(sa.column("input_key", sa.LargeBinary), name="wanted")
        .data([(key,) for key in sorted(keys)])
        .cte()
    )
    newest = (
        sa.select(rows.c.job_id.concat(_SEPARATOR).concat(sa.cast(rows.c.row_no, sa.String)))
        .where(rows.c.input_key == wanted.c.input_key, condition)
        .order_by(rows.c.finished_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = connection.execute(sa.select(wanted.c.input_key, newest))
    return [(key, place) for key, place in found]
