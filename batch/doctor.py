"""Looks for what is wrong in a home: databases, files, stuck jobs; and offers to mend it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout

from batch import crew, jobs, pace, rows, runs, uploads
from batch.jobs import Job
from batch.table import SHARD_ROWS, table_info
from core.db import Database
from core.errors import JobError, ShopkeeperError
from core.postgres import is_postgres
from core.schema import claims, shards
from core.schema import jobs as jobs_table
from core.schema import rows as rows_table
from core.schema import uploads as uploads_table
from core.settings import Settings
from core.statuses import ACTIVE, JobStatus, RowStatus
from core.storage import open_storage

LEAST_FREE_BYTES = 500_000_000
#: A running job that has not moved for so long is worth a look.
STANDING_S = 20 * 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        message: What is wrong, and what to do where we cannot mend it.
        repair: What mending it does, in words; empty where we cannot.
        mend: Does it.
    """

    message: str
    repair: str = ""
    mend: Callable[[], object] | None = None


Look = Callable[[Settings, Database], Iterator[Finding]]


def examine(settings: Settings, db: Database) -> Iterator[tuple[str, list[Finding]]]:
    """Look at one thing after the other: its name and what was found.

    What cannot even be looked at is a finding, too.
    """
    for name, look in LOOKS.items():
        try:
            yield name, list(look(settings, db))
        except (ShopkeeperError, OSError, sa.exc.SQLAlchemyError) as error:
            yield name, [Finding(f"It cannot be looked at: {error}")]


def worker_runs(settings: Settings, db: Database) -> bool:
    """Whether a worker of this home runs, or on Postgres any worker at all."""
    if is_postgres(db.engine):
        return bool(crew.living(db))
    try:
        with FileLock(settings.home / "worker.lock").acquire(timeout=0):
            return False
    except Timeout:
        return True


def _database(settings: Settings, db: Database) -> Iterator[Finding]:
    """SQLite's own check of the file; Postgres keeps an eye on its own."""
    if is_postgres(db.engine):
        return
    with db.read() as connection:
        for problem in connection.exec_driver_sql("PRAGMA quick_check").scalars():
            if problem != "ok":
                yield Finding(f"The file is damaged ({problem}). Put back a copy of it.")
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            yield Finding(f"Rows of “{broken[0]}” belong to nothing. Put back a copy of it.")


def _engine(settings: Settings, db: Database) -> Iterator[Finding]:
    """The batch engine's own file, which holds nothing that our tables do not know."""
    path = settings.home / "engine.db"
    if is_postgres(db.engine) or not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA quick_check").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        yield Finding(
            f"The batch engine's file {path} is damaged ({found}).",
            "put it aside; running jobs begin another run and lose nothing",
            partial(_put_aside, settings, db, path),
        )


def _put_aside(settings: Settings, db: Database, path: Path) -> None:
    if worker_runs(settings, db):
        raise JobError("Stop Shopkeeper first: its worker has the file open.")
    for part in path.parent.glob(f"{path.name}*"):
        part.rename(part.with_name(f"damaged-{int(time.time())}-{part.name}"))
    for job in jobs.listing(db):
        runs.begin_next(db, job.id, job.run)


def _disk(settings: Settings, db: Database) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.home).free
    if free < LEAST_FREE_BYTES:
        yield Finding(f"Only {free / 1e6:,.0f} MB are free at {settings.home}; make room.")


def _catalogs(settings: Settings, db: Database) -> Iterator[Finding]:
    """Every upload has its table, and every folder its upload."""
    query = sa.select(uploads_table.c.id, uploads_table.c.name, uploads_table.c.rows)
    storage = open_storage(settings)
    folders = set(storage.names())
    with db.read() as connection:
        known = connection.execute(query).all()
    for upload_id, name, count in known:
        try:
            _, there = table_info(uploads.table_path(settings, upload_id))
        except ShopkeeperError as error:
            yield Finding(f"“{name}” ({upload_id}): {error.message}")
            continue
        if there != count:
            yield Finding(f"“{name}” ({upload_id}) has {there:,} rows instead of {count:,}.")
    for name in sorted(folders - {row.id for row in known}):
        folder = storage / name
        yield Finding(f"{folder.path} belongs to no upload.", "remove it", folder.remove)


