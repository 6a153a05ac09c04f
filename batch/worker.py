"""The worker process: takes up jobs as they are recorded, notes progress, obeys decisions.

``python -m batch.worker`` runs until it is told to stop (SIGTERM or Ctrl-C).
Killed at any moment, the next one goes on where it was.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time

import uvloop
from filelock import FileLock

from batch import housekeeping, pace, removal, runs, sent
from batch.engine import Engine
from batch.housekeeping import DAY_S
from core import storage
from core.db import Database, open_database
from core.errors import ShopkeeperError
from core.schema import JobStatus
from core.settings import Settings, load_settings

log = logging.getLogger(__name__)

LOOK_S = 0.2
SAMPLE_S = 2.0
TIDY_S = 3600.0
#: How long a step may go on removing deleted jobs; the next one is then a look away.
REMOVE_S = 0.1


class Worker:
    """What the process does, one step at a time."""

    def __init__(self, settings: Settings, db: Database, engine: Engine) -> None:
        self._settings = settings
        self._db = db
        self._engine = engine
        self._begun: set[tuple[str, int]] = set()
        self._left: set[str] = set()
        self._sampled = 0.0
        self._tidied = 0.0

    def step(self, now: float) -> None:
        """Look once: begin new runs, note progress, remove old records and deleted jobs."""
        active = runs.active_runs(self._db)
        for found in active:
            if (found.job_id, found.run) not in self._begun:
                log.info("taking up job %s run %d", found.job_id, found.run)
                self._engine.take_up(found.job_id, found.run)
        self._begun = {(found.job_id, found.run) for found in active}
        if now - self._sampled >= SAMPLE_S:
            self._sampled = now
            for found in active:
                # What a provider does is noted when it is heard of, once in hours.
                if found.status is JobStatus.RUNNING and not found.provider:
                    pace.sample(self._db, found.job_id, now)
        if now - self._tidied >= TIDY_S and not self._tidy(now):
            self._tidied = now
        for job_id in set(sent.left_behind(self._db)) - self._left:
            self._engine.providers.take_leave(job_id)
            self._left.add(job_id)
        begun = time.monotonic()
        while removal.remove_piece(self._db) and time.monotonic() - begun < REMOVE_S:
            pass

    def _tidy(self, now: float) -> bool:
        """Remove a little of what is too old; returns whether there may be more."""
        more = housekeeping.tidy(self._settings, self._db, now)
        return more | self._engine.forget(now - self._settings.history_days * DAY_S)


def run(worker: Worker, stop: threading.Event) -> None:
    """Step until told to stop; a step that fails is logged and the next one tried."""
    while not stop.wait(LOOK_S):
        try:
            worker.step(time.time())
        except Exception:
            log.exception("a step failed")


def main() -> None:
    """Entry of the process."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # A day at a provider would leave a line for every look.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = load_settings()
        db = open_database(settings)
        storage.check(settings)
    except ShopkeeperError as error:
        sys.exit(error.message)
    # One worker for a home: the engine's limits are not shared between processes on SQLite.
    with FileLock(settings.home / "worker.lock"):
        loop = uvloop.new_event_loop()
        threading.Thread(target=loop.run_forever, name="rows", daemon=True).start()
        engine = Engine(settings, db, loop, name="worker")
        engine.start()
        log.info("ready")
        run(Worker(settings, db, engine), stop)
        engine.stop()
    # Engine threads wait for work that must not be recorded as ended; see Engine.stop.
    os._exit(0)


if __name__ == "__main__":
    main()
