"""How long people wait beside a million rows: ``python -m benchmarks.million [--rows N]``.

Builds a home of 100 jobs, one of them with a million rows read over a weekend,
by inserting them in bulk, and prints how long each thing that people look at
takes. ``--database`` names a Postgres to be measured instead of SQLite.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest import mock

import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from batch import control, failures, jobs, pace, removal, retry, rows, stored_rows, uploads
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from batch.table import SHARD_ROWS
from benchmarks.batch import COLUMNS, FIELDS, catalog
from core import schema, services
from core.db import Database, open_database
from core.settings import PROJECT, Settings, load_settings
from core.statuses import JobStatus, RowStatus
from core.values import Value
from pages.parts import visitor

JOBS = 100
SMALL_ROWS = 2_000
#: One row in so many has failed.
FAILED_EVERY = 100
WEEKEND_S = 60 * 3600.0
SAMPLE_S = 2.0
STATES = (JobStatus.DONE, JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED)


def build(settings: Settings, db: Database, count: int) -> Job:
    """A home with one large job, still running, and many small ones; returns the large one."""
    small_file = uploads.store(settings, db, "small.csv", catalog(SMALL_ROWS))
    chance = random.Random(5)
    for number in range(JOBS - 1):
        job = submit(db, small_file.id, COLUMNS, Plan(FIELDS), f"Small job {number}")
        status = chance.choice(STATES)
        done = SMALL_ROWS if status is JobStatus.DONE else chance.randrange(1, SMALL_ROWS)
        fill(db, job, done, status, 600.0)
    large_file = uploads.store(settings, db, "large.csv", catalog(count))
    job = submit(db, large_file.id, COLUMNS, Plan(FIELDS), "A million rows")
    fill(db, job, count - 1, JobStatus.RUNNING, WEEKEND_S)
    with db.engine.connect() as connection:
        connection.execute(sa.text("ANALYZE"))
        connection.commit()
    return jobs.get(db, job.id)


def fill(db: Database, job: Job, done: int, status: JobStatus, run_s: float) -> None:
    """Give a job its results, counts and history, as its worker would have."""
    now = time.time()
    with db.write() as connection:
        connection.execute(_results(connection.dialect.name, job.id, done, now))
        for shard_no in range(-(-done // SHARD_ROWS)):
            rows.recount(connection, job.id, shard_no)
        connection.execute(
            schema.jobs.update()
            .where(schema.jobs.c.id == job.id)
            .values(status=status, started_at=now - run_s, finished_at=now)
        )
        connection.execute(schema.samples.insert(), list(_history(job.id, done, now, run_s)))


def _history(job_id: str, done: int, now: float, run_s: float) -> Iterator[dict[str, object]]:
    """The samples that are left of a run of this length, with those of the last minute."""
    moment = now - run_s
    while moment < now:
        age = moment - (now - run_s)
        count = int(done * age / run_s)
        tokens = {"prompt_tokens": 400 * count, "completion_tokens": 60 * count}
        yield {"job_id": job_id, "at": moment, "done": count, "failed": 0, "calls": count} | tokens
        recent = now - moment < pace.RECENT_S
        moment += SAMPLE_S if recent else max(SAMPLE_S, age * pace.GAP_SHARE)


def _results(dialect: str, job_id: str, count: int, now: float) -> sa.Insert:
    """Results of the first rows, made by the database itself."""
    first = sa.select(sa.literal(1).label("row_no")).cte("numbers", recursive=True)
    numbers = first.union_all(sa.select(first.c.row_no + 1).where(first.c.row_no < count))
    failed = numbers.c.row_no % FAILED_EVERY == 0
    key = (
        sa.func.decode(sa.func.md5(sa.cast(numbers.c.row_no, sa.String)), "hex")
        if dialect == "postgresql"
        else sa.func.randomblob(16)
    )
    values = {field.name: Value("Acme jacket").to_json() for field in FIELDS}
    constant = {
        "job_id": job_id,
        "notes": sa.literal([], sa.JSON),
        "values": sa.literal(values, sa.JSON),
        "raw": "",
        "model": "fake",
        "attempts": 1,
        "prompt_tokens": 400,
        "completion_tokens": 60,
        "run": 1,
        "finished_at": now,
    }
    columns: dict[str, sa.ColumnElement[object]] = {
        name: value if isinstance(value, sa.ColumnElement) else sa.literal(value)
        for name, value in constant.items()
    }
    columns |= {
        "row_no": numbers.c.row_no,
        "input_key": key,
        "status": sa.case((failed, RowStatus.FAILED), else_=RowStatus.DONE),
        "error": sa.case((failed, "The model's answer was not valid JSON."), else_=""),
        "reason": sa.case((failed, "not valid JSON"), else_=""),
    }
    made = sa.select(*(column.label(name) for name, column in columns.items()))
    return schema.rows.insert().from_select(list(columns), made)


def timed(what: str, action: Callable[[], object], times: int = 5) -> None:
    """Print the median and the longest time of an action."""
    took_ms = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        took_ms.append((time.perf_counter() - began) * 1000)
    print(f"{what:<42} {statistics.median(took_ms):8.1f} ms  (at most {max(took_ms):.1f})")


def look(settings: Settings, db: Database, job: Job) -> None:
    """What the pages ask for."""
    timed("jobs.listing, 11 jobs", lambda: jobs.listing(db, 11))
    timed("jobs.listing, all jobs", lambda: jobs.listing(db))
    timed("jobs.get", lambda: jobs.get(db, job.id))
    timed("pace.history", lambda: pace.history(db, job.id))
    print(f"{'':<42} {len(pace.history(db, job.id)):8} samples of a weekend")
    middle, last = job.rows // 2, job.rows - 99
    for name, first in (("first", 1), ("middle", middle), ("last", last)):
        page = partial(stored_rows.page, settings, db, job, first, 100)
        timed(f"stored_rows.page, {name} page", page)
    for name, first in (("first", 1), ("middle", middle)):
        page = partial(stored_rows.page, settings, db, job, first, 100, RowStatus.FAILED)
        timed(f"stored_rows.page, failed rows, {name} page", page)
    timed("failures.reasons", lambda: failures.reasons(db, job))


def draw(job: Job) -> None:
    """The page's whole script, as a browser has it run."""
    # Nothing is started, and there is no browser with cookies.
    with mock.patch.object(services, "ensure"), mock.patch.object(visitor, "_cookie", str):
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120).run()
        app = app.switch_page("pages/jobs.py").run()
        timed("the page of all jobs", app.run)
        app.query_params["job"] = job.id
        app.run()
        timed("the page of the large job", app.run)
    if app.exception:
        raise SystemExit(str(app.exception[0].value))


