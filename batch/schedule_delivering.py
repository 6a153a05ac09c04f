"""The second half of a run: the results of its job go where they are to go."""

from __future__ import annotations

from batch import jobs, publish, schedule_runs
from batch.jobs import Job
from batch.runs import look
from batch.schedule_runs import Run, RunStatus
from batch.schedule_task import Task
from batch.schedules import Schedule
from core.db import Database
from core.errors import ShopkeeperError
from core.settings import Settings
from core.statuses import ACTIVE, JobStatus

_STOPPED = "Its job was paused. Resume it, and the results are delivered when it ends."


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
        if schedule.task.publish:
            publish.publish(settings, db, job.id)
        schedule_runs.move(db, run, RunStatus.DONE, _done(job, schedule.task))
    except ShopkeeperError as error:
        schedule_runs.move(db, run, RunStatus.FAILED, error.message, failed=True)


def _done(job: Job, task: Task) -> str:
    """What came of the job, in a line."""
    parts = [f"{job.done:,} of {job.rows:,} rows extracted"]
    if job.reused:
        parts.append(f"{job.reused:,} of them unchanged")
    if job.failed:
        parts.append(f"{job.failed:,} failed")
    if task.publish:
        parts.append("published to the chat")
    return f"{', '.join(parts)}."
