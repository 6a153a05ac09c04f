"""The terminal side of the services: ``python -m core.services run|status|stop``."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from core import invitations, local_model, preflight, progress, services, supervisor, watch
from core.db import open_database
from core.errors import ServiceError, ShopkeeperError
from core.programs import Service
from core.roster import needs_embedded
from core.settings import Settings, SignIn, load_settings

LOOK_S = 0.3
#: A healthy house is up by then, also on a slow disk; what is late is told, not ended.
LATE_S = 60.0
#: The web app starts alone for at most this long: a person waits for it, and on few cores
#: all at once would take each several times as long.
HEAD_START_S = 5.0
MOST_RELAUNCHES = 5

app = typer.Typer(help="Shopkeeper's processes.", no_args_is_help=True, add_completion=False)
console = Console(highlight=False, soft_wrap=True)


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
            _Front(settings).stay()
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


class _Front:
    """What is seen in front while the children work."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pending = services.offered(settings, list(Service))
        self._started = time.monotonic()
        self._late = self._complete = False
        self._bar: Progress | None = None
        self._relaunches = 0

    def stay(self) -> None:
        """Look again and again; returns when the supervisor was stopped by another command."""
        console.print(f"Starting Shopkeeper in {escape(str(self._settings.home))}")
        try:
            while self._supervised():
                self._announce()
                self._start_rest()
                self._warn_when_late()
                self._show_indexing()
                time.sleep(LOOK_S)
        finally:
            self._end_bar()

    def _supervised(self) -> bool:
        if supervisor.pid(self._settings) is not None:
            return True
        if not supervisor.has_crashed(self._settings):
            return False
        self._relaunches += 1
        if self._relaunches > MOST_RELAUNCHES:
            log = self._settings.logs / "supervisord.log"
            raise ServiceError(f"The supervisor ended again and again; see {log}.")
        console.print("The supervisor was killed; starting everything again.")
        services.ensure(self._settings, list(Service))
        return True

    def _announce(self) -> None:
        if not self._pending:
            return
        healthy = {entry.name for entry in services.status(self._settings) if entry.healthy}
        elapsed_s = time.monotonic() - self._started
        for service in self._pending:
            if service in healthy:
                console.print(f"  [green]✓[/] {service.label} [dim]({elapsed_s:.1f} s)[/]")
                if service is Service.PAGE:
                    _invite(self._settings)
        self._pending = [service for service in self._pending if service not in healthy]

    def _start_rest(self) -> None:
        waited_s = time.monotonic() - self._started
        if not self._complete and (Service.PAGE not in self._pending or waited_s > HEAD_START_S):
            services.ensure(self._settings, list(Service))
            self._complete = True

    def _warn_when_late(self) -> None:
        if self._late or time.monotonic() - self._started < LATE_S:
            return
        self._late = True
        for service in self._pending:
            _complain(services.failure(self._settings, service))

    def _show_indexing(self) -> None:
        state = progress.read(self._settings)
        if state is None:
            self._end_bar()
            return
        if self._bar is None:
            columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, console=console, transient=True)
            self._bar.add_task("")
            self._bar.start()
        self._bar.update(
            self._bar.task_ids[0],
            description=escape(state.label),
            completed=state.done,
            total=state.total or None,
        )

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _invite(settings: Settings) -> None:
    host = services.page_host(settings)
    host = "localhost" if host in ("127.0.0.1", "::1") else host
    console.print(f"\n  [bold]Shopkeeper is open: [cyan]http://{host}:{settings.port}[/][/]")
    _offer_first_link(settings)
    console.print("  [dim]Ctrl-C closes it.[/]\n")


def _offer_first_link(settings: Settings) -> None:
    """As long as there is no administrator: the link that makes one. It is written nowhere else."""
    if settings.sign_in is SignIn.OFF:
        console.print("  [dim]Everybody on this machine may do everything.[/]")
        return
    try:
        with closing(open_database(settings)) as db:
            address = invitations.first_link(settings, db, now=time.time())
    except ShopkeeperError as error:
        _complain(f"No link for an administrator could be made: {error.message}")
        return
    if address:
        console.print("  There is no administrator yet. Whoever opens this link first becomes one;")
        console.print(f"  it is good once, for a day:\n  [cyan]{escape(address)}[/]\n")


def _complain(message: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(message), style="red")


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Errors of ours become a line on standard error and exit code 1."""
    try:
        yield
    except ShopkeeperError as error:
        _complain(error.message)
        raise typer.Exit(1) from error
    except OSError as error:
        _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
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
