"""Real worker processes, and waiting for what they do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from batch import jobs
from batch.jobs import Job
from core.db import Database
from core.schema import rows
from core.settings import Settings
from core.statuses import RowStatus
from tests.fake_endpoint import Addressed, FakeEndpoint
from tests.forked import Forked

#: Far more than anything takes; whoever waits for so long waits for what does not come.
DEADLINE_S = 300
#: An answer that comes in nobody's time.
NEVER_S = 3600


@contextmanager
def worker(
    settings: Settings, endpoint: Addressed, *, before: str = "", **variables: str
) -> Iterator[Forked]:
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
    process = Forked(script, environment=environment, log=settings.home / "worker.log")
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_S)


def logged(settings: Settings) -> str:
    """What the workers of a home have said."""
    return (settings.home / "worker.log").read_text()


def until(condition: Callable[[], bool], timeout_s: float = DEADLINE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


class Losses:
    """What kills cost: a row whose result was stored is never asked for again.

    Bottles are numbered through all jobs; see :func:`tests.batch.conftest.new_job`.
    """

    def __init__(self, endpoint: FakeEndpoint) -> None:
        self._endpoint = endpoint
        self._stored: list[set[int]] = []
        self._lost: list[int] = []

    def note(self, db: Database, *submitted: Job) -> None:
        """A worker has been killed; these are all jobs, in the order of their bottles."""
        asked, stored, before = len(self._endpoint.calls), set[int](), 0
        for job in submitted:
            done = rows.c.status == RowStatus.DONE
            query = sa.select(rows.c.row_no).where(rows.c.job_id == job.id, done)
            with db.read() as connection:
                stored |= {before + row_no for row_no in connection.execute(query).scalars()}
            before += job.rows
        self._stored.append(stored)
        self._lost.append(asked - len(stored))

    def check(self, unstored: int) -> None:
        """See that no call was wasted.

        Args:
            unstored: What one kill may cost: the calls in flight, the answers of the last
                0.05 s and those of one transaction. A busy machine makes that longer, but
                not each time.
        """
        for text, calls in self._endpoint.calls.items():
            number = int(text.split()[-3])
            chances = sum(number not in stored for stored in self._stored)
            assert calls <= 1 + chances, f"bottle {number} was stored and asked for again"
        assert min(self._lost) <= unstored


def until_ended(db: Database, job: Job) -> Job:
    until(lambda: not jobs.get(db, job.id).active)
    return jobs.get(db, job.id)


def until_done(db: Database, job: Job, count: int) -> None:
    until(lambda: jobs.get(db, job.id).done >= count)
