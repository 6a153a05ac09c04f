"""What our commands share: messages on standard error, data on standard output, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from core import redaction
from core.db import Database, open_database
from core.errors import (
    CatalogError,
    FieldsError,
    JobError,
    NotFoundError,
    PeopleError,
    ScheduleError,
    ShopkeeperError,
    SignInError,
    ValueRefused,
)
from core.letters import visible
from core.settings import Settings, load_settings

notes = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """Exit codes of our commands."""

    OK = 0  #: all is done
    FAILED = 1  #: a service or a model failed
    BAD_INPUT = 2  #: a file or an argument is wrong
    ROWS_FAILED = 3  #: finished, but some rows failed, or some questions are answered wrongly


#: What whoever typed the command has to put right.
BAD_INPUT = (
    CatalogError,
    FieldsError,
    JobError,
    NotFoundError,
    PeopleError,
    ScheduleError,
    SignInError,
    ValueRefused,
)


@contextmanager
def opened() -> Iterator[tuple[Settings, Database]]:
    """Settings and database for a command; errors of ours become a line and an exit code."""
    with reported():
        settings = load_settings()
        db = open_database(settings)
        try:
            yield settings, db
        finally:
            db.close()


@contextmanager
def reported() -> Iterator[None]:
    """Errors of ours become a line and an exit code."""
    redaction.install()
    try:
        yield
    except ShopkeeperError as error:
        say(f"Error: {error.message}", style="red")
        bad_input = isinstance(error, BAD_INPUT)
        raise typer.Exit(Exit.BAD_INPUT if bad_input else Exit.FAILED) from error


class Listing(Table):
    """A table for people, in which every cell is the text it is."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row of texts; no name that somebody chose is markup or gives orders."""
        texts = [Text(visible(one).expandtabs(1)) if isinstance(one, str) else one for one in cells]
        super().add_row(*texts, **options)


def say(message: str, *, style: str | None = None) -> None:
    """A line on standard error; the text is shown as it is."""
    notes.print(escape(visible(message)), style=style, soft_wrap=True)


@contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; the yielded function is told what is done and the total."""
    with stages(label) as advance:
        yield lambda done, total: advance(label, done, total)


@contextmanager
def stages(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for one thing after the other; the yielded function is told which as well."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes, transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda stage, done, total: progress.update(
            task, description=stage, completed=done, total=total
        )


def print_json(data: Any) -> None:
    """Data on standard output, as indented JSON."""
    sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n")
