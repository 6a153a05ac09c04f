"""The durable engine (DBOS): a job becomes shards, shards wait in a queue, steps run them.

Our own tables are the truth; the engine only sees to it that a shard which
was begun is ended, whatever dies in between. Its arguments are ids, its
workflows return nothing, and a workflow that finds its run outdated ends at
once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, Future, wait
from contextlib import suppress
from datetime import UTC, datetime

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from batch import jobs, pace, runs, succession
from batch.crew import Member
from batch.delivery_workflows import DeliveryWorkflows
from batch.engine_config import Quiet, engine_config
from batch.post import Post
from batch.provider_workflows import ProviderWorkflows
from batch.queues import Queues
from batch.ranges import Shard
from batch.schedule_workflows import ScheduleWorkflows
from batch.shard import RowLoop
from core.db import Database, when_back
from core.errors import JobError, Refused, ShopkeeperError
from core.settings import Settings

log = logging.getLogger(__name__)

SHARDS = "shards"
#: Two shards at a time, so that the slots stay busy while one of them runs out.
SHARDS_AT_ONCE = 2
#: Raised only when the workflows change so much that begun ones cannot go on in the new code.
#: What is left of an older one, when its last worker has gone, is begun anew.
WORKFLOW_VERSION = "1"
#: A shard is tried again for about two minutes, then the job stops with the reason.
STEP_ATTEMPTS = 8
STEP_RETRY_S = 1.0
#: Records of ended work removed in one go.
FORGOTTEN_AT_ONCE = 200
#: Lowest shard numbers first, over all jobs: a small job overtakes a large one.
LAST_PRIORITY = 2_000_000_000


class Engine:
    """Takes jobs through the row loop; one for each worker process.

    Args:
        settings: Names the home and the endpoint.
        db: Our tables.
        loop: A running event loop of another thread, which extracts the rows.
        post: This worker's place in the crew. Its name is the same after a restart,
            so that it goes on with what it had begun.

    Attributes:
        queues: What waits for its turn.
        providers: What becomes of jobs that are sent to a provider.
        deliveries: What becomes of deliveries.
        schedules: What happens by itself.
    """

    def __init__(
        self, settings: Settings, db: Database, loop: asyncio.AbstractEventLoop, post: Post
    ) -> None:
        self._db = db
        self._loop = loop
        self._post = post
        self._rows = RowLoop(settings, db, post.is_sure)
        self._running: set[Future[None]] = set()
        self._stopping = False
        self.queues = Queues(DBOS(config=engine_config(settings, db, post)))
        logging.getLogger("dbos").addFilter(Quiet())
        self._register()
        self.providers = ProviderWorkflows(settings, db, self.queues, self._fail)
        self.deliveries = DeliveryWorkflows(settings, db, post, self.queues)
        self.schedules = ScheduleWorkflows(settings, db, self.queues)

    def _register(self) -> None:
        """Make workflows and steps of our methods."""

        @DBOS.step(name="plan")
        def plan(job_id: str, run: int) -> list[int]:
            return when_back(lambda: runs.begin(self._db, job_id, run))

        @DBOS.step(
            name="extract_rows",
            retries_allowed=True,
            max_attempts=STEP_ATTEMPTS,
            interval_seconds=STEP_RETRY_S,
        )
        def extract_rows(job_id: str, run: int, shard_no: int) -> None:
            self._extract(job_id, run, shard_no)

        @DBOS.workflow(name="run_shard", max_recovery_attempts=None)
        def run_shard(job_id: str, run: int, shard_no: int) -> None:
            try:
                extract_rows(job_id, run, shard_no)
            except Exception as error:
                log.exception("job %s run %d shard %d gave up", job_id, run, shard_no)
                self._fail(job_id, run, error)

        @DBOS.workflow(name="run_job", max_recovery_attempts=None)
        def run_job(job_id: str, run: int) -> None:
            shard_nos = plan(job_id, run)
            to_provider = when_back(lambda: runs.goes_to_provider(self._db, job_id))
            if shard_nos and to_provider:
                self.providers.begin(job_id, run)
                return
            for shard_no in shard_nos:
                with (
                    SetWorkflowID(f"{job_id}-{run}-{shard_no}"),
                    SetEnqueueOptions(priority=min(shard_no + 1, LAST_PRIORITY)),
                ):
                    self.queues.put(SHARDS, run_shard, job_id, run, shard_no)

        self._run_job = run_job

    def start(self) -> None:
        """Launch; shards that were running when the last worker died go on at once."""
        DBOS.launch()
        self.providers.start()
        self.deliveries.start()
        self.schedules.start()
        self.queues.open(SHARDS, SHARDS_AT_ONCE)

    def take_up(self, job_id: str, run: int) -> None:
        """Begin a run of a job; does nothing when that run was begun before."""
        with SetWorkflowID(f"{job_id}-{run}"):
            DBOS.start_workflow(self._run_job, job_id, run)

    def forget(self, before: float) -> bool:
        """Remove a little of the engine's own record of work that ended before then.

        Args:
            before: Seconds since the epoch.

        Returns:
            Whether there may be more to remove.
        """
        ended = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=datetime.fromtimestamp(before, UTC).isoformat(),
            limit=FORGOTTEN_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if ended:
            DBOS.delete_workflows([one.workflow_id for one in ended])
        return len(ended) == FORGOTTEN_AT_ONCE

    def look_after_the_dead(self, living: Callable[[], Collection[Member]]) -> None:
        """See to it that what workers had begun that are gone is ended by others.

        Args:
            living: Tells which workers live.
        """
        succession.take_over(self._post, living)
        succession.begin_anew(self._db, self._post, living(), self.providers.take_leave)

    def stop(self, timeout_s: float = 3.0) -> None:
        """Stop the row loop and store what is done.

        Nothing is told to the engine, so the next start goes on from here. The
        process should end right after.
        """
        self._stopping = True
        running = list(self._running)
        for future in running:
            future.cancel()
        wait(running, timeout=timeout_s)
        closed = asyncio.run_coroutine_threadsafe(self._rows.close(), self._loop)
        with suppress(TimeoutError):
            closed.result(timeout_s)

    def _extract(self, job_id: str, run: int, shard_no: int) -> None:
        try:
            job = when_back(lambda: jobs.get(self._db, job_id))
        except JobError:
            return  # deleted meanwhile
        if job.run != run:
            return
        try:
            self._run_rows(Shard(job, shard_no))
            for left in when_back(lambda: runs.end_shard(self._db, job_id, run, shard_no)):
                self._run_rows(Shard(job, left, last=True))
        except Refused as error:
            self._fail(job_id, run, error)
        if when_back(lambda: runs.settle(self._db, job_id, run)):
            when_back(lambda: pace.sample(self._db, job_id))
            log.info("job %s run %d is done", job_id, run)

    def _fail(self, job_id: str, run: int, error: Exception) -> None:
        """Stop a job; not for what only this worker has met, frozen or cut off as it was."""
        self._post.wait_sure()
        when_back(lambda: runs.fail(self._db, job_id, run, _reason(error)))

    def _run_rows(self, shard: Shard) -> None:
        future = asyncio.run_coroutine_threadsafe(self._rows.run(shard), self._loop)
        self._running.add(future)
        try:
            future.result()
        except CancelledError:
            if self._stopping:
                # The engine must not record an end of this step: it is to be begun again.
                threading.Event().wait()
            raise
        finally:
            self._running.discard(future)


def _reason(error: BaseException) -> str:
    """Why a job stopped, for the person who can do something about it."""
    if isinstance(error, Refused) and error.status is not None:
        return (
            f"{error.message} Check OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL, "
            "or the endpoint's entry in endpoints.toml."
        )
    if isinstance(error, ShopkeeperError):
        return error.message
    return f"An unexpected error stopped it ({type(error).__name__}); the worker's log has details."