def _counts(settings: Settings, db: Database) -> Iterator[Finding]:
    """The counts that progress is told from are those of the rows."""
    with db.read() as connection:
        found = connection.execute(_wrong_counts()).all()
    for job_id, number in found:
        first, last = number * SHARD_ROWS + 1, (number + 1) * SHARD_ROWS
        yield Finding(
            f"Job {job_id}: the counts of rows {first:,} to {last:,} are wrong.",
            "count them again",
            partial(_recount, db, job_id, number),
        )


def _wrong_counts() -> sa.Select[Any]:
    shard_no = ((rows_table.c.row_no - 1) // SHARD_ROWS).label("shard_no")
    counts = {
        status: sa.func.sum(sa.case((rows_table.c.status == status, 1), else_=0)).label(status)
        for status in (RowStatus.DONE, RowStatus.FAILED)
    }
    counted = (
        sa.select(rows_table.c.job_id, shard_no, *counts.values())
        .group_by(rows_table.c.job_id, shard_no)
        .subquery()
    )
    same = sa.and_(counted.c.job_id == shards.c.job_id, counted.c.shard_no == shards.c.shard_no)
    wrong = (shards.c[status] != sa.func.coalesce(counted.c[status], 0) for status in counts)
    return (
        sa.select(shards.c.job_id, shards.c.shard_no)
        .join(jobs_table, jobs_table.c.id == shards.c.job_id)
        .outerjoin(counted, same)
        .where(jobs_table.c.status.not_in((*ACTIVE, JobStatus.DELETED)), sa.or_(*wrong))
        .order_by(shards.c.job_id, shards.c.shard_no)
    )


def _recount(db: Database, job_id: str, shard_no: int) -> None:
    with db.write() as connection:
        rows.recount(connection, job_id, shard_no)


def _jobs(settings: Settings, db: Database) -> Iterator[Finding]:
    """Jobs that are to move do move."""
    active = [job for job in jobs.listing(db) if job.active]
    if active and not worker_runs(settings, db):
        yield Finding(
            f"{len(active)} jobs are to run, and no worker runs. Start one with make run, or with "
            "python -m batch.worker."
        )
        return
    for job in active:
        if minutes := _standing(db, job):
            yield Finding(
                f"Job {job.id}, “{job.name}”, has not moved for {minutes} minutes. See whether "
                "its models answer: python -m core.endpoints",
                "begin another run with the rows that it has left",
                partial(runs.begin_next, db, job.id, job.run),
            )


def _standing(db: Database, job: Job) -> int:
    """Minutes that a running job has not moved for; 0 where it is too early to say."""
    history = pace.history(db, job.id)
    ended = job.done + job.failed
    same = [one.at for one in history if one.done + one.failed == ended]
    stood_s = history[-1].at - same[0] if same else 0.0
    return int(stood_s // 60) if stood_s >= STANDING_S else 0


def _claims(settings: Settings, db: Database) -> Iterator[Finding]:
    idle = sa.select(jobs_table.c.id).where(jobs_table.c.status.not_in(ACTIVE))
    stale = claims.c.job_id.in_(idle)
    with db.read() as connection:
        query = sa.select(sa.func.count()).select_from(claims).where(stale)
        count = connection.execute(query).scalar_one()
    if count:
        message = f"{count:,} rows are still held by jobs that do not run."
        yield Finding(message, "let them go", partial(_let_go, db, stale))


def _let_go(db: Database, stale: sa.ColumnElement[bool]) -> None:
    with db.write() as connection:
        connection.execute(claims.delete().where(stale))


LOOKS: dict[str, Look] = {
    "Database": _database,
    "Batch engine": _engine,
    "Disk": _disk,
    "Catalogs": _catalogs,
    "Counts of rows": _counts,
    "Jobs": _jobs,
    "Rows held": _claims,
}
