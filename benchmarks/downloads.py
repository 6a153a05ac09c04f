"""How fast results leave as files: ``python -m benchmarks.downloads [--rows N]``.

Makes a job of 100,000 rows with six fields each, by inserting results in bulk, and
writes it in every form to a file that is thrown away. Prints rows a second by the
clock and by the processor time it took (on a busy machine only that tells), the
size, and by how much the process has grown at a tenth of the rows and at all of
them: flat memory is where the two are alike. Each form is written by a process
of its own.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from batch import downloads, jobs, rows, uploads
from batch.columns import Columns
from batch.download_forms import Form, Options
from batch.fields import Field, FieldType
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from batch.table import SHARD_ROWS
from core import schema
from core.db import Database, open_database
from core.settings import load_settings
from core.statuses import JobStatus, RowStatus
from core.values import Origin, Value

FIELDS = (
    Field(name="brand"),
    Field(name="color"),
    Field(name="weight", type=FieldType.NUMBER, unit="kg"),
    Field(name="waterproof", type=FieldType.BOOLEAN),
    Field(name="uses", type=FieldType.LIST),
    Field(name="summary"),
)
COLUMNS = ("sku", "title", "description", "price", "currency", "stock", "image", "url")
#: One row in so many has failed.
FAILED_EVERY = 100
BLOCK = 5_000
SAMPLE_S = 0.02


def catalog(count: int) -> bytes:
    """A catalog such as shops have."""
    chance = random.Random(3)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number in range(1, count + 1):
        page = f"https://shop.example/p/{number}"
        writer.writerow(
            [
                f"A{number}",
                f"Acme tent {number} green, for four",
                "<p>A light tent for four people and their dog.</p> " * 4 + str(number),
                f"{chance.random() * 100:.2f}",
                "EUR",
                number % 50,
                f"{page}.jpg",
                page,
            ]
        )
    return text.getvalue().encode()


def make(home: Path, count: int) -> None:
    """A home with one finished job of so many rows."""
    settings = load_settings(home=home)
    db = open_database(settings)
    upload = uploads.store(settings, db, "shop.csv", io.BytesIO(catalog(count)))
    columns = Columns(
        id="sku", **{name: name for name in COLUMNS[1:]}, text=("title", "description")
    )
    job = submit(db, upload.id, columns, Plan(FIELDS), f"{count} rows")
    fill(db, job)
    db.close()


def fill(db: Database, job: Job) -> None:
    """Give a job its results and counts, as its worker would have."""
    now = time.time()
    with db.write() as connection:
        for first in range(1, job.rows + 1, BLOCK):
            last = min(first + BLOCK, job.rows + 1)
            connection.execute(
                schema.rows.insert(), [_stored(job.id, one, now) for one in range(first, last)]
            )
        for shard_no in range(-(-job.rows // SHARD_ROWS)):
            rows.recount(connection, job.id, shard_no)
        connection.execute(
            schema.jobs.update()
            .where(schema.jobs.c.id == job.id)
            .values(status=JobStatus.DONE, started_at=now - 60, finished_at=now)
        )


_VALUES = {
    "brand": Value("Acme", Origin.STATED, "title", 0, 4, confidence=0.97),
    "color": Value("green", Origin.STATED, "title", 12, 17, confidence=0.9),
    "weight": Value(2.5, Origin.STATED, "description", 5, 10, raw="2500 g", confidence=0.8),
    "waterproof": Value(True, confidence=0.7),
    "uses": Value(["camping", "hiking"], confidence=0.6),
    "summary": Value("A light tent for four people and their dog.", confidence=0.5),
}


def _stored(job_id: str, number: int, now: float) -> dict[str, Any]:
    failed = number % FAILED_EVERY == 0
    values = {} if failed else {name: value.to_json() for name, value in _VALUES.items()}
    return {
        "job_id": job_id,
        "row_no": number,
        "status": RowStatus.FAILED if failed else RowStatus.DONE,
        "values": values,
        "notes": [],
        "error": "The model's answer was not valid JSON." if failed else "",
        "raw": "",
        "model": "fake",
        "attempts": 1,
        "prompt_tokens": 400,
        "completion_tokens": 60,
        "run": 1,
        "finished_at": now,
        "confidence": None if failed else 0.5,
    }


@dataclass(slots=True)
class Growth:
    """By how many bytes a process has grown at most."""

    bytes: int = 0


@contextmanager
def watched() -> Iterator[Growth]:
    """Watch how this process grows."""
    me, growth, done = psutil.Process(), Growth(), threading.Event()
    before = me.memory_info().rss

    def watch() -> None:
        while not done.wait(SAMPLE_S):
            growth.bytes = max(growth.bytes, me.memory_info().rss - before)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield growth
    finally:
        done.set()
        thread.join()


def write(home: Path, form: Form, provenance: bool) -> None:
    """Write the home's job in a form, and print both rates, bytes, and growth."""
    settings = load_settings(home=home)
    db = open_database(settings)
    (job,) = jobs.listing(db)
    with watched() as growth, tempfile.TemporaryFile() as file:
        began, worked = time.perf_counter(), time.process_time()
        options = Options(provenance=provenance)
        file.writelines(downloads.download(settings, db, job.id, form, options=options))
        took_s, busy_s = time.perf_counter() - began, time.process_time() - worked
        print(f"{job.rows / took_s} {job.rows / busy_s} {file.tell()} {growth.bytes}")
    db.close()


def measure(home: Path, form: Form, provenance: bool) -> tuple[float, float, int, int]:
    """The figures of a form, taken in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.downloads", "--home", str(home), "--form", form]
    told = subprocess.run(
        [*command, "--provenance"] if provenance else command,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout.split()
    return float(told[0]), float(told[1]), int(told[2]), int(told[3])


def compare(small: Path, large: Path) -> None:
    """Print a line for each form."""
    print(f"{'form':<26}{'rows/s':>9}{'by CPU':>9}{'file MB':>9}{'grew MB, a tenth':>18}", end="")
    print(f"{'all':>7}")
    sheets = (Form.CSV, Form.XLSX, Form.PARQUET)
    wanted = [(one, False) for one in Form if one is not Form.FAILED]
    for form, provenance in [*wanted, *((one, True) for one in sheets)]:
        *_, at_first = measure(small, form, provenance)
        rate, by_cpu, size, at_last = measure(large, form, provenance)
        name = f"{form}, with provenance" if provenance else form
        grew = f"{at_first / 1e6:>18.1f}{at_last / 1e6:>7.1f}"
        print(f"{name:<26}{rate:>9,.0f}{by_cpu:>9,.0f}{size / 1e6:>9.1f}{grew}", flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--form", type=Form, help=argparse.SUPPRESS)
    parser.add_argument("--provenance", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ["SHOPKEEPER_SAMPLE_SHOP"] = "false"
    if options.form:
        write(options.home, options.form, options.provenance)
        return
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small", Path(folder) / "large"
        make(small, options.rows // 10)
        make(large, options.rows)
        compare(small, large)


if __name__ == "__main__":
    main()
