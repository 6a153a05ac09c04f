"""Several workers over one job on Postgres, and how soon one that was killed goes on.

``python -m benchmarks.workers [scaling|resume|turns]``; all of them without a name. Starts
a Postgres of its own and a fake endpoint, whose slots grow with the workers so that it is
the limit of each.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import orjson
import psutil
import typer

from batch import jobs, uploads
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from benchmarks import fake_endpoint
from benchmarks.batch import COLUMNS, FIELDS, catalog
from benchmarks.lanes_fake import Figure
from core import pool_tables
from core.db import Database, open_database
from core.pool import open_pool
from core.settings import Settings, child_environment, load_settings
from core.usage import percentile
from tests import postgres
from tests.postgres import Postgres

PORT = 9391
#: 20 calls at once of 0.5 s each: at most 40 rows/s a worker.
SLOTS_EACH, DELAY_S = 20, 0.5
ROWS, WINDOW_S, WARM_UP_S = 12_000, 40.0, 6.0
KILLS, RESUME_ROWS = 7, 20_000
#: Processes that take leases without a pause, and people who are being answered meanwhile.
TURNS = ((1, 0), (2, 0), (4, 0), (4, 100), (4, 300), (4, 1000))
TURNS_S, MOST_CALLS = 5.0, 2_000

app = typer.Typer(add_completion=False)


def settings_of(home: Path, url: str, slots: int, database: str | None) -> Settings:
    """Settings of a home with one endpoint."""
    return load_settings(
        home=home,
        openai_base_url=url,
        openai_model="fake",
        slots=slots + 1,  # one is kept for chat
        database=database,
    )


@contextmanager
def worker(settings: Settings) -> Iterator[psutil.Process]:
    """A worker process, ended the hard way."""
    with (settings.home / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "batch.worker"],
            env=child_environment(settings),
            stdout=log,
            stderr=log,
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def submitted(settings: Settings, db: Database, rows: int) -> Job:
    """A job of so many rows."""
    upload = uploads.store(settings, db, "bench.csv", catalog(rows))
    return submit(db, upload.id, COLUMNS, Plan(FIELDS), "bench")


def calls() -> int:
    """How often the endpoint was asked so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/calls", timeout=10) as response:
        return int(response.read())


