"""What is seen in front while the child processes work: what is up, what is late, how far it is.

Starts again what was killed under it. Knows nothing of commands and signals.
"""

from __future__ import annotations

import time
from contextlib import closing

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from core import invitations, progress, services, supervisor
from core.console import say
from core.db import open_database
from core.errors import ServiceError, ShopkeeperError
from core.programs import Service
from core.settings import Settings
from core.sign_in_settings import SignIn

LOOK_S = 0.3
#: A healthy house is up by then, also on a slow disk; what is late is told, not ended.
LATE_S = 60.0
#: The web app starts alone for at most this long: a person waits for it, and on few cores
#: all at once would take each several times as long.
HEAD_START_S = 5.0
MOST_RELAUNCHES = 5
console = Console(highlight=False, soft_wrap=True)


class Front:
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
            say(services.failure(self._settings, service), style="red")

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
        say(f"No link for an administrator could be made: {error.message}", style="red")
        return
    if address:
        console.print("  There is no administrator yet. Whoever opens this link first becomes one;")
        console.print(f"  it is good once, for a day:\n  [cyan]{escape(address)}[/]\n")
