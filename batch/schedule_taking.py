"""The first half of a run: from its cause to the job that extracts its catalog.

May be done again after a kill at any moment, and leaves one job all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from batch import jobs, schedule_runs, schedules, uploads
from batch.allowance import allowed_budget
from batch.budget import budget_of
from batch.catalog_offer import Offer
from batch.catalog_places import place
from batch.columns import Columns, check_columns
from batch.field_sets import load
from batch.jobs import Job
from batch.plan_file import check_plan, parse_plan
from batch.schedule_runs import Run, RunStatus
from batch.schedule_seen import Seen
from batch.schedule_task import Extraction, Trigger
from batch.schedules import Schedule
from batch.submission import submit
from batch.uploads import Upload
from core.db import Database
from core.errors import (
    CatalogError,
    DatabaseAway,
    FieldsError,
    JobError,
    ScheduleError,
    ShopkeeperError,
)
from core.limits import limits_of
from core.roster import configured
from core.settings import Settings

#: After these the same catalog would fail again, until somebody changes something.
LASTING = (CatalogError, FieldsError, JobError, ScheduleError)


class Taking:
    """Takes a catalog and begins its job.

    Args:
        settings: Name the home, the folder for imports and the endpoints.
        db: Our tables.
        schedule: What is to be done.
        run: The run that does it.
    """

    def __init__(self, settings: Settings, db: Database, schedule: Schedule, run: Run) -> None:
        self._settings = settings
        self._db = db
        self._schedule = schedule
        self._run = run
        self._watches = schedule.trigger is Trigger.CATALOG
        self._seen = Seen(schedule.seen)
        self._path = run.path

    def take(self) -> None:
        """Take the catalog and begin its job, or record why that cannot be."""
        try:
            job = self._submitted() or self._begun()
        except DatabaseAway:
            raise  # nothing is known yet: it is done again
        except ShopkeeperError as error:
            self._give_up(error)
            return
        if job is None:
            self._leave()
        else:
            self._end(RunStatus.EXTRACTING, job_id=job.id)

    def _submitted(self) -> Job | None:
        """The job that was begun right before a kill."""
        job = jobs.by_request(self._db, self._run.id)
        if job is not None:
            upload = uploads.get(self._db, job.upload_id)
            self._path = self._path or upload.name
            self._seen = self._seen.with_one(self._path, "", upload.catalog.sha256)
        return job

    def _begun(self) -> Job | None:
        """A job for the catalog; None where the catalog is known."""
        task = self._schedule.task
        if task.extraction is None:
            raise ScheduleError(f"“{self._schedule.name}” does not say what is extracted.")
        where = place(self._settings, task.place)
        offer = self._chosen(where.offers(), where.absent())
        self._path, known = offer.path, self._seen
        self._seen = known.with_one(offer.path, offer.mark, "")
        if self._may_leave() and known.has_mark(offer.path, offer.mark):
            return None
        with where.opened(offer.path) as data:
            upload = uploads.store(self._settings, self._db, offer.name, data)
        self._seen = known.with_one(offer.path, offer.mark, upload.catalog.sha256)
        if self._may_leave() and known.has_content(offer.path, upload.catalog.sha256):
            uploads.remove(self._settings, self._db, upload.id)
            return None
        try:
            return self._submit(upload, task.extraction)
        except (ShopkeeperError, IntegrityError):
            uploads.remove(self._settings, self._db, upload.id)
            # Somebody who was taken for dead may have been at it, too.
            if (job := jobs.by_request(self._db, self._run.id)) is not None:
                return job
            raise

    def _chosen(self, offers: Sequence[Offer], absent: str) -> Offer:
        """The file that was found when the run began, else the newest."""
        path = self._run.path
        for one in offers:
            if path in ("", one.path):
                return one
        raise CatalogError(f"{path} is no longer there." if path else absent)

    def _may_leave(self) -> bool:
        """Whether a catalog that is known is left alone: not after a run that failed."""
        if self._run.anyway:
            return False
        if self._watches:
            return True
        return self._schedule.task.only_new and schedule_runs.went_well(self._db, self._run)

    def _submit(self, upload: Upload, how: Extraction) -> Job:
        there = upload.catalog.columns
        if how.columns is None:
            columns = uploads.guess(self._settings, upload)
        else:
            columns = Columns.from_json(how.columns)
        check_columns(columns, there)
        saved = how.plan is None
        plan = load(self._db, how.saved_set).plan if saved else parse_plan(how.plan)
        check_plan(plan, there)
        provider = how.provider or None
        endpoints = configured(self._settings)
        if provider and provider not in {one.name for one in endpoints if one.offers_batches}:
            raise ScheduleError(f"The endpoint “{provider}” does not offer batches any more.")
        chosen = None if how.budget is None else budget_of(how.budget, endpoints, provider)
        limits = limits_of(self._settings).of_jobs(self._schedule.task.role)
        limit = allowed_budget(limits, upload.catalog.rows, chosen, endpoints, provider)
        return submit(
            self._db,
            upload.id,
            columns,
            plan,
            self._name(),
            request_key=self._run.id,
            provider=provider,
            budget=limit,
            learns=how.learns,
        )

    def _name(self) -> str:
        """What its job is called: after the schedule and the day at its place."""
        when = self._schedule.timing
        day = datetime.fromtimestamp(self._run.started_at, when.place if when else None)
        return f"{self._schedule.name} {day.day} {day:%b}"

    def _leave(self) -> None:
        """The catalog is the same as before."""
        if self._watches:
            schedule_runs.drop(self._db, self._run)
            with self._db.write() as connection:
                schedules.note_seen(connection, self._schedule.id, self._seen.kept)
        else:
            self._end(RunStatus.UNCHANGED, "The catalog is the same as the last time.")

    def _give_up(self, error: ShopkeeperError) -> None:
        """Record why it cannot be; a look that fails as the one before did is not told again."""
        if not isinstance(error, LASTING):
            self._seen = Seen(self._schedule.seen)
        if self._watches and schedule_runs.failed_so(self._db, self._run, error.message):
            self._leave()
        else:
            self._end(RunStatus.FAILED, error.message, failed=True)

    def _end(
        self, status: RunStatus, said: str = "", *, failed: bool = False, job_id: str | None = None
    ) -> None:
        with self._db.write() as connection:
            if self._watches or not failed:
                schedules.note_seen(connection, self._schedule.id, self._seen.kept)
            schedule_runs.move_within(
                connection,
                self._run,
                status,
                said,
                failed=failed,
                job_id=job_id,
                path=self._path,
            )
