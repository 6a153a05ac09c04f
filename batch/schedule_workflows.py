"""What the engine (DBOS) does of schedules: it says when one is due, and ends what was begun.

Its own schedules are kept in step with our tables, which are the truth: it hands back the
time and the schedule's id, and what follows from that is recorded by us.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from dbos import DBOS, SetWorkflowID

from batch import schedule_looks, schedule_runs, schedules
from batch.queues import Queues
from batch.schedule_delivering import deliver
from batch.schedule_runs import Run, RunStatus
from batch.schedule_taking import Taking
from batch.schedules import Schedule
from batch.timing import Timing
from core import events
from core.db import Database, when_back
from core.settings import Settings

log = logging.getLogger(__name__)

SCHEDULES = "schedules"
AT_ONCE = 2
#: The names of our workflows of schedules begin with one of these.
PREFIXES = ("sched-", "schedule-")
_UNEXPECTED = "An unexpected error stopped it ({}); the worker's log has details."


class ScheduleWorkflows:
    """Lets schedules come due and takes their runs through; made before the engine is launched.

    Args:
        settings: Name the home, the folder for imports and the endpoints.
        db: Our tables.
        queues: What waits for its turn.
    """

    def __init__(self, settings: Settings, db: Database, queues: Queues) -> None:
        self._settings = settings
        self._db = db
        self._queues = queues
        self._in_step: dict[str, Timing] | None = None
        self._register()

    def _register(self) -> None:
        @DBOS.step(name="come_due")
        def come_due(schedule_id: str, at: float) -> None:
            when_back(lambda: schedule_looks.come_due(self._settings, self._db, schedule_id, at))

        @DBOS.workflow(name="schedule_is_due", max_recovery_attempts=None)
        def schedule_is_due(scheduled_at: Any, schedule_id: str) -> None:
            try:
                come_due(schedule_id, _seconds(scheduled_at))
            except Exception:
                # What was due is caught up on, and a look comes again.
                log.exception("schedule %s could not come due", schedule_id)

        @DBOS.step(name="go_on_with_run")
        def go_on_with_run(run_id: str, status: str) -> None:
            when_back(lambda: self._go_on(run_id, status))

        @DBOS.workflow(name="schedule_run", max_recovery_attempts=None)
        def schedule_run(run_id: str, status: str) -> None:
            try:
                go_on_with_run(run_id, status)
            except Exception as error:
                log.exception("run %s gave up", run_id)
                said = _UNEXPECTED.format(type(error).__name__)
                when_back(lambda: self._fail(run_id, status, said))

        self._is_due: Callable[..., None] = schedule_is_due
        self._run = schedule_run

    def start(self) -> None:
        """Wait for work."""
        self._queues.open(SCHEDULES, AT_ONCE)

    def take_up(self, run: Run) -> None:
        """Have a run gone on with; does nothing when that was begun before."""
        with SetWorkflowID(f"schedule-{run.id}-{run.status}"):
            self._queues.put(SCHEDULES, self._run, run.id, str(run.status))

    def look_after(self, run: Run) -> None:
        """Have its schedule look for the next catalog right after a run; asked once for each."""
        with SetWorkflowID(f"schedule-{run.id}-after"):
            self._queues.put(SCHEDULES, self._is_due, run.started_at, run.schedule_id)

    def keep_in_step(self) -> None:
        """Make the engine's schedules what our tables say; any worker may, at any time."""
        wanted = {one.id: one for one in schedules.listing(self._db) if one.enabled and one.timing}
        times = {one.id: one.timing for one in wanted.values() if one.timing}
        if times == self._in_step:
            return
        with self._db.write() as connection:
            # Of two workers that each put the same one there the engine would refuse one.
            events.in_turn(connection)
            self._bring_in_step(wanted)
        self._in_step = times

    def _bring_in_step(self, wanted: dict[str, Schedule]) -> None:
        there = {one["schedule_name"]: one for one in DBOS.list_schedules()}
        for name in there.keys() - wanted.keys():
            DBOS.delete_schedule(name)
        changed = [
            self._as_engine_has_it(one)
            for name, one in wanted.items()
            if name not in there or _differs(one, there[name])
        ]
        if changed:
            DBOS.apply_schedules(changed)

    def _as_engine_has_it(self, schedule: Schedule) -> Any:
        assert schedule.timing is not None
        return {
            "schedule_name": schedule.id,
            "workflow_fn": self._is_due,
            "schedule": schedule.timing.cron,
            "cron_timezone": schedule.timing.zone,
            "context": schedule.id,
            # One run for each time that was missed would be too many: see schedule_keeper.
            "automatic_backfill": False,
        }

    def _go_on(self, run_id: str, status: str) -> None:
        run = schedule_runs.find(self._db, run_id)
        schedule = schedules.find(self._db, run.schedule_id) if run else None
        if run is None or schedule is None or run.status != status:
            return  # deleted, or taken on by somebody else
        if run.status is RunStatus.DUE:
            Taking(self._settings, self._db, schedule, run).take()
        elif run.status is RunStatus.EXTRACTED:
            deliver(self._settings, self._db, schedule, run)

    def _fail(self, run_id: str, status: str, said: str) -> None:
        run = schedule_runs.find(self._db, run_id)
        if run is not None and run.status == status:
            schedule_runs.move(self._db, run, RunStatus.FAILED, said, failed=True)


def _differs(schedule: Schedule, there: Any) -> bool:
    timing = schedule.timing
    assert timing is not None
    return (timing.cron, timing.zone) != (there["schedule"], there["cron_timezone"])


def _seconds(moment: Any) -> float:
    """A time as seconds since the epoch; the engine's own come as JSON writes them."""
    return datetime.fromisoformat(moment).timestamp() if isinstance(moment, str) else float(moment)
