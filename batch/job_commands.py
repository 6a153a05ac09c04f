"""Looking after jobs from a shell: list, show, pause, resume, cancel, retry, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from batch import control, jobs
from batch.budget import budget_of
from batch.failures import reasons
from batch.memory import models
from batch.retry import Way, retry_failed, retry_rows
from batch.summary import summary
from core.console import Exit, Listing, opened, print_json, say
from core.db import Database
from core.roster import configured
from core.statuses import Lane

JobId = Annotated[str, typer.Argument(metavar="JOB", help="A job's id, as `jobs` lists it.")]


def list_jobs(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the jobs, the newest first."""
    with opened() as (_, db):
        found = jobs.listing(db)
        if as_json:
            print_json([summary(job) for job in found])
            return
        table = Listing("Job", "Name", "State", "Rows", "Done", "Failed")
        for job in found:
            counts = (f"{number:,}" for number in (job.rows, job.done, job.failed))
            table.add_row(job.id, (job.name), job.status, *counts)
        Console().print(table if found else "No jobs yet.")


def show(job_id: JobId) -> None:
    """Show one job as JSON."""
    with opened() as (_, db):
        print_json(summary(jobs.get(db, job_id)))


def pause(job_id: JobId) -> None:
    """Pause a job; what is done stays done."""
    _decide(control.pause, job_id)


def resume(
    job_id: JobId,
    budget: Annotated[
        float | None, typer.Option(help="What it may cost from now on, all in all.")
    ] = None,
) -> None:
    """Go on with a paused, cancelled or stopped job."""

    with opened() as (settings, db):
        job, limit = jobs.get(db, job_id), None
        if budget is not None:
            only = job.provider or job.endpoint
            limit = budget_of(budget, configured(settings), only)
        control.resume(db, job_id, limit)
        _say_standing(db, job_id)


def cancel(job_id: JobId) -> None:
    """Stop a job for good and keep what is done."""
    _decide(control.cancel, job_id)


def retry(
    job_id: JobId,
    row: Annotated[
        list[int] | None, typer.Option(help="A row to read again; may be repeated.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only rows that failed for this reason; see `failures`.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="The only endpoint to ask.")] = None,
    patience: Annotated[
        float, typer.Option(min=1.0, max=16.0, help="Times the usual length and time.")
    ] = 1.0,
) -> None:
    """Read failed rows again, or the rows named; a running worker takes them up."""
    with opened() as (settings, db):
        if endpoint and not models(configured(settings), endpoint):
            names = ", ".join(one.name for one in configured(settings) if Lane.BATCH in one.lanes)
            raise typer.BadParameter(f"No endpoint “{endpoint}” serves jobs; there is {names}.")
        way = Way(endpoint, patience)
        count = retry_rows(db, job_id, row, way) if row else retry_failed(db, job_id, reason, way)
        say(f"{count:,} rows of job {job_id} will be read again")


def list_failures(
    job_id: JobId,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show why rows failed, and how many for each reason."""
    with opened() as (_, db):
        found = reasons(db, jobs.get(db, job_id))
        if as_json:
            print_json([{"reason": one.reason, "rows": one.rows} for one in found])
            return
        table = Listing("Rows", "Reason")
        for one in found:
            table.add_row(f"{one.rows:,}", one.reason)
        Console().print(table if found else "No row of this job has failed.")


def delete(
    job_id: JobId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a job with its results; products that were published stay."""
    with opened() as (_, db):
        job = jobs.get(db, job_id)
        gone = f"“{job.name}” and its {job.done + job.failed:,} results will be gone for good."
        if not yes and not typer.confirm(f"{gone} Delete the job?", err=True):
            say("Nothing was deleted.")
            raise typer.Exit(Exit.BAD_INPUT)
        control.delete(db, job_id)
        say(f"Job {job_id} is deleted. A running worker frees its room in the background.")


def _decide(decision: Callable[[Database, str], None], job_id: str) -> None:
    with opened() as (_, db):
        decision(db, job_id)
        _say_standing(db, job_id)


def _say_standing(db: Database, job_id: str) -> None:
    job = jobs.get(db, job_id)
    say(f"Job {job.id} is {job.status}: {job.done:,} of {job.rows:,} rows done")
