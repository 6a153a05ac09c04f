"""How fast rows go through: the worker beside bare aiohttp, against the same fake endpoint.

``python -m benchmarks.batch [--rows 20000] [--times 4]``. Every row of ours is
parsed, checked, grounded and stored; bare aiohttp throws its answers away.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from batch import jobs, uploads
from batch.answers import answer_schema
from batch.columns import Columns
from batch.fields import FieldSet, parse_fields
from batch.plan import Plan
from batch.prompt import messages, row_text, system_text
from batch.submission import submit
from benchmarks import fake_endpoint
from core.db import Database, open_database
from core.settings import Settings, load_settings

PORT = 9377
DELAY_S = 0.05
SLOTS = 64
COLUMNS = Columns(id="id", title="title", text=("title", "description"))
FIELDS: FieldSet = parse_fields(
    [
        {"name": "brand", "type": "text", "description": "Who makes it."},
        {"name": "color", "type": "text", "description": "Main colour."},
        {"name": "material", "type": "text", "description": "What it is made of."},
        {"name": "size", "type": "text", "description": "Size with its unit."},
        {"name": "waterproof", "type": "boolean", "description": "Whether it is waterproof."},
        {"name": "tags", "type": "list", "description": "Search terms."},
        {"name": "seo_title", "type": "text", "description": "A page title."},
    ]
)


@dataclass(frozen=True)
class Run:
    """One run of the worker."""

    rows: int
    seconds: float
    cpu_s: float
    peak_mb: float

    @property
    def rows_per_s(self) -> float:
        """Rows per second between the job's first and last row."""
        return self.rows / self.seconds


def row(number: int) -> dict[str, str]:
    """A product of ordinary length."""
    return {
        "id": f"P{number}",
        "title": f"Acme jacket {number} red",
        "description": f"Model {number}: a red jacket of waxed cotton for wet walks, with two "
        "large pockets, a hood that folds away and a storm flap. Sizes S to XXL.",
    }


def catalog(rows: int) -> io.BytesIO:
    """A CSV of so many products."""
    lines = ["id,title,description"]
    lines += [",".join(f'"{cell}"' for cell in row(number).values()) for number in range(rows)]
    return io.BytesIO("\n".join(lines).encode())


async def bare(url: str, rows: int) -> float:
    """Rows per second of aiohttp alone, with the same prompts and as many calls at once."""
    system, schema = system_text(FIELDS), answer_schema(FIELDS)
    numbers = iter(range(rows))

    async def lane(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            product, _ = row_text(row(number), COLUMNS)
            body = {
                "model": "fake",
                "messages": messages(system, product),
                "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
            }
            async with session.post(f"{url}/chat/completions", json=body) as response:
                await response.json()

    connector = aiohttp.TCPConnector(limit=SLOTS)
    async with aiohttp.ClientSession(connector=connector) as session:
        started = time.perf_counter()
        await asyncio.gather(*(lane(session) for _ in range(SLOTS)))
        return rows / (time.perf_counter() - started)


@contextmanager
def worker(settings: Settings, url: str) -> Iterator[psutil.Process]:
    """The worker process of a home."""
    environment = os.environ | {
        "SHOPKEEPER_HOME": str(settings.home),
        "OPENAI_BASE_URL": url,
        "OPENAI_MODEL": "fake",
        "SHOPKEEPER_SLOTS": str(SLOTS + 1),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "batch.worker"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


def ours(url: str, rows: int) -> Run:
    """One job of so many rows through the real worker."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder))
        db = open_database(settings)
        upload = uploads.store(settings, db, "bench.csv", catalog(rows))
        job_id = submit(db, upload.id, COLUMNS, Plan(FIELDS), "bench").id
        with worker(settings, url) as process:
            peak = _watch(db, job_id, process)
            job = jobs.get(db, job_id)
            times = process.cpu_times()
        assert (job.done, job.failed) == (rows, 0), f"{job.done} done, {job.failed} failed"
        assert job.started_at is not None
        assert job.finished_at is not None
        db.close()
        return Run(rows, job.finished_at - job.started_at, times.user + times.system, peak)


def _watch(db: Database, job_id: str, process: psutil.Process) -> float:
    """Wait for the job's end; returns the worker's highest memory in MB."""
    peak = 0.0
    while jobs.get(db, job_id).active:
        peak = max(peak, process.memory_info().rss / 1e6)
        time.sleep(0.5)
    return peak


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=0, help="also so many times the rows")
    options = parser.parse_args()
    with fake_endpoint.running(PORT, DELAY_S) as url:
        baseline = asyncio.run(bare(url, options.rows))
        run = ours(url, options.rows)
        again = asyncio.run(bare(url, options.rows))
        print(f"bare aiohttp     {baseline:7.0f} and {again:.0f} rows/s (before and after)")
        print(
            f"shopkeeper       {run.rows_per_s:7.0f} rows/s, "
            f"{1000 * run.cpu_s / run.rows:.2f} ms CPU a row with start-up, "
            f"{run.peak_mb:.0f} MB at most"
        )
        print(f"ratio            {2 * run.rows_per_s / (baseline + again):7.2f} (at least 0.80)")
        if options.times:
            larger = ours(url, options.times * options.rows)
            print(
                f"{options.times} times the rows {larger.seconds / run.seconds:7.2f} times the "
                f"time (at most {1.05 * options.times:.1f}), {larger.peak_mb:.0f} MB at most"
            )


if __name__ == "__main__":
    main()
