"""Our own turn: the real thing in a new home, by its worker or by its command."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from batch import jobs, uploads
from batch.fields import dump_fields
from batch.plan import Plan
from batch.submission import submit
from benchmarks.batch import COLUMNS, FIELDS, SLOTS, catalog, worker
from benchmarks.peers.contestants import Run, measured
from benchmarks.peers.meter import Meter
from benchmarks.peers.task import Outcome, Report, Task
from core.db import open_database
from core.settings import load_settings


def through_the_worker(url: str, rows: int) -> Run:
    """One job through the worker process: the clock is the job's own, first row to last.

    Nothing is read back: as many rows are handed in as the job counts as done.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder))
        db = open_database(settings)
        upload = uploads.store(settings, db, "bench.csv", catalog(rows))
        job_id = submit(db, upload.id, COLUMNS, Plan(FIELDS), "bench").id
        with worker(settings, url) as process, Meter(process.pid) as meter:
            while jobs.get(db, job_id).active:
                time.sleep(0.25)
        job = jobs.get(db, job_id)
        db.close()
        assert job.started_at is not None
        assert job.finished_at is not None
        began, ended = meter.cpu_s(job.started_at), meter.cpu_s(job.finished_at)
        outcomes: dict[int, Outcome] = {number: {} for number in range(1, job.done + 1)}
        report = Report(job.started_at, job.finished_at, outcomes)
        return Run(report, None, ended - began, began, meter.peak_mb)


def from_the_shell(task: Task) -> Run:
    """``python -m batch extract``, and what it wrote, as a person or cron would have it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "catalog.csv").write_bytes(catalog(len(task.messages)).getvalue())
        (folder / "fields.json").write_text(dump_fields(FIELDS))
        command = [sys.executable, "-m", "batch", "extract", str(folder / "catalog.csv")]
        command += ["--fields", str(folder / "fields.json"), "--out", str(folder / "out.jsonl")]
        command += [part for column in COLUMNS.text for part in ("--text", column)]
        environment = os.environ | {
            "SHOPKEEPER_HOME": str(folder / "home"),
            "OPENAI_BASE_URL": task.url,
            "OPENAI_MODEL": "fake",
            "SHOPKEEPER_SLOTS": str(SLOTS + 1),
            "SHOPKEEPER_ROW_ATTEMPTS": str(task.attempts),
        }
        began_at = time.time()
        run = measured(command, environment, folder, timeout_s=1800)
        report = Report(began_at, time.time(), _outcomes(folder / "out.jsonl"))
        return Run(report, run.exit_code, run.cpu_s, 0.0, run.peak_mb, run.said)


def _outcomes(path: Path) -> dict[int, Outcome]:
    """Rows as a program reads them from the results: values, or the reason."""
    if not path.exists():
        return {}
    outcomes: dict[int, Outcome] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if row["status"] == "done":
            outcomes[row["row"]] = row["values"]
        else:
            outcomes[row["row"]] = row.get("error") or row["status"]
    return outcomes
