"""Real worker processes, and waiting for what they do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from batch import jobs
from batch.jobs import Job
from core.db import Database
from core.settings import Settings
from tests.fake_endpoint import Addressed

DEADLINE_S = 40


@contextmanager
def worker(
    settings: Settings, endpoint: Addressed, *, before: str = "", **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process, ended the hard way if it is still there.

    Args:
        before: What it does first, such as to set a constant.
        variables: Of its environment.
    """
    environment = os.environ | {
        "SHOPKEEPER_HOME": str(settings.home),
        "OPENAI_BASE_URL": endpoint.url,
        "OPENAI_MODEL": "fake",
        "SHOPKEEPER_SLOTS": "9",
        **variables,
    }
    if settings.database:
        environment["DATABASE_URL"] = settings.database
    script = f"{before}\nfrom batch.worker import main\nmain()"
    command = [sys.executable, *(("-c", script) if before else ("-m", "batch.worker"))]
    with (settings.home / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def logged(settings: Settings) -> str:
    """What the workers of a home have said."""
    return (settings.home / "worker.log").read_text()


def until(condition: Callable[[], bool], timeout_s: float = DEADLINE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def until_ended(db: Database, job: Job) -> Job:
    until(lambda: not jobs.get(db, job.id).active)
    return jobs.get(db, job.id)


def until_done(db: Database, job: Job, count: int) -> None:
    until(lambda: jobs.get(db, job.id).done >= count)
