"""``python -m batch extract``: a catalog in, a file of results out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Annotated

import orjson
import typer

from batch import control, demonstrations_command, jobs, stored_rows
from batch.budget import Budget, budget_of
from batch.columns import Columns
from batch.command_choices import choose_columns, choose_provider, store_catalog
from batch.demonstration_files import import_file
from batch.demonstrations import last_change
from batch.download_command import form_of
from batch.download_forms import Form
from batch.downloads import download
from batch.field_sources import find_plan
from batch.forecast import forecast
from batch.jobs import Job
from batch.memory import models
from batch.plan import Plan
from batch.plan_file import check_plan, dump_plan
from batch.result_files import write_lines
from batch.standing import told
from batch.submission import submit
from batch.summary import summary
from batch.uploads import Upload
from core import services
from core.console import Exit, bar, opened, print_json, say
from core.db import Database
from core.errors import CatalogError
from core.held_up import reason
from core.pool import Pool, open_pool
from core.roster import configured, needs_embedded
from core.services import Service
from core.settings import Settings
from core.statuses import JobStatus, RowStatus

POLL_S = 0.25
START_TIMEOUT_S = 60.0
SHOWN_FAILURES = 20


def extract(
    catalog: Annotated[Path, typer.Argument(metavar="IN.csv", help="The catalog.")],
    fields: Annotated[
        str, typer.Option(help="FIELDS.json, or the name of a saved set or template.")
    ],
    out: Annotated[
        Path, typer.Option(help="Where the results go: .csv, .xlsx, .parquet or .jsonl.")
    ],
    id_column: Annotated[
        str | None, typer.Option("--id", help="Column with the product id.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="Column to read; may be repeated.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read all rows again, also those known already.")
    ] = False,
    cheapest: Annotated[
        bool,
        typer.Option("--cheapest", help="Send it to a provider, to be done within 24 hours."),
    ] = False,
    endpoint: Annotated[
        str | None, typer.Option(help="With --cheapest: the endpoint, where several offer it.")
    ] = None,
    demos: Annotated[
        Path | None,
        typer.Option(help="FILE.jsonl: examples to learn from, kept for later jobs, too."),
    ] = None,
    no_demos: Annotated[
        bool, typer.Option("--no-demos", help="Show the model no examples.")
    ] = False,
    budget: Annotated[
        float | None, typer.Option(help="What it may cost: the job stops when that is reached.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
) -> None:
    """Extract metadata from a catalog and write the results.

    The same command again, after an interruption, goes on with the same job.
    Rows that an earlier job has read with the same fields and model cost nothing.
    With --cheapest the rows go to a provider's batches, mostly at half the price.
    A job that has stopped at its --budget goes on with a larger one.
    """
    with opened() as (settings, db):
        form = _form(out)
        provider = choose_provider(settings, endpoint, cheapest=cheapest)
        limit = None if budget is None else budget_of(budget, configured(settings), provider)
        plan = find_plan(db, fields)
        upload = store_catalog(settings, db, catalog)
        check_plan(plan, upload.catalog.columns)
        columns = choose_columns(settings, upload, id_column, text)
        if demos is not None:
            say(demonstrations_command.told(demos, import_file(db, demos)))
        learns = not no_demos
        job = _job(settings, db, upload, columns, plan, provider, limit, fresh=fresh, learns=learns)
        job = _wait(settings, db, job)
        write_lines(out, download(settings, db, job.id, form))
        _report(settings, db, job, out, as_json)
        raise typer.Exit(Exit.ROWS_FAILED if job.failed or job.waiting else Exit.OK)


def _form(out: Path) -> Form:
    form = form_of(out)
    if not out.absolute().parent.is_dir():
        raise CatalogError(f"The folder {out.absolute().parent} for the results does not exist.")
    return form


def _job(
    settings: Settings,
    db: Database,
    upload: Upload,
    columns: Columns,
    plan: Plan,
    provider: str | None,
    limit: Budget | None,
    *,
    fresh: bool,
    learns: bool,
) -> Job:
    """The job for exactly this work: an earlier one that goes on, or a new one."""
    answering = models(configured(settings), provider)
    catalog = [upload.catalog.sha256, columns.to_json(), dump_plan(plan)]
    parts = [*catalog, sorted(answering), fresh, *filter(None, [provider])]
    parts += [] if learns else ["no demonstrations"]
    key = hashlib.sha256(orjson.dumps(parts)).hexdigest()
    earlier = jobs.by_request(db, key)
    former = None
    again = fresh or (learns and earlier and last_change(db) > earlier.created_at)
    if earlier and again and not earlier.waiting:
        jobs.give_up_request(db, earlier.id)
        former, earlier = earlier, None
    if earlier is None:
        if not fresh:
            _say_forecast(settings, db, upload, columns, plan, answering)
        job = submit(
            db,
            upload.id,
            columns,
            plan,
            upload.name,
            request_key=key,
            fresh=fresh,
            version_of=former,
            provider=provider,
            learns=learns,
            budget=limit,
        )
        say(f"Job {job.id}: {job.rows:,} rows")
        return job
    say(f"Going on with job {earlier.id}: {earlier.waiting:,} of {earlier.rows:,} rows left")
    if earlier.waiting and not earlier.active:
        control.resume(db, earlier.id, limit)
    return jobs.get(db, earlier.id)


def _say_forecast(
    settings: Settings,
    db: Database,
    upload: Upload,
    columns: Columns,
    plan: Plan,
    answering: Collection[str],
) -> None:
    """Say how many rows are known already, where some are."""
    with bar("Looking for rows that were read before") as advance:
        found = forecast(settings, db, upload.id, columns, plan, answering, advance)
    if found.known or found.repeated:
        equal = f", {found.repeated:,} equal to another row" if found.repeated else ""
        say(f"{found.known:,} unchanged{equal}, {found.to_ask:,} to extract")


def _say_once(why: str, said: str) -> str:
    """Say why nothing moves, when that has changed; returns what was said last."""
    kind = why.partition(";")[0]
    if kind and kind != said:
        say(f"{kind[0].upper()}{kind[1:]}.")
    return kind


def _why(db: Database, pool: Pool, job: Job) -> str:
    """What a job waits for."""
    if job.provider:
        return job.reason.rstrip(".") or told(db, job).partition(" · ")[0]
    return reason(pool.states()[0])


def _wait(settings: Settings, db: Database, job: Job) -> Job:
    """Wait for the job's end, with a bar, and with a worker that is seen to be there."""
    if not job.active:
        return job
    embedded = needs_embedded(settings) and not job.provider
    needs = {Service.WORKER} | ({Service.MODEL} if embedded else set())
    try:
        services.ensure(settings, needs)
        services.wait_healthy(settings, needs, START_TIMEOUT_S, say)
        with bar("Extracting") as advance, closing(open_pool(settings)) as pool:
            said = ""
            while job.active:
                services.ensure(settings, needs)
                advance(job.done + job.failed, job.rows)
                time.sleep(POLL_S)
                job = jobs.get(db, job.id)
                said = _say_once(_why(db, pool, job), said)
            advance(job.done + job.failed, job.rows)
    finally:
        services.stop(settings)
    return job


def _report(settings: Settings, db: Database, job: Job, out: Path, as_json: bool) -> None:
    for row in stored_rows.page(settings, db, job, 1, SHOWN_FAILURES, RowStatus.FAILED):
        say(f"Row {row.row_no} failed: {row.error}")
    if job.failed > SHOWN_FAILURES:
        say(f"… and {job.failed - SHOWN_FAILURES:,} more failed rows")
    if job.status is not JobStatus.DONE:
        say(f"The job is {job.status}. {job.reason}".strip())
    say(f"{job.done:,} rows done, {job.failed:,} failed, written to {out!s}")
    if as_json:
        print_json(summary(job))
