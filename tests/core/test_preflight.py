from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from core import ports, preflight, supervisor
from core.errors import ServiceError, SettingError
from core.settings import Settings, load_settings


def test_old_python_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingError, match=r"needs Python 3\.11 or newer; this is 3\.10"):
        preflight.check_versions(settings, (3, 10), (3, 45))


def test_the_sqlite_trap_is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"SQLite 3\.40; the batch worker needs 3\.42"):
        preflight.check_versions(settings, (3, 12), (3, 40))
    preflight.check_versions(settings, (3, 11), (3, 40))
    preflight.check_versions(settings, (3, 12), (3, 42))
    elsewhere = load_settings(home=tmp_path, database="postgresql+psycopg://db/shop")
    preflight.check_versions(elsewhere, (3, 12), (3, 40))


def test_a_nearly_full_disk_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int = 20_000_000

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    with pytest.raises(ServiceError, match=r"Only 20 MB are free .* needs 500 MB"):
        preflight.check_home(settings)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_told(settings: Settings) -> None:
    settings.home.mkdir(mode=0o500)
    with pytest.raises(ServiceError, match=r"Cannot write in .* Set SHOPKEEPER_HOME"):
        preflight.check_home(settings)


def test_a_home_that_is_no_folder_is_told(settings: Settings) -> None:
    settings.home.write_text("")
    with pytest.raises(ServiceError, match="Cannot create the folder"):
        preflight.check_home(settings)


def test_a_taken_port_is_told_with_its_holder_and_a_free_one(tmp_path: Path) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        settings = load_settings(home=tmp_path, port=port)
        with pytest.raises(ServiceError) as caught:
            preflight.check_port(settings)
    holder = f" by process {os.getpid()}"
    words = f"Port {port} is taken{holder}. Choose another: PORT="
    assert caught.value.message.startswith(words)
    other = int(caught.value.message.removeprefix(words).removesuffix(" make run"))
    assert ports.is_free(other)


LISTENING = """
import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("listening", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def listener(home: Path, port: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A process of a home that has the port for so long."""
    command = [sys.executable, "-c", LISTENING, str(port), str(seconds)]
    environment = os.environ | {"SHOPKEEPER_HOME": str(home)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_web_app_that_outlives_its_killed_supervisor_for_a_moment_is_waited_for(
    tmp_path: Path,
) -> None:
    settings = load_settings(home=tmp_path, port=ports.unused())
    with listener(tmp_path, settings.port, 1.0) as process:
        preflight.check_port(settings)
        assert process.wait() == 0


def test_a_web_app_of_another_home_and_one_that_stays_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(home=tmp_path, port=ports.unused())
    for home, patience_s in ((tmp_path / "other", 600.0), (tmp_path, 0.3)):
        monkeypatch.setattr(preflight, "LEFT_OVER_S", patience_s)
        with (
            listener(home, settings.port, 600) as process,
            pytest.raises(ServiceError, match=f"taken by process {process.pid}"),
        ):
            preflight.check_port(settings)


def test_a_second_run_of_a_home_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "pid", lambda _: 4711)
    with pytest.raises(ServiceError, match=r"already runs for .* \(process 4711\)"):
        preflight.check_alone(settings)


def test_endpoints_that_are_configured_wrongly_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "endpoints.toml").write_text('[[endpoint]]\nname = "x"\nslotz = 3\n')
    settings = load_settings(home=tmp_path / "home", endpoints=tmp_path / "endpoints.toml")
    with pytest.raises(SettingError, match="line 3, slotz"):
        preflight.check(settings)


def test_a_storage_that_cannot_be_used_is_refused_before_anything_starts(tmp_path: Path) -> None:
    settings = load_settings(
        home=tmp_path,
        storage="gs://bucket/x",
        openai_base_url="http://127.0.0.1:1/v1",
        openai_model="m",
    )
    with pytest.raises(SettingError, match="SHOPKEEPER_STORAGE=gs://bucket/x"):
        preflight.check(settings)


def test_what_neither_runs_here_nor_is_said_to_be_elsewhere_is_asked_for(tmp_path: Path) -> None:
    alone = load_settings(home=tmp_path, services="page,chroma,indexer,worker")
    with pytest.raises(SettingError, match=r"SHOPKEEPER_SERVICES leaves it out.*OPENAI_BASE_URL"):
        preflight.check_elsewhere(alone)
    model = {"openai_base_url": "http://m/v1", "openai_model": "m"}
    page = load_settings(home=tmp_path, services="page", **model)
    with pytest.raises(SettingError, match="SHOPKEEPER_CHROMA"):
        preflight.check_elsewhere(page)
    for services, chroma in (("worker", None), ("page", "http://search:8000"), (None, None)):
        there = load_settings(home=tmp_path, services=services, chroma=chroma, **model)
        preflight.check_elsewhere(there)


def test_a_database_that_does_not_answer_is_told_before_anything_starts(tmp_path: Path) -> None:
    away = load_settings(home=tmp_path, database="postgresql+psycopg://u:p@127.0.0.1:1/shop")
    with pytest.raises(SettingError, match=r"shop at 127\.0\.0\.1:1 cannot be opened"):
        preflight.check(away)
