"""The worker process: takes up jobs and deliveries, notes progress, obeys decisions.

``python -m batch.worker`` runs until it is told to stop (SIGTERM or Ctrl-C).
Killed at any moment, the next one goes on where it was. On Postgres any number of
them, on any machines, share the work.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time

from batch import crew, delivery_runs, housekeeping, notice_work, pace, removal, runs, sent
from batch.crew import Member
from batch.delivery_runs import DeliveryRun
from batch.engine import WORKFLOW_VERSION, Engine
from batch.housekeeping import DAY_S
from batch.notice_work import Sender
from batch.post import Post, joined
from batch.schedule_keeper import ScheduleKeeper
from core import logs, storage
from core.changes import Changes
from core.db import Database, open_database
from core.errors import DatabaseAway, ShopkeeperError
from core.settings import Settings, load_settings
from core.statuses import JobStatus

log = logging.getLogger(__name__)

LOOK_S = 0.2
#: How long it does not look when nobody has written anything: some things come due by time alone.
QUIET_S = 2.0
SAMPLE_S = 2.0
TIDY_S = 3600.0
#: How long a step may go on removing deleted jobs; the next one is then a look away.
REMOVE_S = 0.1
CREW_S = 2.0
#: What the dead had begun is asked for when the crew has changed, and now and then.
CALM_S = 10.0
#: While the database is away.
AWAY_S = 1.0


class Worker:
    """What the process does, one step at a time."""

    def __init__(self, settings: Settings, db: Database, engine: Engine, post: Post) -> None:
        self._settings = settings
        self._db = db
        self._engine = engine
        self._post = post
        self._schedules = ScheduleKeeper(settings, db, engine.schedules)
        self._sender = Sender(settings, db)
        self._changes = Changes(db)
        self._busy = True
        self._looked = 0.0
        self._begun: set[tuple[str, int]] = set()
        self._delivered: set[DeliveryRun] = set()
        self._left: set[str] = set()
        self._sampled = 0.0
        self._tidied = 0.0
        self._looked_after = 0.0
        self._crew: list[Member] | None = None
        self._taken_over = 0.0

    def step(self, now: float) -> None:
        """Look once, unless nobody can have left anything to do since the last look."""
        changed = self._changes.there()
        # The machine's clock may be set back, too.
        if not changed and not self._busy and abs(now - self._looked) < QUIET_S:
            return
        self._looked = now
        self._busy = True  # also where looking fails
        self._busy = self._look(now)
        if self._busy:
            self._engine.queues.ring()

    def stop(self) -> None:
        """Begin nothing more."""
        self._sender.stop()

    def _look(self, now: float) -> bool:
        """Begin new runs, note progress, tell of it, take over from the dead, tidy.

        Returns:
            Whether something is under way in the engine.
        """
        # First, since a teller that is new only hears of what happens from then on.
        notice_work.tell(self._db)
        active = runs.active_runs(self._db)
        for found in active:
            if (found.job_id, found.run) not in self._begun:
                log.info("taking up job %s run %d", found.job_id, found.run)
                self._engine.take_up(found.job_id, found.run)
        self._begun = {(found.job_id, found.run) for found in active}
        delivering = self._take_up_deliveries()
        if now - self._sampled >= SAMPLE_S:
            self._sampled = now
            for found in active:
                # What a provider does is noted when it is heard of, once in hours.
                if found.status is JobStatus.RUNNING and not found.provider:
                    pace.sample(self._db, found.job_id)
        if now - self._looked_after >= CREW_S and self._post.may_judge():
            self._looked_after = now
            self._look_after_the_dead(now)
        if now - self._tidied >= TIDY_S and not self._tidy(now):
            self._tidied = now
        for job_id in set(sent.left_behind(self._db)) - self._left:
            self._engine.providers.take_leave(job_id)
            self._left.add(job_id)
        scheduled = self._schedules.step(now)
        self._sender.step()
        begun = time.monotonic()
        while removal.remove_piece(self._db) and time.monotonic() - begun < REMOVE_S:
            pass
        # What is at a provider for a day is looked after by a thread of its own.
        extracting = any(not found.provider for found in active)
        return extracting or delivering or scheduled

    def _take_up_deliveries(self) -> bool:
        due = delivery_runs.due(self._db)
        for one in due:
            if one not in self._delivered:
                log.info("taking up delivery %s run %d", one.delivery_id, one.run)
                self._engine.deliveries.begin(one)
        self._delivered = set(due)
        return bool(due)

    def _look_after_the_dead(self, now: float) -> None:
        """See to it that what they had begun goes on."""
        for name in crew.bury(self._db):
            log.info("%s is dead or has left", name)
        living = crew.living(self._db)
        if living != self._crew or abs(now - self._taken_over) >= CALM_S:
            self._engine.look_after_the_dead(lambda: crew.living(self._db))
            self._crew, self._taken_over = living, now

    def _tidy(self, now: float) -> bool:
        """Remove a little of what is too old; returns whether there may be more."""
        more = housekeeping.tidy(self._settings, self._db, now)
        return more | self._engine.forget(now - self._settings.history_days * DAY_S)


def run(worker: Worker, stop: threading.Event) -> None:
    """Step until told to stop; a step that fails is logged and the next one tried."""
    away = False
    while not stop.wait(AWAY_S if away else LOOK_S):
        try:
            worker.step(time.time())
            away = False
        except DatabaseAway as error:
            if not away:
                log.warning("waiting for the database: %s", error.reason)
            away = True
        except Exception:
            log.exception("a step failed")


def main() -> None:
    """Entry of the process."""
    logs.begin()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = load_settings()
        db = open_database(settings)
        storage.check(settings)
    except ShopkeeperError as error:
        sys.exit(error.message)
    with joined(settings, db, WORKFLOW_VERSION) as post:
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="rows", daemon=True).start()
        engine = Engine(settings, db, loop, post)
        engine.start()
        worker = Worker(settings, db, engine, post)
        log.info("ready as %s", post.name)
        run(worker, stop)
        worker.stop()
        engine.stop()
    # Engine threads wait for work that must not be recorded as ended; see Engine.stop.
    os._exit(0)


if __name__ == "__main__":
    main()
