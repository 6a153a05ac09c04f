"""The whole shop, killed part by part and all at once, while a job runs."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from batch import jobs
from batch.jobs import Job
from core import ports
from core.db import Database
from core.settings import Settings
from core.statuses import JobStatus
from tests.batch.conftest import MakeJob
from tests.batch.processes import DEADLINE_S, Losses
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.running import PROJECT

pytestmark = pytest.mark.processes

ROWS, SLOTS = 400, 4
#: What a process's command line says of it.
PARTS = ("batch.worker", "streamlit", "chroma", "rag.indexer", "supervisord", "core.services")
EVERYTHING = ""


class Shop:
    """``make run`` for a home, and everything that runs for it."""

    def __init__(self, settings: Settings, endpoint: FakeEndpoint) -> None:
        self.home = settings.home
        self._started: list[subprocess.Popen[bytes]] = []
        self._environment = os.environ | {
            "SHOPKEEPER_HOME": str(settings.home),
            "PORT": str(ports.unused()),
            "OPENAI_BASE_URL": endpoint.url,
            "OPENAI_MODEL": "fake",
            "SHOPKEEPER_SLOTS": str(SLOTS + 1),
            "SHOPKEEPER_SAMPLE_SHOP": "false",
        }

    def start(self) -> None:
        with (self.home / "run.log").open("ab") as log:
            command = [sys.executable, "-m", "core.services", "run"]
            self._started.append(
                subprocess.Popen(
                    command, cwd=PROJECT, env=self._environment, stdout=log, stderr=log
                )
            )

    def running(self, part: str = EVERYTHING) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                ours = process.environ().get("SHOPKEEPER_HOME") == str(self.home)
                alive = process.status() != psutil.STATUS_ZOMBIE
                if ours and alive and part in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def kill(self, part: str = EVERYTHING) -> int:
        found = self.running(part)
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(found)

    def end(self) -> None:
        self.kill()
        for process in self._started:
            process.wait(DEADLINE_S)


def test_any_part_or_all_of_it_killed_loses_no_row_and_repeats_only_calls_in_flight(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(ROWS)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.25)
    shop, chance, kills = Shop(settings, endpoint), random.Random(11), 0
    losses = Losses(endpoint)
    shop.start()
    try:
        for part in [*chance.sample(PARTS, len(PARTS)), EVERYTHING, "batch.worker"]:
            done_more(db, job, 8)
            time.sleep(chance.uniform(0, 0.5))
            losses.note(db, job)
            kills += shop.kill(part) > 0
            if not shop.running("core.services"):
                losses.note(db, job)
                shop.kill()
                shop.start()
        endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
        done_more(db, job, ROWS)
    finally:
        shop.end()
    ended = jobs.get(db, job.id)
    assert (ended.status, ended.done) == (JobStatus.DONE, ROWS)
    assert len(endpoint.calls) == ROWS
    assert kills >= len(PARTS)
    losses.check(SLOTS + 4)


def done_more(db: Database, job: Job, rows: int) -> None:
    """Wait until so many more rows are done, or the job has ended."""
    deadline = time.monotonic() + DEADLINE_S
    aim = jobs.get(db, job.id).done + rows
    while (now := jobs.get(db, job.id)).active and now.done < aim:
        assert time.monotonic() < deadline, f"nothing moves at {now.done} of {now.rows} rows"
        time.sleep(0.1)
