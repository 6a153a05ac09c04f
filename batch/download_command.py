"""``python -m batch download``: a job's results as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from batch import downloads, job_feeds, jobs
from batch.choice import Choice
from batch.download_forms import Form, Options
from batch.feed_mapping import Need, Source
from batch.feeds import Lack
from batch.job_commands import JobId
from batch.jobs import Job
from batch.result_files import write_lines
from core.console import bar, notes, opened, say
from core.db import Database
from core.errors import CatalogError
from core.settings import Settings


def download_results(
    job_id: JobId,
    out: Annotated[str, typer.Option(help="Where the file goes; “-” for standard output.")],
    form: Annotated[
        Form | None, typer.Option(help="What it looks like; else as the file's name ends.")
    ] = None,
    rows: Annotated[Choice, typer.Option(help="Which rows.")] = Choice.ALL,
    as_uploaded: Annotated[
        bool, typer.Option("--as-uploaded", help="CSV written as the uploaded file is.")
    ] = False,
    provenance: Annotated[
        bool, typer.Option("--provenance", help="Tell where each value came from.")
    ] = False,
    guard: Annotated[
        bool | None,
        typer.Option(
            "--guard/--no-guard",
            help="Make cells harmless that a spreadsheet would run; usual for CSV and Excel.",
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--from", help="Feeds: ATTRIBUTE=COLUMN it is taken from; may be repeated."),
    ] = None,
    otherwise: Annotated[
        list[str] | None,
        typer.Option(help="Feeds: ATTRIBUTE=TEXT where a product says nothing; may be repeated."),
    ] = None,
    complete_only: Annotated[
        bool,
        typer.Option("--complete-only", help="Feeds: without products that would be refused."),
    ] = False,
) -> None:
    """Write a job's results to a file: CSV, Excel, Parquet, JSON lines, or a feed.

    What products lack that a feed's reader asks for is named on standard error.
    """
    with opened() as (settings, db):
        wanted = form or form_of(Path(out), " --form names any other form.")
        job = jobs.get(db, job_id)
        options = Options(
            as_uploaded=as_uploaded,
            provenance=provenance,
            guard=guard,
            sources=_sources(source or [], otherwise or []),
            complete_only=complete_only,
        )
        _say_what_lacks(settings, db, job, wanted, rows, options)
        pieces = downloads.download(settings, db, job.id, wanted, choice=rows, options=options)
        if out == "-":
            sys.stdout.buffer.writelines(pieces)
            return
        with notes.status("Writing"):
            write_lines(_place(Path(out)), pieces)
        say(f"Written to {out}")


def form_of(path: Path, hint: str = "") -> Form:
    """The form that a file's name means.

    Args:
        path: The file.
        hint: What else can be done, where it means none.

    Raises:
        CatalogError: It means none.
    """
    forms = (Form.CSV, Form.XLSX, Form.PARQUET, Form.JSONL)
    found = next((one for one in forms if one.suffix == path.suffix.lower()), None)
    if found is None:
        raise CatalogError(
            f"{path.name}: the results can be written as .csv, .xlsx, .parquet or .jsonl.{hint}"
        )
    return found


def _place(path: Path) -> Path:
    if not path.absolute().parent.is_dir():
        raise CatalogError(f"The folder {path.absolute().parent} for the file does not exist.")
    return path


def _sources(columns: list[str], texts: list[str]) -> dict[str, Source]:
    taken, otherwise = dict(map(_pair, columns)), dict(map(_pair, texts))
    return {
        name: Source(taken.get(name), otherwise.get(name))
        for name in dict.fromkeys([*taken, *otherwise])
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"“{text}” must be an attribute, “=”, and a column or a text.")
    return name.strip(), value.strip()


def _say_what_lacks(
    settings: Settings, db: Database, job: Job, form: Form, rows: Choice, options: Options
) -> None:
    if form.feed is None:
        return
    with bar("Looking for what is missing") as advance:
        found = job_feeds.look(
            settings,
            db,
            job,
            form.feed,
            rows,
            options.sources,
            lambda done: advance(done, job.rows) if done % 100 == 0 else None,
        )
    for lack in found.lacks:
        say(_told(lack))


def _told(lack: Lack) -> str:
    required = lack.attribute.need is Need.REQUIRED
    products, rows = (
        ("1 product has", "row") if lack.rows == 1 else (f"{lack.rows:,} products have", "rows")
    )
    first = ", ".join(f"{number:,}" for number in lack.first)
    more = " …" if lack.rows > len(lack.first) else ""
    then = " (they will be refused)" if required else ""
    return f"{products} no {lack.attribute.what}{then}: {rows} {first}{more}"
