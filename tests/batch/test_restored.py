"""A shop that was backed up while a job ran: what becomes of the job after a restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch import jobs, stored_rows
from core.backup import backup
from core.db import Database, open_database
from core.restore import restore
from core.settings import Settings, load_settings
from core.statuses import JobStatus
from tests.batch.conftest import MakeJob
from tests.batch.processes import until_done, until_ended, worker
from tests.fake_endpoint import FakeEndpoint, Reply

pytestmark = pytest.mark.processes

ROWS = 60


def test_a_job_that_ran_goes_on_with_the_rows_that_were_missing(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint, tmp_path: Path
) -> None:
    job = make_job(ROWS)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.2)
    path = tmp_path / "shop.backup"
    with worker(settings, endpoint):
        until_done(db, job, 10)
        backup(settings, db, path)
    new = load_settings(home=tmp_path / "second", sample_shop=False)
    restore(new, path)
    restored = open_database(new)
    found = jobs.get(restored, job.id)
    assert found.status is JobStatus.RUNNING and 10 <= found.done < ROWS
    endpoint.calls.clear()
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
    with worker(new, endpoint):
        ended = until_ended(restored, job)
    assert (ended.status, ended.done) == (JobStatus.DONE, ROWS)
    assert len(endpoint.calls) == ROWS - found.done
    page = stored_rows.page(new, restored, ended, 1, ROWS)
    assert {row.row_no for row in page} == set(range(1, ROWS + 1))
    restored.close()
