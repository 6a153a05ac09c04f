"""The worker's part in schedules: sees what starts runs, and has each taken to its next status.

Any number of workers may do this at once: a run is recorded once for its cause, and taken
on once from each status.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Protocol

from batch import (
    jobs,
    schedule_delivering,
    schedule_runs,
    schedule_starts,
    schedules,
    timing,
    uploads,
)
from batch.schedule_runs import Run, RunStatus
from batch.schedule_task import Trigger
from core import events
from core.db import Database
from core.errors import JobError, NotFoundError
from core.events import Event, EventKind
from core.settings import Settings

log = logging.getLogger(__name__)

#: As the consumer of events.
NAME = "schedules"
#: How often the engine's schedules are compared with ours.
STEP_S = 2.0
#: What was due so long ago and has no run was missed; the engine may take some seconds.
MISSED_S = 60.0
MISSED_LOOK_S = 15.0
_TRIGGERS = {
    EventKind.JOB_DONE: Trigger.JOB_DONE,
    EventKind.JOB_APPROVED: Trigger.JOB_APPROVED,
}


class Takes(Protocol):
    """Who has runs gone on with."""

    def take_up(self, run: Run) -> None:
        """Have a run gone on with."""

    def look_after(self, run: Run) -> None:
        """Have its schedule look for the next catalog right after a run."""

    def keep_in_step(self) -> None:
        """Learn of schedules that were made or changed."""


class ScheduleKeeper:
    """Looks after schedules, one step at a time.

    Args:
        settings: Name the folder for imports.
        db: Our tables.
        engine: Has the times and the runs.
    """

    def __init__(self, settings: Settings, db: Database, engine: Takes) -> None:
        self._settings = settings
        self._db = db
        self._engine = engine
        self._taken_up: set[tuple[str, RunStatus]] = set()
        self._last: dict[Callable[..., None], float] = {}

    def step(self, now: float) -> bool:
        """Look once.

        Args:
            now: Seconds since the epoch.

        Returns:
            Whether the engine has to go on with a run.
        """
        if self._is_time(self._engine.keep_in_step, now, STEP_S):
            self._engine.keep_in_step()
        if self._is_time(self.catch_up, now, MISSED_LOOK_S):
            self.catch_up(now)
        self.heed_events()
        return self._go_on()

    def catch_up(self, now: float) -> None:
        """Record one run of each schedule whose time passed while no worker was there."""
        for one in schedules.started_by(self._db, Trigger.TIME):
            due = timing.latest(one.timing, now) if one.timing else None
            if due is None or due <= one.since or due > now - MISSED_S:
                continue
            if (schedule_runs.last_due(self._db, one) or 0.0) < due:
                run = schedule_starts.begin(self._db, one, schedule_starts.at_time(due))
                if run is not None:
                    log.info("schedule %s: catching up with %s", one.id, run.id)

    def heed_events(self) -> None:
        """Record runs of schedules that follow jobs."""
        for event in events.unhandled(self._db, NAME):
            trigger = _TRIGGERS.get(event.kind)
            if trigger is not None:
                self._heed(event, trigger)
            events.handled(self._db, NAME, event)

    def _heed(self, event: Event, trigger: Trigger) -> None:
        followers = schedules.started_by(self._db, trigger)
        if not followers:
            return
        try:
            job = jobs.get(self._db, event.subject)
            catalog = uploads.get(self._db, job.upload_id).name
        except (JobError, NotFoundError):
            return  # deleted meanwhile
        for one in followers:
            if _follows(one.task.of_catalogs, catalog):
                schedule_starts.begin(self._db, one, schedule_starts.by_event(event))

    def _go_on(self) -> bool:
        under_way = schedule_runs.under_way(self._db)
        for run in under_way:
            if run.status in (RunStatus.EXTRACTING, RunStatus.HELD):
                schedule_delivering.watch_job(self._db, run)
            elif run.status is RunStatus.DELIVERING:
                schedule_delivering.watch_deliveries(self._db, run)
            elif (run.id, run.status) not in self._taken_up:
                log.info("run %s of schedule %s is %s", run.id, run.schedule_id, run.status)
                self._engine.take_up(run)
        for run_id in self._ended(under_way):
            self._look_on(run_id)
        self._taken_up = {(run.id, run.status) for run in under_way}
        return any(run.status in (RunStatus.DUE, RunStatus.EXTRACTED) for run in under_way)

    def _ended(self, under_way: list[Run]) -> set[str]:
        """The runs that were under way at the last look and are not any more."""
        return {run_id for run_id, _ in self._taken_up} - {run.id for run in under_way}

    def _look_on(self, run_id: str) -> None:
        """Where several catalogs came at once, the next one has waited for this one's end."""
        run = schedule_runs.find(self._db, run_id)
        schedule = schedules.find(self._db, run.schedule_id) if run else None
        if run and schedule and schedule.trigger is Trigger.CATALOG:
            self._engine.look_after(run)

    def _is_time(self, duty: Callable[..., None], now: float, every_s: float) -> bool:
        if now - self._last.get(duty, 0.0) < every_s:
            return False
        self._last[duty] = now
        return True


def _follows(pattern: str, catalog: str) -> bool:
    return not pattern or fnmatchcase(catalog.casefold(), pattern.strip().casefold())
