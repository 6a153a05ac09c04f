"""Submits jobs: records one so that the worker takes it up, whatever happens meanwhile.

Knows nothing of who may start how much: see :mod:`batch.allowance`.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.budget import Budget
from batch.columns import Columns
from batch.jobs import Job, get
from batch.plan import Plan
from batch.table import SHARD_ROWS
from core.db import Database
from core.errors import JobError
from core.schema import jobs, shards, uploads
from core.statuses import JobStatus


def submit(
    db: Database,
    upload_id: str,
    columns: Columns,
    plan: Plan,
    name: str,
    *,
    request_key: str | None = None,
    fresh: bool = False,
    version_of: Job | None = None,
    provider: str | None = None,
    budget: Budget | None = None,
    learns: bool = True,
) -> Job:
    """Record a job; once this returns it survives anything, and the worker takes it up.

    Args:
        request_key: Names the request, so that :func:`batch.jobs.by_request` finds
            its job again; no two jobs have the same.
        fresh: Read every row anew, whatever earlier jobs have found.
        version_of: The job that this one does again with other fields or columns.
        provider: The endpoint whose provider takes the rows as batches, if they are
            to be sent there.
        budget: What it may cost; it stops when that is reached.
        learns: Whether approved rows are shown to the model as demonstrations.

    Raises:
        JobError: The upload is gone or has no rows.
    """
    job_id = secrets.token_hex(5)
    with db.write() as connection:
        count = connection.execute(
            sa.select(uploads.c.rows).where(uploads.c.id == upload_id)
        ).scalar()
        if not count:
            raise JobError("The uploaded file is no longer there; please upload it again.")
        connection.execute(
            jobs.insert().values(
                id=job_id,
                name=name,
                upload_id=upload_id,
                **_chosen(columns, plan, budget),
                learns=learns,
                status=JobStatus.QUEUED,
                reason="",
                run=1,
                rows=count,
                origin_id=version_of.origin_id if version_of else job_id,
                version=_next_version(connection, version_of),
                fresh=fresh,
                request_key=request_key,
                provider=provider,
                created_at=time.time(),
            )
        )
        connection.execute(shards.insert(), _shards(job_id, count))
    return get(db, job_id)


def _chosen(columns: Columns, plan: Plan, budget: Budget | None) -> dict[str, Any]:
    """What a job reads and extracts, and what it may cost, as stored."""
    return {
        "columns": columns.to_json(),
        "fields": plan.fields_to_json(),
        "types": plan.types_to_json(),
        "budget": budget.amount if budget else None,
        "currency": budget.currency if budget else None,
    }


def _next_version(connection: Connection, earlier: Job | None) -> int:
    if earlier is None:
        return 1
    latest = sa.select(sa.func.max(jobs.c.version)).where(jobs.c.origin_id == earlier.origin_id)
    return int(connection.execute(latest).scalar() or earlier.version) + 1


def _shards(job_id: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "job_id": job_id,
            "shard_no": number,
            "first_row": number * SHARD_ROWS + 1,
            "rows": min(SHARD_ROWS, count - number * SHARD_ROWS),
        }
        for number in range(-(-count // SHARD_ROWS))
    ]
