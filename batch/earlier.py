"""What the version before had found for the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.jobs import Job
from batch.plan import Plan
from batch.reviewed import Earlier, differing
from core.schema import jobs, rows
from core.statuses import JobStatus, RowStatus
from core.values import Value


@dataclass(frozen=True, slots=True)
class Previous:
    """The version before a job.

    Attributes:
        names: The fields that both have.
    """

    job_id: str
    version: int
    names: frozenset[str]


def previous(connection: Connection, job: Job) -> Previous | None:
    """The newest version before this one that read the same catalog, if there is one."""
    if job.version == 1:
        return None
    query = (
        sa.select(jobs.c.id, jobs.c.version, jobs.c.fields, jobs.c.types)
        .where(jobs.c.origin_id == job.origin_id, jobs.c.version < job.version)
        # Rows of another file are other products.
        .where(jobs.c.upload_id == job.upload_id, jobs.c.status != JobStatus.DELETED)
        .order_by(jobs.c.version.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    if found is None:
        return None
    theirs = {one.name for one in Plan.from_json(found.fields, found.types).all_fields}
    names = frozenset(theirs & {one.name for one in job.fields})
    return Previous(found.id, found.version, names)


def of_rows(
    connection: Connection, before: Previous | None, numbers: Sequence[int]
) -> dict[int, dict[str, Value]]:
    """What it had found for these rows, in the fields that both have."""
    if before is None:
        return {}
    query = sa.select(rows.c.row_no, rows.c["values"]).where(
        rows.c.job_id == before.job_id,
        rows.c.row_no.in_(numbers),
        rows.c.status == RowStatus.DONE,
    )
    return {
        row_no: read_values(stored, before.names) for row_no, stored in connection.execute(query)
    }


def compared(
    values: Mapping[str, Value], before: Previous, theirs: Mapping[str, Value]
) -> Earlier | None:
    """Where the version before says something else; None where it agrees."""
    ours = {name: value for name, value in values.items() if name in before.names}
    unlike = differing(ours, theirs)
    if not unlike:
        return None
    return Earlier(before.version, {name: theirs.get(name) for name in sorted(unlike)})


def read_values(stored: Mapping[str, Any], names: frozenset[str] | None = None) -> dict[str, Value]:
    """Values as they are stored; only those of these fields, where some are named."""
    return {
        name: Value.from_json(value)
        for name, value in stored.items()
        if names is None or name in names
    }
