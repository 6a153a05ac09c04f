"""The terminal side of the services: ``python -m core.services run|status|stop``."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from core import local_model, preflight, progress, services, supervisor, watch
from core.console import say
from core.errors import ShopkeeperError
from core.front import Front, console
from core.programs import Service
from core.roster import needs_embedded
from core.settings import Settings, load_settings

app = typer.Typer(help="Shopkeeper's processes.", no_args_is_help=True, add_completion=False)


class _Stop(Exception):
    """The person wants it to end."""


def run(settings: Settings) -> None:
    """Start everything and stay in front until Ctrl-C or SIGTERM; then end everything.

    Raises:
        ShopkeeperError: It cannot start, or the supervisor ended under us.
    """
    with _stoppable() as calmly:
        try:
            preflight.check(settings)
            if needs_embedded(settings):
                _fetch(settings)
            progress.clear(settings)
            services.ensure(settings, _first(settings))
            Front(settings).stay()
        except _Stop:
            console.print("Stopping …")
        finally:
            calmly()
            watch.release(settings)
            supervisor.shutdown(settings)
    console.print("Stopped.")


def _first(settings: Settings) -> list[Service]:
    """What is started first: the page, for which people wait; where it runs elsewhere, all."""
    return services.offered(settings, [Service.PAGE]) or list(Service)


@contextmanager
def _stoppable() -> Iterator[Callable[[], None]]:
    """Turn both signals into ``_Stop``; the yielded function makes further ones harmless."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stop

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop) for number in numbers]

    def calmly() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    try:
        yield calmly
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _fetch(settings: Settings) -> None:
    if local_model.resolve(settings) is not None:
        return
    console.print("The first start fetches the embedded model, once for this machine.")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Fetching", total=None)

        def tell(label: str, done: int, total: int) -> None:
            bar.update(task, description=escape(label), completed=done, total=total or None)

        local_model.fetch(settings, tell)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Errors of ours become a line on standard error and exit code 1."""
    try:
        yield
    except ShopkeeperError as error:
        say(error.message, style="red")
        raise typer.Exit(1) from error
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        say(f"{error.strerror or error}{place}", style="red")
        raise typer.Exit(1) from error


@app.command("run")
def run_command() -> None:
    """Start everything and stay in front until Ctrl-C."""
    with _in_one_line():
        run(load_settings())


@app.command("status")
def status_command() -> None:
    """Show how each process is."""
    table = Table("", "state", "process", "for", box=None)
    with _in_one_line():
        for entry in services.status(load_settings()):
            mark = "[green]✓[/]" if entry.healthy else "[red]✗[/]"
            number = str(entry.pid or "")
            age = f"{time.time() - entry.since.timestamp():,.0f} s" if entry.since else ""
            table.add_row(f"{mark} {entry.name.label}", entry.state.lower(), number, age)
    console.print(table)


@app.command("stop")
def stop_command() -> None:
    """End everything that runs for this home."""
    with _in_one_line():
        settings = load_settings()
        running = supervisor.pid(settings) is not None
        supervisor.shutdown(settings)
    console.print("Stopped." if running else f"Nothing runs for {escape(str(settings.home))}.")
