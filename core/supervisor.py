"""One supervisord for each home: starting it, finding it, talking to it, ending it.

Knows processes by supervisord's names; what they are for is others' business.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Error, Fault

import psutil

from core import ports, programs, rpc
from core.errors import ServiceError
from core.files import make_folder, write_atomically
from core.settings import PROJECT, Settings, child_environment

LAUNCH_TIMEOUT_S = 20.0
#: Somewhat more than all that the programs are given to stop.
STOP_TIMEOUT_S = 12.0
POLL_S = 0.02

#: Kept, so that none that runs loses its handle, and those that ended are reaped.
_launched: list[subprocess.Popen[bytes]] = []

_SHUTTING_DOWN = 6
_ALREADY_STARTED = 60


class State(StrEnum):
    """What supervisord says of a process."""

    STOPPED = "STOPPED"  #: not started, or stopped on purpose
    STARTING = "STARTING"  #: started, not up for long enough yet
    RUNNING = "RUNNING"  #: up
    BACKOFF = "BACKOFF"  #: ended at once; will be tried again
    STOPPING = "STOPPING"  #: told to stop
    EXITED = "EXITED"  #: ended; will be started again
    FATAL = "FATAL"  #: ended at once too often; the watch will start it afresh
    UNKNOWN = "UNKNOWN"  #: supervisord has lost count


@dataclass(frozen=True, slots=True)
class Process:
    """A program as supervisord sees it.

    Attributes:
        name: Its name, without the group.
        state: Its state.
        pid: Its process id, while it has one.
        since: Unix time of its last start; 0 if it was never started.
        detail: supervisord's words on it.
    """

    name: str
    state: State
    pid: int | None
    since: float
    detail: str


class ShuttingDown(ServiceError):
    """The supervisor is on its way down; its successor can start when it is gone."""


def processes(settings: Settings) -> dict[str, Process] | None:
    """All programs by name, or None when no supervisor runs for this home.

    Raises:
        ShuttingDown: It is on its way down.
        ServiceError: It makes no sense.
    """
    try:
        with rpc.proxy(settings) as supervisor:
            found = cast("list[dict[str, Any]]", supervisor.getAllProcessInfo())
    except Fault as error:
        raise _fault(error) from error
    except (OSError, http.client.HTTPException):
        return None
    except Error as error:
        raise ServiceError(f"The supervisor does not answer: {error}") from error
    return {entry["name"]: _process(entry) for entry in found}


def _fault(error: Fault) -> ServiceError:
    if error.faultCode == _SHUTTING_DOWN:
        return ShuttingDown("Shopkeeper is shutting down; try again in a few seconds.")
    return ServiceError(f"The supervisor refuses: {error.faultString}")


def _process(entry: dict[str, Any]) -> Process:
    detail = str(entry["spawnerr"] or entry["description"])
    return Process(
        name=entry["name"],
        state=State(entry["statename"]),
        pid=int(entry["pid"]) or None,
        since=float(entry["start"]),
        detail=detail,
    )


def start_program(settings: Settings, name: str) -> None:
    """Start a program that is not running; harmless when it is.

    Raises:
        ShuttingDown: The supervisor is on its way down.
        ServiceError: The supervisor refuses or is gone.
    """
    try:
        with rpc.proxy(settings) as supervisor:
            supervisor.startProcess(programs.full_name(name), False)
    except Fault as error:
        if error.faultCode != _ALREADY_STARTED:
            raise _fault(error) from error
    except (OSError, http.client.HTTPException) as error:
        raise ServiceError("The supervisor went away while starting a process.") from error


def launch(settings: Settings) -> None:
    """Start supervisord for a home that has none; returns when it answers.

    Raises:
        ServiceError: It does not start; the message has its last words.
    """
    for folder in (settings.home, settings.logs, settings.run):
        make_folder(folder)
    path = rpc.socket_path(settings)
    _make_private(path.parent) if path.parent != settings.run else None
    file = settings.run / "supervisord.conf"
    write_atomically(file, programs.config(settings, ports.allocate(settings), path))
    process = _spawn(settings, file)
    deadline = time.monotonic() + LAUNCH_TIMEOUT_S
    while processes(settings) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise ServiceError(f"The supervisor does not start: {_last_words(settings)}")
        time.sleep(POLL_S)
    _reap()
    _launched.append(process)


def _reap() -> None:
    _launched[:] = [process for process in _launched if process.poll() is None]


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise ServiceError(f"{folder} belongs to somebody else; set SHOPKEEPER_HOME shorter.")


def _output(settings: Settings) -> Path:
    return settings.logs / "supervisord.out"


def _spawn(settings: Settings, file: Path) -> subprocess.Popen[bytes]:
    environment = child_environment(
        settings,
        ANONYMIZED_TELEMETRY="False",
        PYTHONUNBUFFERED="1",
        # The web server takes the address of a visitor from them.
        FORWARDED_ALLOW_IPS=settings.trusted_proxies.replace(" ", ""),
    )
    with _output(settings).open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(file)],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a Ctrl-C is for us: we end it, in order
        )


def _last_words(settings: Settings) -> str:
    lines = _output(settings).read_text(errors="replace").strip().splitlines()
    # A complaint is followed by advice that is not for our users.
    complaints = [line for line in lines if line.startswith("Error: ")]
    return (complaints or lines or ["it says nothing"])[-1]


def pid(settings: Settings) -> int | None:
    """Process id of the home's supervisor, or None when none runs."""
    try:
        with rpc.proxy(settings) as supervisor:
            return int(supervisor.getPID())
    except Fault:
        return _recorded_pid(settings)  # on its way down it answers no more questions
    except (OSError, http.client.HTTPException, Error):
        return None


def _recorded_pid(settings: Settings) -> int | None:
    try:
        return int((settings.run / "supervisord.pid").read_text())
    except (OSError, ValueError):
        return None


def has_crashed(settings: Settings) -> bool:
    """Whether the home's supervisor, which no longer answers, ended without tidying up."""
    return (settings.run / "supervisord.pid").exists()


def shutdown(settings: Settings) -> None:
    """End the home's supervisor with all its children, in order; returns when all are gone."""
    number = pid(settings)
    if number is None:
        return
    try:
        family = _family(psutil.Process(number))
        family[0].terminate()
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs(family, timeout=STOP_TIMEOUT_S)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=1.0)
    _reap()


def _family(supervisor: psutil.Process) -> list[psutil.Process]:
    return [supervisor, *supervisor.children(recursive=True)]
