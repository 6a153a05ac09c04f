"""What the engine (DBOS) does of jobs at a provider: it sees to it that what was begun is ended.

A worker that stops or dies simply leaves it to the next: everything that
matters is in our tables.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from typing import Any

from dbos import DBOS, SetWorkflowID

from batch import jobs
from batch.queues import Queues
from core.db import Database, when_back
from core.errors import JobError, Refused, SettingError
from core.pool import open_pool
from core.roster import Roster
from core.settings import Settings

log = logging.getLogger(__name__)

PROVIDERS = "providers"
#: What a step may fail with beyond a provider's own trouble is a matter of minutes.
STEP_ATTEMPTS = 8
STEP_RETRY_S = 1.0


class ProviderWorkflows:
    """Takes runs through their provider; made before the engine is launched.

    Args:
        settings: Names the home and the endpoints.
        db: Our tables.
        queues: What waits for its turn.
        fail: Stops a job's run for an error.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        queues: Queues,
        fail: Callable[[str, int, Exception], None],
    ) -> None:
        self._settings = settings
        self._db = db
        self._queues = queues
        self._fail = fail
        self._register()

    def _register(self) -> None:
        retried: dict[str, Any] = {
            "retries_allowed": True,
            "max_attempts": STEP_ATTEMPTS,
            "interval_seconds": STEP_RETRY_S,
        }

        @DBOS.step(name="work_at_provider", **retried)
        def work_at_provider(job_id: str, run: int) -> None:
            when_back(lambda: self._work(job_id, run))

        @DBOS.workflow(name="run_at_provider", max_recovery_attempts=None)
        def run_at_provider(job_id: str, run: int) -> None:
            try:
                work_at_provider(job_id, run)
            except Exception as error:
                log.exception("job %s run %d gave up at its provider", job_id, run)
                self._fail(job_id, run, error)

        @DBOS.step(name="take_leave", **retried)
        def take_leave(job_id: str) -> None:
            when_back(lambda: self._leave(job_id))

        @DBOS.workflow(name="leave_provider", max_recovery_attempts=None)
        def leave_provider(job_id: str) -> None:
            take_leave(job_id)

        self._run_at_provider = run_at_provider
        self._leave_provider = leave_provider

    def start(self) -> None:
        """Wait for work; a job at its provider mostly waits too, so there may be any number."""
        self._queues.open(PROVIDERS)

    def begin(self, job_id: str, run: int) -> None:
        """Have a run worked on; does nothing when it was begun before."""
        with SetWorkflowID(f"{job_id}-{run}-provider"):
            self._queues.put(PROVIDERS, self._run_at_provider, job_id, run)

    def take_leave(self, job_id: str) -> None:
        """Have what a deleted job has at its provider cancelled; begun only once."""
        with SetWorkflowID(f"{job_id}-farewell"):
            self._queues.put(PROVIDERS, self._leave_provider, job_id)

    def _work(self, job_id: str, run: int) -> None:
        # Only here: the openai package takes half a second, and most shops do without it.
        from batch.provider import ProviderRun

        try:
            job = jobs.get(self._db, job_id)
        except JobError:
            return  # deleted meanwhile
        if job.run != run:
            return
        try:
            with closing(open_pool(self._settings)) as pool:
                ProviderRun(pool, self._db, job).go()
        except (Refused, SettingError) as error:
            self._fail(job_id, run, error)

    def _leave(self, job_id: str) -> None:
        from batch.farewell import take_leave

        take_leave(Roster(self._settings), self._db, job_id)
