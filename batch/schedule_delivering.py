"""The second half of a run: the results of its job go where they are to go."""

from __future__ import annotations

from collections.abc import Iterable

from batch import deliveries, jobs, publish, schedule_runs
from batch.deliveries import Delivery
from batch.jobs import Job
from batch.runs import look
from batch.schedule_runs import Run, RunStatus
from batch.schedule_task import Outlet
from batch.schedules import Schedule
from core import releases
from core.db import Database
from core.errors import DatabaseAway, JobError, NotFoundError, ShopkeeperError
from core.settings import Settings
from core.statuses import ACTIVE, DeliveryStatus, JobStatus, ReleaseStatus

_STOPPED = "Its job was paused. Resume it, and the results are delivered when it ends."
_TO_COME = (DeliveryStatus.WAITING, DeliveryStatus.RUNNING, DeliveryStatus.PAUSED)


def watch_job(db: Database, run: Run) -> None:
    """Take a run on when its job has ended, and say so when it was stopped."""
    found = look(db, run.job_id or "")
    if found is None or found.status is JobStatus.CANCELLED:
        became = "deleted" if found is None else "cancelled"
        said = f"Its job was {became}, so nothing was delivered."
        schedule_runs.move(db, run, RunStatus.FAILED, said, failed=True)
    elif found.status is JobStatus.DONE:
        schedule_runs.move(db, run, RunStatus.EXTRACTED)
    elif found.status in ACTIVE:
        if run.status is RunStatus.HELD:
            schedule_runs.move(db, run, RunStatus.EXTRACTING)
    elif run.status is not RunStatus.HELD:
        reason = jobs.get(db, found.job_id).reason
        # Whoever pauses a job by hand knows.
        schedule_runs.move(db, run, RunStatus.HELD, reason or _STOPPED, failed=bool(reason))


def deliver(settings: Settings, db: Database, schedule: Schedule, run: Run) -> None:
    """Hand the results on; whoever dies meanwhile begins anew, and nothing is doubled."""
    try:
        job = jobs.get(db, run.job_id or "")
    except JobError as error:
        schedule_runs.move(db, run, RunStatus.FAILED, error.message, failed=True)
        return
    handing = _Handing(settings, db, schedule, run, job)
    if schedule.task.publish:
        handing.publish()
    for number, outlet in enumerate(schedule.task.outlets):
        handing.submit(number, outlet)
    handing.end()


class _Handing:
    """Hands a job's results to each place; one that fails does not keep them from the others."""

    def __init__(
        self, settings: Settings, db: Database, schedule: Schedule, run: Run, job: Job
    ) -> None:
        self._settings = settings
        self._db = db
        self._schedule = schedule
        self._run = run
        self._job = job
        self._said = [_extracted(job)]
        self._problems: list[str] = []
        self._begun: list[str] = []

    def publish(self) -> None:
        """Publish the results, unless this run did before it was killed."""
        try:
            count = self._published()
            if count is None:
                count = publish.publish(self._settings, self._db, self._job.id)
            products = "product" if count == 1 else "products"
            self._said.append(f"{count:,} {products} published to the chat.")
        except DatabaseAway:
            raise
        except ShopkeeperError as error:
            self._problems.append(error.message)

    def _published(self) -> int | None:
        """How many products this run has published, or is publishing; None: not yet."""
        for one in releases.listing(self._db, self._job.id):
            on_sale = one.status in (ReleaseStatus.LIVE, ReleaseStatus.SWITCHING)
            if on_sale and one.created_at >= self._run.started_at:
                return one.products
        return None

    def submit(self, number: int, outlet: Outlet) -> None:
        """Begin a delivery; asked for again, it is the same one."""
        try:
            delivery = deliveries.submit(
                self._db,
                outlet.destination_id,
                self._job.id,
                outlet.choice,
                cause=f"the schedule “{self._schedule.name}”",
                request_key=f"{self._run.id}-{number}",
            )
            self._begun.append(delivery.id)
        except DatabaseAway:
            raise
        except NotFoundError:
            self._problems.append("A destination is gone: edit the schedule and choose another.")
        except ShopkeeperError as error:
            self._problems.append(error.message)

    def end(self) -> None:
        """Take the run on: to its deliveries, or to its end."""
        status = RunStatus.FAILED if self._problems else RunStatus.DONE
        schedule_runs.move(
            self._db,
            self._run,
            RunStatus.DELIVERING if self._begun else status,
            " ".join([*self._problems, *self._said]),
            failed=bool(self._problems),
            deliveries=self._begun,
            incomplete=bool(self._problems),
        )


def watch_deliveries(db: Database, run: Run) -> None:
    """End a run when its deliveries have ended, with what came of them."""
    found = [_found(db, one) for one in run.deliveries]
    if any(one is not None and one.status in _TO_COME for one in found):
        return
    said = " ".join([run.said, *_delivered(found)])
    arrived = all(one is not None and one.status is DeliveryStatus.DONE for one in found)
    status = RunStatus.DONE if arrived and not run.incomplete else RunStatus.FAILED
    # A delivery that fails tells of it itself.
    schedule_runs.move(db, run, status, said)


def _found(db: Database, delivery_id: str) -> Delivery | None:
    try:
        return deliveries.get(db, delivery_id)
    except NotFoundError:
        return None


def _delivered(found: Iterable[Delivery | None]) -> Iterable[str]:
    for one in found:
        if one is None:
            yield "A destination was deleted meanwhile."
        elif one.status is DeliveryStatus.DONE:
            failed = f", {one.failed:,} failed" if one.failed else ""
            rows = "row" if one.sent == 1 else "rows"
            yield f"{one.sent:,} {rows} delivered to “{one.destination}”{failed}."
        elif one.status is DeliveryStatus.CANCELLED:
            yield f"The delivery to “{one.destination}” was cancelled."
        else:
            yield f"The delivery to “{one.destination}” has failed: {one.reason}"


def _extracted(job: Job) -> str:
    """What came of the job, in a line."""
    parts = [f"{job.done:,} of {job.rows:,} rows extracted"]
    if job.reused:
        parts.append(f"{job.reused:,} of them unchanged")
    if job.failed:
        parts.append(f"{job.failed:,} failed")
    return f"{', '.join(parts)}."
