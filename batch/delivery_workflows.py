"""What the engine (DBOS) does of deliveries: it sees to it that what was begun is ended.

They wait in a queue of their own, so that no job's rows wait for a slow destination.
A worker that stops or dies simply leaves a delivery to the next: everything that
matters is in our tables.
"""

from __future__ import annotations

import logging

from dbos import DBOS, SetWorkflowID

from batch import delivery_runs
from batch.delivering import Delivering
from batch.delivery_runs import DeliveryRun
from batch.post import Post
from batch.queues import Queues
from core.db import Database, when_back
from core.errors import DatabaseAway, ShopkeeperError
from core.settings import Settings

log = logging.getLogger(__name__)

DELIVERIES = "deliveries"
#: Of each worker; mostly they wait for somebody else's server.
AT_ONCE = 4
STEP_ATTEMPTS = 4
STEP_RETRY_S = 1.0


class DeliveryWorkflows:
    """Takes deliveries to their end; made before the engine is launched.

    Args:
        settings: Where things are.
        db: Our tables.
        post: This worker's place in the crew.
        queues: What waits for its turn.
    """

    def __init__(self, settings: Settings, db: Database, post: Post, queues: Queues) -> None:
        self._settings = settings
        self._db = db
        self._post = post
        self._queues = queues
        self._register()

    def _register(self) -> None:
        @DBOS.step(
            name="deliver",
            retries_allowed=True,
            max_attempts=STEP_ATTEMPTS,
            interval_seconds=STEP_RETRY_S,
        )
        def deliver(delivery_id: str, run: int) -> None:
            when_back(lambda: self._deliver(DeliveryRun(delivery_id, run)))

        @DBOS.workflow(name="run_delivery", max_recovery_attempts=None)
        def run_delivery(delivery_id: str, run: int) -> None:
            try:
                deliver(delivery_id, run)
            except Exception as error:
                log.exception("delivery %s run %d gave up", delivery_id, run)
                name = type(error).__name__
                reason = f"An unexpected error stopped it ({name}); the worker's log has details."
                self._fail(DeliveryRun(delivery_id, run), reason)

        self._run_delivery = run_delivery

    def start(self) -> None:
        """Wait for work."""
        self._queues.open(DELIVERIES, AT_ONCE)

    def begin(self, one: DeliveryRun) -> None:
        """Have a delivery worked on; does nothing when that run was begun before."""
        with SetWorkflowID(f"{one.delivery_id}-{one.run}-delivery"):
            self._queues.put(DELIVERIES, self._run_delivery, one.delivery_id, one.run)

    def _deliver(self, one: DeliveryRun) -> None:
        try:
            Delivering(self._settings, self._db, one, self._post.wait_sure).go()
        except DatabaseAway:
            raise
        except ShopkeeperError as error:
            log.warning("delivery %s run %d failed: %s", one.delivery_id, one.run, error.message)
            self._fail(one, error.message)

    def _fail(self, one: DeliveryRun, reason: str) -> None:
        self._post.wait_sure()
        when_back(lambda: delivery_runs.fail(self._db, one, reason))