def rate(server: Postgres, count: int) -> tuple[float, float]:
    """Rows/s of so many workers, and what each took of a core, once all of them work."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        url = running.enter_context(fake_endpoint.running(PORT, DELAY_S))
        # One home: the workers of this machine. Others would share its uploads instead.
        settings = settings_of(folder, url, count * SLOTS_EACH, server.new_database())
        db = running.enter_context(closing(open_database(settings)))
        job_id = submitted(settings, db, ROWS).id
        processes = [running.enter_context(worker(settings)) for _ in range(count)]
        while jobs.get(db, job_id).done < count * 2 * SLOTS_EACH:
            time.sleep(0.2)
        time.sleep(WARM_UP_S)
        began, before, busy = time.monotonic(), jobs.get(db, job_id).done, _cpu_s(processes)
        time.sleep(WINDOW_S)
        done, took_s = jobs.get(db, job_id).done - before, time.monotonic() - began
        return done / took_s, (_cpu_s(processes) - busy) / took_s / count


def _cpu_s(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


@app.command()
def scaling() -> None:
    """Three workers beside one."""
    with postgres.running() as server:
        one, core_one = rate(server, 1)
        three, core_three = rate(server, 3)
    print(f"\nOne job on Postgres, an endpoint of {SLOTS_EACH} slots a worker, {DELAY_S} s a call")
    print(f"  one worker    {one:6.1f} rows/s, {core_one:.0%} of a core")
    print(f"  three workers {three:6.1f} rows/s, {core_three:.0%} of a core each")
    ratio = three / one
    print(Figure("three workers to one", ratio, "at least 2.50", ratio >= 2.5))


def resumes(database: str | None) -> list[float]:
    """Seconds from the start of a worker to its first new call, after each of some kills."""
    found: list[float] = []
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        url = running.enter_context(fake_endpoint.running(PORT, DELAY_S))
        settings = settings_of(folder, url, SLOTS_EACH, database)
        db = running.enter_context(closing(open_database(settings)))
        job_id = submitted(settings, db, RESUME_ROWS).id
        for _ in range(KILLS + 1):
            asked, began = calls(), time.monotonic()
            with worker(settings):
                while calls() == asked:
                    time.sleep(0.02)
                found.append(time.monotonic() - began)
                before = jobs.get(db, job_id).done
                while jobs.get(db, job_id).done < before + 3 * SLOTS_EACH:
                    time.sleep(0.05)
            time.sleep(2 * DELAY_S)
    return found[1:]  # the first one began afresh


@app.command()
def resume() -> None:
    """How soon a killed worker goes on."""
    with postgres.running() as server:
        for name, database in (("SQLite", None), ("Postgres", server.new_database())):
            times = resumes(database)
            shown = ", ".join(f"{one:.2f}" for one in times)
            print(f"\nFirst new call after a kill, s from the worker's start, {name}: {shown}")
            middle, most = statistics.median(times), max(times)
            print(Figure("median, s", middle, "at most 3", middle <= 3))
            print(Figure("longest, s", most, "at most 3", most <= 3))


@app.command(hidden=True)
def taker(folder: Path, database: str, start: float) -> None:
    """Take and give back leases in a span that starts then; prints the time of each in ms."""
    times = []
    settings = settings_of(folder, "http://127.0.0.1:9/v1", MOST_CALLS, database or None)
    with closing(open_pool(settings)) as pool:
        pool.release(*pool.admit(), 10, None)
        time.sleep(max(0.0, start - time.time()))
        while time.time() < start + TURNS_S:
            began = time.perf_counter()
            endpoint, lease = pool.admit()
            pool.release(endpoint, lease, 10, 100.0)
            times.append((time.perf_counter() - began) * 1000)
    print(orjson.dumps(times).decode())


@app.command()
def turns() -> None:
    """How many leases a second people can be given in all, under the pool's one lock."""
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        for name, database in (("SQLite", None), ("Postgres", server.new_database())):
            settings = settings_of(Path(folder) / name, "http://m/v1", MOST_CALLS, database)
            print(f"\nLeases of people, taken and given back without a pause, {name}")
            for processes, others in TURNS:
                with calls_under_way(settings, others):
                    _print_turns(settings, processes, others)


@contextmanager
def calls_under_way(settings: Settings, count: int) -> Iterator[None]:
    """So many people are being answered meanwhile."""
    with closing(open_pool(settings)) as pool:
        held = [pool.admit() for _ in range(count)]
        with pool._store.turn() as (connection, now):
            connection.execute(pool_tables.leases.update().values(expires_at=now + 3600))
        yield
        for endpoint, lease in held:
            pool.release(endpoint, lease, 0, None)


def _print_turns(settings: Settings, processes: int, others: int) -> None:
    start = time.time() + 3 + processes / 2
    command = [sys.executable, "-m", "benchmarks.workers", "taker", str(settings.home)]
    takers = [
        subprocess.Popen([*command, settings.database or "", str(start)], stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    times = [orjson.loads(one.communicate()[0]) for one in takers]
    each = [moment for taken in times for moment in taken]
    middle, high = percentile(each, 0.5) or 0, percentile(each, 0.95) or 0
    print(
        f"  {processes} processes, {others:4d} answers under way: {len(each) / TURNS_S:5.0f} "
        f"a second, p50 {middle:.2f} ms, p95 {high:.2f} ms"
    )


@app.callback(invoke_without_command=True)
def every(context: typer.Context) -> None:
    """All three."""
    if context.invoked_subcommand is None:
        for measure in (resume, turns, scaling):
            measure()


if __name__ == "__main__":
    app()
