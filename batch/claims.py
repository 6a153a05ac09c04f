"""Which row is asked for the others that equal it: an input is claimed before it is looked up.

Of the shards that have the same input, one in a run gets it; the others leave their
rows for later.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from batch.inputs import Input
from batch.jobs import Job
from batch.ranges import Shard
from core.db import Database
from core.schema import claims


def claim(db: Database, shard: Shard, items: Sequence[Input]) -> set[int]:
    """Claim the inputs of rows for this run; returns the rows that it was given to."""
    if not items:
        return set()
    job = shard.job
    claimed = [
        {"job_id": job.id, "input_key": item.key, "row_no": item.row_no, "run": job.run}
        # In one order everywhere: workers that want the same inputs then cannot block each other.
        for item in sorted(items, key=lambda item: (item.key, item.row_no))
    ]
    with db.write() as connection:
        connection.execute(_claiming(connection.dialect.name), claimed)
        numbers = sa.select(claims.c.row_no).where(_held_by(shard))
        return set(connection.execute(numbers).scalars()) & {item.row_no for item in items}


@cache
def _claiming(dialect: str) -> sa.Insert:
    """Takes an input that nobody has claimed in this run."""
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(claims)
    new = statement.excluded
    built: sa.Insert = statement.on_conflict_do_update(
        index_elements=["job_id", "input_key"],
        set_={"row_no": new.row_no, "run": new.run},
        where=claims.c.run < new.run,
    )
    return built


def held(shard: Shard) -> sa.CTE:
    """The inputs that a shard has claimed, as a table of one column."""
    return sa.select(claims.c.input_key).where(_held_by(shard)).cte("wanted")


def _held_by(shard: Shard) -> sa.ColumnElement[bool]:
    return sa.and_(
        claims.c.job_id == shard.job.id,
        claims.c.run == shard.job.run,
        claims.c.row_no.between(shard.first_row, shard.last_row),
    )


def release(db: Database, shard: Shard) -> None:
    """Give up a shard's claims: what came of its rows is in the tables."""
    with db.write() as connection:
        connection.execute(claims.delete().where(_held_by(shard)))


def release_all(db: Database, job: Job) -> None:
    """Give up every claim of a job, when none of its rows is asked for any more."""
    with db.write() as connection:
        connection.execute(claims.delete().where(claims.c.job_id == job.id))