def decide(db: Database, job: Job) -> None:
    """What people decide about the large job, and its removal."""
    timed("control.pause", lambda: control.pause(db, job.id), 1)
    timed("control.resume", lambda: control.resume(db, job.id), 1)
    control.pause(db, job.id)
    timed("retry.retry_failed", lambda: retry.retry_failed(db, job.id), 1)
    timed("control.delete", lambda: control.delete(db, job.id), 1)
    pieces = []
    began = time.perf_counter()
    while removal.remove_piece(db):
        pieces.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
    print(
        f"{'its removal, piece by piece':<42} {statistics.median(pieces):8.1f} ms  "
        f"(at most {max(pieces):.1f}) for each of {len(pieces)} pieces, {sum(pieces) / 1000:.1f} s"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", help="an empty Postgres database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"SHOPKEEPER_HOME": folder, "SHOPKEEPER_SAMPLE_SHOP": "false"}
        if options.database:
            os.environ["DATABASE_URL"] = options.database
        settings = load_settings(home=Path(folder))
        db = open_database(settings)
        began = time.perf_counter()
        job = build(settings, db, options.rows)
        print(
            f"built in {time.perf_counter() - began:.0f} s: {JOBS} jobs, {job.done:,} rows done\n"
        )
        look(settings, db, job)
        draw(job)
        decide(db, job)
        db.close()
        st.cache_resource.clear()


if __name__ == "__main__":
    main()
