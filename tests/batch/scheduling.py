"""Schedules of bottles, and the worker's part in them without its process."""

from __future__ import annotations

from batch import jobs, runs, schedule_looks, schedule_runs, schedules
from batch.extract import Outcome
from batch.plan import Plan
from batch.plan_file import plan_object
from batch.schedule_delivering import deliver
from batch.schedule_keeper import ScheduleKeeper
from batch.schedule_runs import Run, RunStatus
from batch.schedule_taking import Taking
from batch.schedule_task import Extraction, Task, Trigger
from batch.schedule_wanted import Wanted
from batch.schedules import Schedule
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus
from core.values import Origin, Value
from tests.batch.conftest import COLUMNS, FIELDS
from tests.batch.reviewing import record

EXTRACTION = Extraction(columns=COLUMNS.to_json(), plan=plan_object(Plan(FIELDS)))
BOTTLES = Task(place="bottles.csv", extraction=EXTRACTION)
NIGHTLY = Wanted("Nightly", Trigger.TIME, BOTTLES, "0 2 * * *", "Europe/Berlin")


def put(settings: Settings, *numbers: int, name: str = "bottles.csv") -> None:
    """A catalog of these bottles in the folder for imports."""
    settings.imports.mkdir(parents=True, exist_ok=True)
    lines = [f"P{number},Acme bottle {number} 2 l,{number}.50" for number in numbers]
    (settings.imports / name).write_text("\n".join(["id,title,price", *lines]))


class Hand:
    """Goes on with runs at once, by the same functions as the engine's workflows."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings, self._db = settings, db
        self.looked_after: list[str] = []

    def take_up(self, run: Run) -> None:
        schedule = schedules.find(self._db, run.schedule_id)
        if schedule is None:
            return
        if run.status is RunStatus.DUE:
            Taking(self._settings, self._db, schedule, run).take()
        elif run.status is RunStatus.EXTRACTED:
            deliver(self._settings, self._db, schedule, run)

    def look_after(self, run: Run) -> None:
        self.looked_after.append(run.id)
        schedule_looks.come_due(self._settings, self._db, run.schedule_id, run.started_at)

    def keep_in_step(self) -> None:
        """Nothing wakes here but tests."""


class Scheduling:
    """A shop's schedules without processes; time passes when a test says so."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings, self._db = settings, db
        self.hand = Hand(settings, db)
        self.keeper = ScheduleKeeper(settings, db, self.hand)
        self._now = 1.0

    def step(self, now: float | None = None) -> None:
        """Several looks, far enough apart to be made."""
        for _ in range(6):
            self._now += 1
            self.keeper.step(self._now if now is None else now + self._now)

    def due(self, schedule: Schedule, at: float) -> None:
        """A time has come, as the engine tells it."""
        schedule_looks.come_due(self._settings, self._db, schedule.id, at)
        self.step()

    def look(self, schedule: Schedule) -> None:
        """A look for new catalogs."""
        schedule_looks.come_due(self._settings, self._db, schedule.id, 0.0)
        self.step()

    def newest(self, schedule: Schedule) -> Run:
        return schedule_runs.history(self._db, schedule.id)[0]

    def statuses(self, schedule: Schedule) -> list[str]:
        """Of its runs, the oldest first."""
        return [str(one.status) for one in reversed(schedule_runs.history(self._db, schedule.id))]

    def end_job(self, run: Run) -> None:
        """Its job ends, as far as the worker's part in schedules can see."""
        assert run.job_id is not None
        finish(self._settings, self._db, run.job_id)
        self.step()


def finish(settings: Settings, db: Database, job_id: str) -> None:
    """Every row of a job gets a result."""
    job = jobs.get(db, job_id)
    brand = {"brand": Value("Acme", Origin.INFERRED)}
    done = [Outcome(number, RowStatus.DONE, brand) for number in range(1, job.rows + 1)]
    record(settings, db, job, done)
    runs.settle(db, job_id, job.run)
