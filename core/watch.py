"""Which processes a home's children run for, and the child that sees to it.

An owner is a process of the user (a terminal, a Streamlit server, a script)
that asked for services. When the last one is gone, however it ended, the watch
ends the supervisor and with it everything. It also starts afresh what the
supervisor has given up.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

import psutil

from core import logs, supervisor
from core.errors import ServiceError
from core.files import write_atomically
from core.settings import Settings, load_settings
from core.supervisor import State

log = logging.getLogger(__name__)

LOOK_S = 0.5
#: Where a clock that is set moves these times, too; a process id is not used again that fast.
CLOCK_TOLERANCE_S = 5.0


def register(settings: Settings) -> None:
    """Make this process an owner; cheap when it is one already.

    Raises:
        ServiceError: The home cannot be written.
    """
    path = _owners(settings) / str(os.getpid())
    created = started(psutil.Process())
    if not (path.exists() and _is_close(path, created)):
        write_atomically(path, str(created))


def release(settings: Settings) -> None:
    """This process is an owner no longer; harmless when it never was."""
    (_owners(settings) / str(os.getpid())).unlink(missing_ok=True)


def owners(settings: Settings, supervisor_pid: int | None = None) -> list[int]:
    """Process ids of the owners that live; records of others are removed.

    Args:
        settings: Names the home.
        supervisor_pid: Children of this process do not count: a child that uses
            the services would otherwise keep itself alive.
    """
    folder = _owners(settings)
    if not folder.exists():
        return []
    alive = []
    for path in folder.glob("[0-9]*"):
        if _lives(path, supervisor_pid):
            alive.append(int(path.name))
        else:
            path.unlink(missing_ok=True)
    return alive


def started(process: psutil.Process) -> float:
    """When a process began, in seconds; by a clock that nobody can set, where the system has one.

    Raises:
        psutil.Error: It is gone.
    """
    try:
        # Behind the name, in which there may be anything: ticks since the machine was started.
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return process.create_time()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _lives(path: Path, supervisor_pid: int | None) -> bool:
    try:
        process = psutil.Process(int(path.name))
        ended = process.status() == psutil.STATUS_ZOMBIE or process.ppid() == supervisor_pid
        return not ended and _is_close(path, started(process))
    except (psutil.Error, ValueError):
        return False


def _is_close(path: Path, created: float) -> bool:
    try:
        return abs(float(path.read_text()) - created) <= CLOCK_TOLERANCE_S
    except (OSError, ValueError):
        return False


def _owners(settings: Settings) -> Path:
    return settings.run / "owners"


def step(settings: Settings, supervisor_pid: int) -> bool:
    """Look once; False when there is nobody left to run for."""
    if not owners(settings, supervisor_pid):
        return False
    try:
        found = supervisor.processes(settings) or {}
        for process in found.values():
            if process.state is State.FATAL:
                log.info("starting %s again", process.name)
                supervisor.start_program(settings, process.name)
    except ServiceError as error:
        log.info("%s", error)
    return True


def main() -> None:
    """Watch until the last owner is gone, then end the supervisor, which is our parent."""
    logs.begin()
    # The supervisor's own stop must not need our consent.
    settings, parent = load_settings(), os.getppid()
    while os.getppid() == parent and step(settings, parent):
        time.sleep(LOOK_S)
    if os.getppid() == parent:
        log.info("the last owner is gone")
        os.kill(parent, signal.SIGTERM)
        signal.pause()


if __name__ == "__main__":
    main()
