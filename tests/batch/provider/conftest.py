"""A shop whose jobs are sent to a fake provider as batches, and worked on in this process."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from batch import jobs, provider, runs, sent, submission, uploads
from batch.jobs import Job
from batch.plan import Plan
from batch.provider import ProviderRun
from core.db import Database
from core.pool import open_pool
from core.settings import Settings
from tests.batch.conftest import COLUMNS, FIELDS
from tests.fake_batches import KEY, FakeBatches, Times
from tests.fake_endpoint import Reply

NAME = "provider"
GOOD = Reply(json.dumps({"brand": "Acme", "capacity": 2}))
ENDPOINT = """
[[endpoint]]
name = "{name}"
base_url = "{url}"
model = "fake"
key_env = "PROVIDER_KEY"
input_price = 10.0
output_price = 100.0
supports = ["json_schema", "provider_batch"]
{more}
"""


@dataclass
class ProviderShop:
    """Settings, tables and a provider."""

    settings: Settings
    db: Database
    provider: FakeBatches

    def saying(self, more: str) -> ProviderShop:
        """The same with more said of the endpoint in its file."""
        said = ENDPOINT.format(name=NAME, url=self.provider.url, more=more)
        self.settings.endpoint_file.write_text(said)
        return self

    def submit(self, rows: int, title: Callable[[int], str] = "Acme bottle {} 2 l".format) -> Job:
        """A job of so many rows that goes to the provider."""
        lines = [f"P{row},{title(row)},{row}.50" for row in range(1, rows + 1)]
        data = io.BytesIO("\n".join(["id,title,price", *lines]).encode())
        upload = uploads.store(self.settings, self.db, "bottles.csv", data)
        return submission.submit(
            self.db, upload.id, COLUMNS, Plan(FIELDS), "Bottles", provider=NAME
        )

    def now(self, job: Job) -> Job:
        """The job as it is now."""
        return jobs.get(self.db, job.id)

    def run(self, job: Job) -> None:
        """Take the job's current run through the provider, to its end."""
        current = self.now(job)
        runs.begin(self.db, job.id, current.run)
        with closing(open_pool(self.settings)) as pool:
            ProviderRun(pool, self.db, current).go()

    def work(self, job: Job) -> Job:
        """The same; returns the job afterwards."""
        self.run(job)
        return self.now(job)

    @contextmanager
    def working(self, job: Job) -> Iterator[None]:
        """The same in a thread, waited for at the end."""
        thread = threading.Thread(target=self.run, args=(job,))
        thread.start()
        try:
            yield
        finally:
            thread.join(30)
        assert not thread.is_alive()


def number(text: str) -> int:
    """The number of the row that is asked for."""
    return int(text.split()[-3])


def until(condition: Callable[[], object], seconds: float = 300.0) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@pytest.fixture
def fake() -> Iterator[FakeBatches]:
    times = Times(validate_s=0.02, work_s=0.05, finalize_s=0.02)
    with FakeBatches(lambda _text, _before: GOOD, times).running() as running:
        yield running


@pytest.fixture
def shop(
    settings: Settings, db: Database, fake: FakeBatches, monkeypatch: pytest.MonkeyPatch
) -> ProviderShop:
    monkeypatch.setattr(provider, "POLL_S", 0.02)
    monkeypatch.setattr(provider, "LONGEST_POLL_S", 0.1)
    monkeypatch.setattr(provider, "LOOK_S", 0.02)
    monkeypatch.setattr(sent, "SETTLE_S", 0.3)
    monkeypatch.setenv("PROVIDER_KEY", KEY)
    path = settings.home / "endpoints.toml"
    shop = ProviderShop(settings.model_copy(update={"endpoints": path}), db, fake)
    return shop.saying("")


__all__ = ["KEY"]
