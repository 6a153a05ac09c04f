"""What has to be right before anything is started, each told in one line when it is not."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
import time

import psutil

from core import ports, roster, storage, supervisor
from core.db import open_database
from core.errors import ServiceError, SettingError
from core.files import make_folder
from core.programs import Service
from core.settings import Settings

OLDEST_PYTHON = (3, 11)
#: The batch engine asks SQLite for parts of a second, which it can tell only since then.
OLDEST_SQLITE = (3, 42)
SQLITE_MATTERS_FROM = (3, 12)
LEAST_FREE_BYTES = 500_000_000
HIGHEST_PORT = 65_535
#: What outlived its supervisor is killed by the system at once; a busy one takes its time.
LEFT_OVER_S = 15.0
#: Nobody is seen that has the port: on its way out, or hidden from us by the system.
UNKNOWN_S = 2.0
POLL_S = 0.1


def check(settings: Settings) -> None:
    """Check everything that ``make run`` needs before it starts.

    Raises:
        SettingError: This Python, its SQLite, a setting, an endpoint, the storage or the
            database does not do.
        ServiceError: The home, the disk or the port does not do.
    """
    check_versions(settings, sys.version_info[:2], sqlite3.sqlite_version_info[:2])
    roster.configured(settings)
    check_elsewhere(settings)
    check_home(settings)
    storage.check(settings)
    check_database(settings)
    check_alone(settings)
    if settings.runs_here(Service.PAGE):
        check_port(settings)


def check_versions(settings: Settings, python: tuple[int, int], sqlite: tuple[int, int]) -> None:
    """Refuse versions that cannot work.

    Raises:
        SettingError: The message names the version needed.
    """
    if python < OLDEST_PYTHON:
        raise SettingError(f"Shopkeeper needs Python 3.11 or newer; this is {_dotted(python)}.")
    local = settings.database_url.startswith("sqlite")
    if local and python >= SQLITE_MATTERS_FROM and sqlite < OLDEST_SQLITE:
        raise SettingError(
            f"This Python {_dotted(python)} has SQLite {_dotted(sqlite)}; the batch worker needs "
            f"{_dotted(OLDEST_SQLITE)}. Use Python 3.11, or set DATABASE_URL to Postgres."
        )


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def check_elsewhere(settings: Settings) -> None:
    """Refuse services that need another one which neither runs here nor is said to be elsewhere.

    Raises:
        SettingError: The message names the setting.
    """
    if roster.needs_embedded(settings) and not settings.runs_here(Service.MODEL):
        raise SettingError(
            "The embedded model is to answer, but SHOPKEEPER_SERVICES leaves it out on this "
            "machine. Add model there, or say where another model is: OPENAI_BASE_URL or "
            "endpoints.toml."
        )
    searching = any(map(settings.runs_here, (Service.PAGE, Service.INDEXER)))
    if searching and settings.chroma is None and not settings.runs_here(Service.CHROMA):
        raise SettingError(
            "SHOPKEEPER_SERVICES leaves the search server out on this machine: say where it is "
            "(SHOPKEEPER_CHROMA=http://host:8000), or add chroma."
        )


def check_database(settings: Settings) -> None:
    """Refuse a database server that cannot be used; its tables are brought up to date.

    Raises:
        SettingError: The message says what is wrong with it or with DATABASE_URL.
    """
    if not settings.database_url.startswith("sqlite"):
        open_database(settings).close()


def check_home(settings: Settings) -> None:
    """Refuse a home that cannot be written, or a disk that is nearly full.

    Raises:
        ServiceError: The message says what to do.
    """
    make_folder(settings.home)
    try:
        with tempfile.TemporaryFile(dir=settings.home) as probe:
            probe.write(b"x")
    except OSError as error:
        raise ServiceError(
            f"Cannot write in {settings.home}: {error.strerror}. Set SHOPKEEPER_HOME to a folder "
            "that you may write in."
        ) from error
    free = shutil.disk_usage(settings.home).free
    if free < LEAST_FREE_BYTES:
        raise ServiceError(
            f"Only {free / 1e6:,.0f} MB are free on the disk of {settings.home}; Shopkeeper needs "
            f"{LEAST_FREE_BYTES / 1e6:,.0f} MB. Free some, or set SHOPKEEPER_HOME to another disk."
        )


def check_alone(settings: Settings) -> None:
    """Refuse to run a home twice.

    Raises:
        ServiceError: The message says how to stop the other.
    """
    number = supervisor.pid(settings)
    if number is not None:
        raise ServiceError(
            f"Shopkeeper already runs for {settings.home} (process {number}). Stop it with "
            "`.venv/bin/python -m core.services stop`, or set SHOPKEEPER_HOME to another folder."
        )


def check_port(settings: Settings) -> None:
    """Refuse a port of the web app that is taken.

    A web app of this home whose supervisor was killed still has it, and ends by itself: it is
    waited for.

    Raises:
        ServiceError: The message names who has it, where known, and a free one.
    """
    begun = time.monotonic()
    while not ports.is_free(settings.port, settings.address or "0.0.0.0"):
        number = _listener(settings.port)
        if time.monotonic() - begun > _patience_s(settings, number):
            by = f" by process {number}" if number else ""
            raise ServiceError(
                f"Port {settings.port} is taken{by}. Choose another: "
                f"PORT={_free_port(settings)} make run"
            )
        time.sleep(POLL_S)


def _patience_s(settings: Settings, number: int | None) -> float:
    """How long to wait for whoever has the port: for one of this home, or one that is ending."""
    if number is None:
        return UNKNOWN_S
    try:
        process = psutil.Process(number)
        # One at its end tells nothing of itself any more.
        ours = process.environ().get("SHOPKEEPER_HOME") == str(settings.home)
        return LEFT_OVER_S if ours or not process.cmdline() else 0.0
    except psutil.NoSuchProcess:
        return LEFT_OVER_S
    except psutil.AccessDenied:
        return 0.0


def _listener(port: int) -> int | None:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return None  # systems that show it to the administrator only
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,):
            return connection.pid
    return None


def _free_port(settings: Settings) -> int:
    upwards = range(settings.port + 1, min(settings.port + 100, HIGHEST_PORT + 1))
    return next((port for port in upwards if ports.is_free(port, settings.address)), 8601)
