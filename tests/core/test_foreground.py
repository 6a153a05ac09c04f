"""``make run`` from outside: a real start, a real Ctrl-C."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from core import ports, services, supervisor
from core.services import Service
from core.settings import PROJECT, Settings, child_environment, load_settings
from tests.core.test_services import DEADLINE_S, eventually, family

pytestmark = pytest.mark.processes


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    return load_settings(
        home=tmp_path / "home",
        port=ports.unused(),
        openai_base_url="http://127.0.0.1:9/v1",  # no embedded model
        openai_model="fake",
        sample_shop=False,
    )


@contextmanager
def _run(settings: Settings, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    output = settings.home.parent / "output.txt"
    command = [sys.executable, "-m", "core.services", *words]
    environment = child_environment(settings)
    with (
        output.open("wb") as sink,
        subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=sink, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield process, output
        finally:
            process.kill()
            process.wait()
            supervisor.shutdown(settings)


def _page_answers(settings: Settings) -> bool:
    return services.is_healthy(settings, Service.PAGE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_opens_and_ctrl_c_leaves_nothing(shop: Settings, number: signal.Signals) -> None:
    with _run(shop, "run") as (process, output):
        url = f"http://localhost:{shop.port}"
        eventually(lambda: url in output.read_text())
        assert _page_answers(shop)
        eventually(lambda: output.read_text().count("✓") == 4)
        os.kill(process.pid, number)
        assert process.wait(DEADLINE_S) == 0
        assert family(shop) == []
    assert output.read_text().endswith("Stopped.\n")
    assert "Traceback" not in output.read_text()


def test_a_killed_run_leaves_nothing(shop: Settings) -> None:
    with _run(shop, "run") as (process, _):
        eventually(lambda: supervisor.pid(shop) is not None)
        process.kill()
        process.wait()
        eventually(lambda: family(shop) == [])


def test_the_stop_command_ends_a_run(shop: Settings) -> None:
    with _run(shop, "run") as (process, output):
        eventually(lambda: "✓ Batch worker" in output.read_text())
        done = subprocess.run(
            [sys.executable, "-m", "core.services", "stop"],
            cwd=PROJECT,
            env=child_environment(shop),
            capture_output=True,
            check=True,
        )
        assert done.stdout == b"Stopped.\n"
        assert process.wait(DEADLINE_S) == 0
        assert "Traceback" not in output.read_text()


def test_a_killed_supervisor_is_replaced(shop: Settings) -> None:
    with _run(shop, "run") as (_, output):
        eventually(lambda: "✓ Batch worker" in output.read_text())
        first = supervisor.pid(shop)
        assert first is not None
        psutil.Process(first).kill()
        eventually(lambda: supervisor.pid(shop) not in (None, first))
        assert "starting everything again" in output.read_text()


def test_a_taken_port_is_one_line(shop: Settings) -> None:
    with (
        socket.create_server((ports.LOOPBACK, shop.port)),
        _run(shop, "run") as (process, output),
    ):
        assert process.wait(DEADLINE_S) == 1
    lines = output.read_text().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"Port {shop.port} is taken by process {os.getpid()}.")


def test_status_tells_of_what_does_not_run(shop: Settings) -> None:
    with _run(shop, "status") as (process, output):
        assert process.wait(DEADLINE_S) == 0
    assert "stopped" in output.read_text()


def test_the_answering_page_is_ours(shop: Settings) -> None:
    connection = http.client.HTTPConnection(ports.LOOPBACK, shop.port, timeout=1)
    with pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/")
    connection.close()
    assert not _page_answers(shop)
