"""A job of a million rows, really run: the worker's memory and speed all the way.

``python -m benchmarks.endurance [--rows 1000000] [--home DIR] [--plot docs/million.png]``, about
half an hour. The endpoint is the fake one of the batch benchmark; every row is
checked, grounded and stored. With ``--home`` the home is kept to be looked at.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from batch import jobs, uploads
from batch.plan import Plan
from batch.submission import submit
from benchmarks import fake_endpoint
from benchmarks.batch import COLUMNS, DELAY_S, FIELDS, PORT, catalog, worker
from core.db import Database, open_database
from core.settings import Settings, load_settings

SAMPLE_S = 2.0


@dataclass(frozen=True)
class Moment:
    """How it stood at a time since the start."""

    at_s: float
    done: int
    memory_mb: float


def run(settings: Settings, db: Database, rows: int, url: str) -> list[Moment]:
    """Put a catalog through the real worker; returns how it stood, moment by moment."""
    with tempfile.TemporaryFile() as file:
        file.write(catalog(rows).getbuffer())
        file.seek(0)
        started = time.perf_counter()
        upload = uploads.store(settings, db, "million.csv", file)
    print(f"stored and read  {rows:,} rows in {time.perf_counter() - started:.0f} s", flush=True)
    job_id = submit(db, upload.id, COLUMNS, Plan(FIELDS), "A million").id
    with worker(settings, url) as process:
        moments = _watch(db, job_id, process)
        times = process.cpu_times()
    job = jobs.get(db, job_id)
    assert (job.done, job.failed, job.waiting) == (rows, 0, 0), job
    assert job.calls == rows, f"{job.calls:,} calls for {rows:,} rows"
    print(f"CPU              {1000 * (times.user + times.system) / rows:.2f} ms a row")
    return moments


def _watch(db: Database, job_id: str, process: psutil.Process) -> list[Moment]:
    began, moments = time.perf_counter(), []
    while (job := jobs.get(db, job_id)).active:
        memory_mb = process.memory_info().rss / 1e6
        moments.append(Moment(time.perf_counter() - began, job.done, memory_mb))
        time.sleep(SAMPLE_S)
    moments.append(Moment(time.perf_counter() - began, job.done, moments[-1].memory_mb))
    return moments


def speeds(moments: list[Moment], parts: int = 10) -> list[float]:
    """Rows a second in each tenth of the rows."""
    rows = moments[-1].done
    edges = [
        next(one for one in moments if one.done >= rows * part // parts)
        for part in range(parts + 1)
    ]
    return [(b.done - a.done) / max(0.001, b.at_s - a.at_s) for a, b in pairwise(edges)]


def plot(moments: list[Moment], path: Path) -> None:
    """Draw memory and progress over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    minutes = [one.at_s / 60 for one in moments]
    figure, (upper, lower) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 5))
    upper.plot(minutes, [one.memory_mb for one in moments], color="#2c6e4f")
    upper.axhline(400, color="#c8503f", linestyle="--", linewidth=1)
    upper.set(ylabel="Worker's memory, MB", ylim=(0, 450))
    lower.plot(minutes, [one.done / 1000 for one in moments], color="#2c6e4f")
    lower.set(ylabel="Rows done, thousands", xlabel="Minutes", ylim=(0, None))
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fake_endpoint.running(PORT, DELAY_S) as url:
        settings = load_settings(home=options.home or Path(folder))
        with closing(open_database(settings)) as db:
            moments = run(settings, db, options.rows, url)
    took_s, memory = moments[-1].at_s, [one.memory_mb for one in moments]
    tenth = max(1, len(memory) // 10)
    print(f"rows             {options.rows:,} in {took_s / 60:.1f} min")
    print(f"rows/s by tenth  {', '.join(f'{speed:.0f}' for speed in speeds(moments))}")
    print(
        f"memory           {max(memory):.0f} MB at most; "
        f"{max(memory[:tenth]):.0f} in the first tenth, {max(memory[-tenth:]):.0f} in the last"
    )
    if options.plot:
        plot(moments, options.plot)


if __name__ == "__main__":
    main()
