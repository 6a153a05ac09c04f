"""What is known already: results are remembered by what went into them, and not paid twice.

The rows of all jobs are the memory, with those that were read for estimates. A
row is known when any of them has a result for the same input (:mod:`batch.inputs`)
from a model that would be asked now; the newest one counts. Equal rows of one
catalog are asked for once: a shard looks up what it has claimed (:mod:`batch.claims`),
and what another shard has claimed it leaves for later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch import approved, claims, estimated
from batch.extract import Outcome
from batch.inputs import Input
from batch.jobs import Job
from batch.ranges import Shard
from batch.recall import recalled
from core.db import Database
from core.endpoints import Endpoint
from core.schema import rows
from core.statuses import Lane, RowStatus

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
    shard: Shard,
    items: Sequence[Input],
    again: Collection[int],
    answering: Collection[str],
) -> Division:
    """Claim rows of a shard and look up what is known of them.

    Rows whose values a person has approved are known, too (:mod:`batch.approved`).

    Args:
        db: Our tables.
        shard: Where the rows stand.
        items: The missing rows.
        again: Numbers of those that a person wants to have read again.
        answering: The models that may answer.
    """
    said = {} if shard.job.fresh else _said(items, again)
    items = [item for item in items if item.row_no not in said]
    claimed = claims.claim(db, shard, items)
    ours = [item for item in items if item.row_no in claimed]
    found = lookup(db, shard, ours, again, answering)
    columns = shard.job.columns
    known = (recalled(found[item.key], item, columns) for item in ours if item.key in found)
    return Division(
        known=[*said.values(), *known],
        ours=[item for item in ours if item.key not in found],
        others=[item for item in items if item.row_no not in claimed],
    )


def _said(items: Sequence[Input], again: Collection[int]) -> dict[int, Outcome]:
    """Rows that need no call since a person has said everything about them, by number."""
    anew = set(again)
    return {
        item.row_no: approved.outcome(item)
        for item in items
        if approved.suffices(item) and item.row_no not in anew
    }


def lookup(
    db: Database,
    shard: Shard,
    ours: Sequence[Input],
    again: Collection[int],
    answering: Collection[str],
) -> dict[bytes, Mapping[str, Any]]:
    """Stored results by input, for rows that the shard has claimed.

    Of all jobs and estimates, or of this job where rows are to be read anew.
    """
    own = _of_job(shard.job)
    everywhere = sa.or_(own, _from(answering))
    anew = {item.key for item in ours if item.row_no in again}
    with db.read() as connection:
        found = _newest(connection, claims.held(shard), own if shard.job.fresh else everywhere)
        if not shard.job.fresh:
            left = {item.key for item in ours} - found.keys()
            found |= estimated.find(connection, left, answering)
        found = {key: row for key, row in found.items() if key not in anew}
        return found | _newest(connection, _these(anew), own)


def settled(db: Database, job: Job, items: Sequence[Input]) -> list[Outcome]:
    """What has come of equal rows of this job, for those of these that had to wait for them."""
    with db.read() as connection:
        found = _newest(connection, _these({item.key for item in items}), _of_job(job))
    return [recalled(found[item.key], item, job.columns) for item in items if item.key in found]


def known_keys(
    connection: Connection, keys: Collection[bytes], answering: Collection[str]
) -> set[bytes]:
    """Those inputs that have a result from one of these models."""
    query = sa.select(rows.c.input_key).where(rows.c.input_key.in_(keys), _from(answering))
    return set(connection.execute(query.distinct()).scalars())


def _of_job(job: Job) -> sa.ColumnElement[bool]:
    """Results of the job itself. What has failed in this run would fail again."""
    failed = sa.and_(rows.c.status == RowStatus.FAILED, rows.c.run == job.run)
    return sa.and_(rows.c.job_id == job.id, sa.or_(_DONE, failed))


def _from(answering: Collection[str]) -> sa.ColumnElement[bool]:
    """Results that one of these models gave."""
    return sa.and_(_DONE, rows.c.model.in_(sorted(answering)))


def _these(keys: Collection[bytes]) -> sa.CTE | None:
    """Inputs as a table of one column; None where there are none."""
    if not keys:
        return None
    column = sa.column("input_key", sa.LargeBinary)
    return sa.values(column, name="wanted").data([(key,) for key in sorted(keys)]).cte()


def _newest(
    connection: Connection, wanted: sa.CTE | None, condition: sa.ColumnElement[bool]
) -> dict[bytes, Mapping[str, Any]]:
    """The newest result of each input, where there is one.

    One probe of the index for each input, however many jobs have copies of the result.
    """
    if wanted is None:
        return {}
    place = rows.c.job_id.concat(_SEPARATOR).concat(sa.cast(rows.c.row_no, sa.String))
    newest = (
        sa.select(place)
        .where(rows.c.input_key == wanted.c.input_key, condition)
        .order_by(rows.c.finished_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    numbers: dict[str, list[int]] = defaultdict(list)
    for found in connection.execute(sa.select(newest).select_from(wanted)).scalars():
        if found is not None:
            job_id, _, row_no = found.partition(_SEPARATOR)
            numbers[job_id].append(int(row_no))
    stored: dict[bytes, Mapping[str, Any]] = {}
    for job_id, row_nos in numbers.items():
        query = rows.select().where(rows.c.job_id == job_id, rows.c.row_no.in_(row_nos))
        stored |= {row["input_key"]: row for row in connection.execute(query).mappings()}
    return stored
