"""The child processes of a home: have them started, see how they are, wait for them.

Commands and scripts name what they need; whoever comes first starts the
supervisor, whoever leaves last takes it along (see :mod:`core.watch`).
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from core import ports, programs, progress, supervisor, watch
from core.errors import ServiceError
from core.files import make_folder
from core.programs import Service
from core.progress import Task
from core.roster import needs_embedded
from core.settings import ANYWHERE, Settings
from core.supervisor import Process, State

__all__ = [
    "BEHIND_PAGE",
    "Service",
    "ServiceStatus",
    "ensure",
    "is_healthy",
    "status",
    "stop",
    "wait_healthy",
]

START_LOCK_TIMEOUT_S = 60.0
PROBE_TIMEOUT_S = 1.0
POLL_S = 0.1
SAY_EVERY_S = 2.0
GIST_LINES = 3
GIST_CHARACTERS = 400

#: What a web app needs that was not started by ``make run``.
BEHIND_PAGE = frozenset(Service) - {Service.PAGE}

_WANTED = {State.STARTING, State.RUNNING, State.BACKOFF, State.EXITED, State.FATAL}


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """How a service is.

    Attributes:
        name: Which one.
        state: Its process's state; STOPPED also when no supervisor runs.
        pid: Its process id, while it has one.
        since: When it was last started.
        healthy: Whether it does its work, as far as can be seen from outside.
        detail: More about it, for a person.
    """

    name: Service
    state: State
    pid: int | None
    since: datetime | None
    healthy: bool
    detail: str


def ensure(settings: Settings, needs: Collection[Service]) -> None:
    """Have services started and kept running for as long as this process lives.

    Returns at once when they are started already; does not wait until they are
    healthy. Services that these settings do not have (the embedded model where
    only other endpoints are named) are passed over.

    Raises:
        ServiceError: They cannot be started.
    """
    wanted = offered(settings, needs)
    watch.register(settings)
    if not _missing(settings, wanted):
        return
    make_folder(settings.run)
    try:
        with FileLock(settings.run / "start.lock", timeout=START_LOCK_TIMEOUT_S):
            _start(settings, wanted)
    except Timeout as error:
        raise ServiceError("Another process has been starting Shopkeeper for a minute.") from error


def offered(settings: Settings, needs: Collection[Service]) -> list[Service]:
    """The needed services that these settings have on this machine, in the order of starting."""
    absent = set() if needs_embedded(settings) else {Service.MODEL}
    if settings.chroma is not None:
        absent.add(Service.CHROMA)
    here = (service for service in Service if settings.runs_here(service))
    return [service for service in here if service in needs and service not in absent]


def _missing(settings: Settings, wanted: list[Service]) -> list[Service]:
    try:
        found = supervisor.processes(settings) or {}
    except ServiceError:
        return wanted  # on its way down
    return [
        service for service in wanted if service not in found or found[service].state not in _WANTED
    ]


def _start(settings: Settings, wanted: list[Service]) -> None:
    deadline = time.monotonic() + supervisor.STOP_TIMEOUT_S
    while True:
        try:
            if supervisor.processes(settings) is None:
                supervisor.launch(settings)
            for service in _missing(settings, wanted):
                supervisor.start_program(settings, service)
            return
        except supervisor.ShuttingDown:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)


def stop(settings: Settings) -> None:
    """This process needs the services no longer; the last one to say so ends them all."""
    watch.release(settings)
    number = supervisor.pid(settings)
    if number is not None and not watch.owners(settings, number):
        supervisor.shutdown(settings)


def status(settings: Settings) -> list[ServiceStatus]:
    """How the services of a home are, one entry each."""
    try:
        found = supervisor.processes(settings) or {}
    except ServiceError:
        found = {}
    offer = offered(settings, list(Service))
    return [_status(settings, service, found.get(service)) for service in offer]


def _status(settings: Settings, service: Service, process: Process | None) -> ServiceStatus:
    if process is None:
        return ServiceStatus(service, State.STOPPED, None, None, False, "not running")
    since = datetime.fromtimestamp(process.since, UTC) if process.pid else None
    healthy = process.state is State.RUNNING and is_healthy(settings, service)
    return ServiceStatus(service, process.state, process.pid, since, healthy, process.detail)


def is_healthy(settings: Settings, service: Service) -> bool:
    """Whether a service that speaks HTTP answers; True for those that do not speak it."""
    if service is Service.CHROMA:
        return _answers(ports.LOOPBACK, ports.read(settings).chroma, "/api/v2/heartbeat")
    if service is Service.MODEL:
        return _answers(ports.LOOPBACK, ports.read(settings).model, "/health")
    if service is Service.PAGE:
        return _answers(page_host(settings), settings.port, "/_stcore/health")
    return True


def page_host(settings: Settings) -> str:
    """An address at which this machine reaches the web app."""
    anywhere = settings.address in ANYWHERE
    return ports.LOOPBACK if anywhere else settings.address


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_healthy(
    settings: Settings,
    needs: Collection[Service],
    timeout_s: float,
    on_wait: Callable[[str], None] | None = None,
) -> None:
    """Wait until services do their work.

    Args:
        settings: Names the home.
        needs: The services; see :func:`ensure`.
        timeout_s: Longest wait. Fetching the embedded model does not count
            while it advances.
        on_wait: Told every two seconds, and first at once, what is waited for.

    Raises:
        ServiceError: A service does not come up; the message has its log's gist and path.
    """
    waiting = offered(settings, needs)
    deadline, said, seen = time.monotonic() + timeout_s, 0.0, None
    while waiting := [service for service in waiting if not _is_up(settings, service)]:
        now, moved = time.monotonic(), progress.read(settings, task=Task.MODEL)
        if moved != seen:
            deadline, seen = now + timeout_s, moved
        if now > deadline:
            raise ServiceError(f"{failure(settings, waiting[0])}\nWaited {timeout_s:.0f} s.")
        if on_wait is not None and now - said >= SAY_EVERY_S:
            said = now
            on_wait(_waiting_for(waiting, moved))
        time.sleep(POLL_S)


def _is_up(settings: Settings, service: Service) -> bool:
    found = (supervisor.processes(settings) or {}).get(service)
    if found is None or found.state is State.STOPPED:
        raise ServiceError(f"{service.label}: it is not running for {settings.home}.")
    if found.state is State.FATAL:
        raise ServiceError(failure(settings, service))
    return found.state is State.RUNNING and is_healthy(settings, service)


def _waiting_for(waiting: list[Service], fetching: progress.Progress | None) -> str:
    if Service.MODEL in waiting and fetching is not None:
        return f"{fetching.label}: {fetching.fraction:.0%}"
    return "Waiting for: " + ", ".join(service.label.lower() for service in waiting)


def failure(settings: Settings, service: Service) -> str:
    """Why a service does not work, as far as its log tells, and where that log is."""
    path = programs.log_path(settings, service)
    if any(one.name is service and one.state is State.RUNNING for one in status(settings)):
        return f"{service.label} has been starting for long and does not answer yet (log: {path})"
    return f"{service.label} does not start: {_gist(path)} (log: {path})"


def _gist(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace")[-20_000:].splitlines()
    except OSError:
        return "it has left no log"
    last = [line.strip() for line in lines if line.strip()][-GIST_LINES:]
    return " / ".join(last)[-GIST_CHARACTERS:] or "its log is empty"


if __name__ == "__main__":
    from core.foreground import app

    app()
