"""How fast results flow out: ``python -m benchmarks.deliveries [--rows 100000] [--times 3]``.

A finished job is delivered to a Postgres of its own by a process that does nothing else: into
an empty table, once more where nothing has changed, and where a tenth has. What reading
alone takes is measured beside it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from batch import deliveries, delivery_runs, destinations, jobs
from batch.choice import Choice, chosen
from batch.delivering import Delivering
from batch.delivery_items import Items
from batch.destination_options import DestinationKind
from batch.jobs import Job
from core.db import Database, open_database
from core.settings import Settings, load_settings
from core.values import Value
from tests import postgres
from tests.batch.delivering import finished, sql_options

MB = 1 << 20


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("HOME", "WHAT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _one(Path(given.one[0]), given.one[1])
        return
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        home = Path(folder)
        settings = load_settings(home=home, sample_shop=False)
        with closing(open_database(settings)) as db:
            _made_ready(settings, db, given.rows, server.new_database())
        for what in ("read", *(["deliver"] * given.times), "again", "changed"):
            command = [sys.executable, "-m", "benchmarks.deliveries", "--one", folder, what]
            subprocess.run(command, check=True)


def _made_ready(settings: Settings, db: Database, rows: int, theirs: str) -> None:
    """Two jobs over the same products, in the second of which a tenth has changed."""
    print(f"{rows:,} rows, five fields, Postgres on this machine")
    finished(settings, db, rows)
    changed = {number: {"brand": Value("Zenit")} for number in range(1, rows + 1, 10)}
    finished(settings, db, rows, changed=changed)
    destinations.add(settings, db, "Postgres", DestinationKind.SQL, sql_options(theirs))


def _one(home: Path, what: str) -> None:
    """One measurement, in a process of its own."""
    settings = load_settings(home=home, sample_shop=False)
    with closing(open_database(settings)) as db:
        second, first = jobs.listing(db)[:2]
        if what == "read":
            _measured("reading alone", first.rows, lambda: _read(settings, db, first))
            return
        if what == "deliver":
            _emptied(settings, db)
        job = second if what == "changed" else first
        titles = {"deliver": "to an empty table", "again": "nothing changed"}
        _deliver(settings, db, job, titles.get(what, "a tenth changed"))


def _read(settings: Settings, db: Database, job: Job) -> None:
    items = Items(job)
    for row in chosen(settings, db, job, Choice.DONE):
        items.of(row)


def _emptied(settings: Settings, db: Database) -> None:
    """Have the next table made anew, under another name."""
    (to,) = destinations.listing(db)
    table = f"products_{time.time_ns()}"
    given = to.options.model_dump() | {"table": table}
    given.pop("kind")
    destinations.change(settings, db, to.id, to.name, given)


def _deliver(settings: Settings, db: Database, job: Job, title: str) -> None:
    (to,) = destinations.listing(db)
    key = str(time.time_ns())
    delivery = deliveries.submit(
        db, to.id, job.id, Choice.DONE, cause="a benchmark", request_key=key
    )
    (one,) = delivery_runs.due(db)
    _measured(title, job.rows, lambda: Delivering(settings, db, one).go())
    ended = deliveries.get(db, delivery.id)
    print(f"    {ended.status}: {ended.sent:,} sent, {ended.changed:,} changed")


def _measured(title: str, rows: int, do: Callable[[], object]) -> None:
    began, used = time.perf_counter(), time.process_time()
    with _watched() as memory:
        do()
    seconds = time.perf_counter() - began
    used = time.process_time() - used
    quarter = memory[len(memory) // 4] if memory else 0
    print(
        f"{title:20} {rows / seconds:8,.0f} rows/s   {seconds:6.2f} s, "
        f"of the processor {used:5.2f} s   "
        f"memory {quarter / MB:5.0f} MB at a quarter, {max(memory) / MB:5.0f} MB at most",
        flush=True,
    )


@contextmanager
def _watched() -> Iterator[list[int]]:
    """The process's memory, ten times a second."""
    sizes: list[int] = []
    over = threading.Event()
    process = psutil.Process()

    def watch() -> None:
        while not over.wait(0.1):
            sizes.append(process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield sizes
    finally:
        over.set()
        thread.join()
        sizes.append(process.memory_info().rss)


if __name__ == "__main__":
    main()
