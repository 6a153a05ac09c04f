"""What the child processes are: their commands, and supervisord's configuration for them.

Pure text; starts nothing.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.ports import Ports
from core.roster import embedded_slots
from core.settings import PROJECT, Settings

PYTHON = sys.executable


class Service(StrEnum):
    """A child process."""

    CHROMA = "chroma"  #: the vector store
    MODEL = "model"  #: the embedded model
    WORKER = "worker"  #: works through batch jobs
    INDEXER = "indexer"  #: keeps the vector store in step with the catalog
    PAGE = "page"  #: the web app

    @property
    def label(self) -> str:
        """What a person calls it."""
        return _LABELS[self]


_LABELS = {
    Service.CHROMA: "Search server",
    Service.MODEL: "Embedded model",
    Service.WORKER: "Batch worker",
    Service.INDEXER: "Indexer",
    Service.PAGE: "Web app",
}

#: Ends the supervisor with its last owner, and starts again what it has given up.
WATCH = "watch"

#: Stopped first, while what they work with is still there to finish their work in order.
FRONT = "front"
BACK = "back"
_GROUPS: dict[str, list[str]] = {
    FRONT: [Service.WORKER, Service.INDEXER, Service.PAGE],
    BACK: [Service.CHROMA, Service.MODEL, WATCH],
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that make a process started, and that it is given to stop."""

    start_s: int
    stop_s: int


#: Sums to less than the ten seconds that a Ctrl-C may take.
_TIMINGS = {FRONT: Timing(start_s=2, stop_s=5), BACK: Timing(start_s=1, stop_s=3)}


#: What nobody waits for steps back for the page and the model.
_NICENESS: dict[str, int] = {Service.WORKER: 5, Service.INDEXER: 5}


def full_name(name: str) -> str:
    """The name by which supervisord knows a program."""
    group = next(group for group, members in _GROUPS.items() if name in members)
    return f"{group}:{name}"


def command(name: str, settings: Settings, ports: Ports) -> list[str]:
    """The command line of a program."""
    if name == Service.CHROMA:
        where = ["--path", str(settings.home / "chroma")]
        return _module("rag.chroma_server", *where, "--port", str(ports.chroma))
    if name == Service.MODEL:
        slots = str(embedded_slots(settings))
        return _module("core.model_server", "--port", str(ports.model), "--slots", slots)
    if name == Service.PAGE:
        where = ["--server.port", str(settings.port), "--server.address", settings.address]
        limit = ["--server.maxUploadSize", str(settings.upload_limit_mb)]
        app = str(PROJECT / "app.py")
        return _module("streamlit", "run", app, *where, *limit, "--server.headless", "true")
    modules = {Service.WORKER: "batch.worker", Service.INDEXER: "rag.indexer"}
    return _module("core.watch" if name == WATCH else modules[Service(name)])


def _module(name: str, *arguments: str) -> list[str]:
    return [PYTHON, "-m", name, *arguments]


def config(settings: Settings, ports: Ports, socket: Path) -> str:
    """supervisord's configuration; nothing but the watch starts by itself."""
    sections = [_SUPERVISOR.format(logs=_value(settings.logs), run=_value(settings.run))]
    sections.append(_SOCKET.format(socket=_value(socket)))
    for priority, (group, members) in enumerate(reversed(_GROUPS.items()), start=1):
        members_line = ",".join(members)
        sections.append(f"[group:{group}]\nprograms={members_line}\npriority={priority}\n")
        for name in members:
            wrapper = _module("core.child", str(_NICENESS.get(name, 0)))
            line = shlex.join([*wrapper, *command(name, settings, ports)])
            sections.append(_program(name, _value(line), settings, _TIMINGS[group]))
    return "\n".join(sections)


def _program(name: str, line: str, settings: Settings, timing: Timing) -> str:
    return _PROGRAM.format(
        name=name,
        command=line,
        log=_value(_value(log_path(settings, name))),  # supervisord expands this one twice
        autostart=str(name == WATCH).lower(),
        start_s=timing.start_s,
        stop_s=timing.stop_s,
    )


def log_path(settings: Settings, name: str) -> Path:
    """The log file of a program."""
    return settings.logs / f"{name}.log"


def _value(text: object) -> str:
    # A percent sign would begin one of supervisord's own expansions.
    return str(text).replace("%", "%%")


_SUPERVISOR = """\
[supervisord]
nodaemon=true
silent=true
logfile={logs}/supervisord.log
logfile_maxbytes=2MB
logfile_backups=1
pidfile={run}/supervisord.pid
childlogdir={logs}
minfds=256
minprocs=32

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

_SOCKET = """\
[unix_http_server]
file={socket}
chmod=0700
"""

# Few retries and no patience in between: supervisord's pauses grow with each try, so the
# watch starts afresh what has failed, which keeps every pause below three seconds.
_PROGRAM = """\
[program:{name}]
command={command}
autostart={autostart}
autorestart=true
startsecs={start_s}
startretries=1
stopwaitsecs={stop_s}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=2
"""
