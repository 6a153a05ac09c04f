"""Real supervisord and real Chroma; the other programs are stand-ins that only wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from core import ports, programs, progress, rpc, services, supervisor, watch
from core.errors import ServiceError, SettingError
from core.ports import Ports
from core.progress import Task
from core.services import Service
from core.settings import PROJECT, Settings, child_environment, load_settings
from core.supervisor import Process, State

WAITING = "import signal; signal.pause()"
real_command = programs.command


def stand_ins(name: str, settings: Settings, given: Ports) -> list[str]:
    """The real Chroma and watch; a worker that fails while the home has a file ``broken``."""
    if name in (Service.CHROMA, programs.WATCH):
        return real_command(name, settings, given)
    script = WAITING
    if name == Service.WORKER:
        broken = str(settings.home / "broken")
        script = f"import os, signal; assert not os.path.exists({broken!r}), 'broken'; {WAITING}"
    return [sys.executable, "-S", "-c", script]


def family(settings: Settings) -> list[psutil.Process]:
    """Every process that works for this home, by what its environment says."""
    home = str(settings.home)
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("SHOPKEEPER_HOME") == home:
                found.append(process)
        except psutil.Error:
            continue
    return found


#: Far more than anything takes.
DEADLINE_S = 240.0


def eventually(check: Callable[[], object]) -> None:
    """Wait until the check holds; fails when that takes for ever."""
    deadline = time.monotonic() + DEADLINE_S
    while not check():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s"
        time.sleep(0.02)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setattr(programs, "command", stand_ins)
    settings = load_settings(home=tmp_path / "home")
    yield settings
    watch.release(settings)
    supervisor.shutdown(settings)
    assert family(settings) == []


def _pid(settings: Settings, service: Service) -> int | None:
    found = {entry.name: entry for entry in services.status(settings)}
    return found[service].pid


def test_the_model_is_offered_only_where_it_is_embedded(tmp_path: Path) -> None:
    both = {Service.MODEL, Service.WORKER}
    embedded = load_settings(home=tmp_path)
    assert services.offered(embedded, both) == [Service.MODEL, Service.WORKER]
    other = load_settings(home=tmp_path, openai_base_url="http://127.0.0.1:1/v1", openai_model="m")
    assert services.offered(other, both) == [Service.WORKER]


def test_only_what_is_named_runs_on_a_machine_and_a_search_server_elsewhere_is_not_started(
    tmp_path: Path,
) -> None:
    page = load_settings(home=tmp_path, services="page", chroma="http://search:8000")
    assert services.offered(page, list(Service)) == [Service.PAGE]
    rest = load_settings(
        home=tmp_path, services="worker, indexer,chroma", openai_base_url="http://m"
    )
    assert set(services.offered(rest, list(Service))) == {
        Service.WORKER,
        Service.INDEXER,
        Service.CHROMA,
    }
    with pytest.raises(SettingError, match="SHOPKEEPER_SERVICES"):
        load_settings(home=tmp_path, services="pages")
    with pytest.raises(SettingError, match="SHOPKEEPER_CHROMA"):
        load_settings(home=tmp_path, chroma="search:8000")


def test_without_a_supervisor_everything_is_stopped(settings: Settings) -> None:
    assert {entry.state for entry in services.status(settings)} == {State.STOPPED}
    with pytest.raises(ServiceError, match="Batch worker: it is not running"):
        services.wait_healthy(settings, {Service.WORKER}, 1)
    services.stop(settings)


def test_the_page_is_reached_where_it_listens(tmp_path: Path) -> None:
    for address, reached in (("0.0.0.0", "127.0.0.1"), ("10.1.2.3", "10.1.2.3")):
        settings = load_settings(home=tmp_path, address=address, sign_in="password")
        assert services.page_host(settings) == reached


def test_a_long_home_gets_a_short_private_socket(tmp_path: Path) -> None:
    short = load_settings(home=Path("/tmp/h"))
    assert rpc.socket_path(short) == Path("/tmp/h/run/supervisor.sock")
    long = rpc.socket_path(load_settings(home=tmp_path / ("x" * 100)))
    assert len(str(long)) < 90
    assert long != rpc.socket_path(load_settings(home=tmp_path / ("y" * 100)))


@pytest.mark.processes
def test_services_come_up_once_and_a_second_call_is_cheap(home: Settings) -> None:
    needs = {Service.CHROMA, Service.WORKER}
    said: list[str] = []
    services.ensure(home, needs)
    services.wait_healthy(home, needs, DEADLINE_S, said.append)
    assert said[0] == "Waiting for: search server, batch worker"
    number = supervisor.pid(home)
    started = time.process_time()
    for _ in range(10):
        services.ensure(home, needs)
    assert (time.process_time() - started) / 10 < 0.1  # about 3 ms
    assert supervisor.pid(home) == number
    states = {entry.name: entry for entry in services.status(home)}
    assert states[Service.CHROMA].healthy
    assert states[Service.INDEXER].state is State.STOPPED
    services.ensure(home, {Service.INDEXER})
    services.wait_healthy(home, {Service.INDEXER}, DEADLINE_S)
    services.stop(home)
    assert supervisor.pid(home) is None
    assert family(home) == []


@pytest.mark.processes
def test_an_awkward_home_is_no_obstacle(home: Settings, tmp_path: Path) -> None:
    awkward = load_settings(home=tmp_path / ('50% off; it\'s "new" ' + "x" * 90))
    services.ensure(awkward, {Service.CHROMA})
    services.wait_healthy(awkward, {Service.CHROMA}, DEADLINE_S)
    assert programs.log_path(awkward, Service.CHROMA).is_file()
    services.stop(awkward)
    assert family(awkward) == []


@pytest.mark.processes
def test_callers_that_race_start_one_supervisor(home: Settings) -> None:
    errors: list[ServiceError] = []

    def call() -> None:
        try:
            services.ensure(home, {Service.WORKER})
        except ServiceError as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    daemons = [entry for entry in family(home) if "supervisor.supervisord" in entry.cmdline()]
    assert len(daemons) == 1


@pytest.mark.processes
def test_a_killed_child_comes_back(home: Settings) -> None:
    needs = {Service.CHROMA, Service.WORKER}
    services.ensure(home, needs)
    services.wait_healthy(home, needs, DEADLINE_S)
    for service in sorted(needs):
        before = _pid(home, service)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        eventually(lambda: _pid(home, service) not in (None, before))  # noqa: B023
    eventually(lambda: services.is_healthy(home, Service.CHROMA))


def test_what_only_takes_long_is_not_said_to_fail(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.logs.mkdir(parents=True)
    (home.logs / "worker.log").write_text("You can now view your app in your browser.\n")
    running = Process("worker", State.RUNNING, os.getpid(), time.time() - 70, "up")
    monkeypatch.setattr(supervisor, "processes", lambda _: {"worker": running})
    said = services.failure(home, Service.WORKER)
    assert said.startswith("Batch worker has been starting for long and does not answer yet")
    assert str(home.logs / "worker.log") in said


@pytest.mark.processes
def test_what_does_not_start_is_told_and_started_when_it_can(home: Settings) -> None:
    home.home.mkdir()
    (home.home / "broken").touch()
    services.ensure(home, {Service.WORKER})
    with pytest.raises(ServiceError) as caught:
        services.wait_healthy(home, {Service.WORKER}, DEADLINE_S)
    assert "Batch worker does not start" in caught.value.message
    assert "AssertionError: broken" in caught.value.message
    assert str(home.logs / "worker.log") in caught.value.message
    (home.home / "broken").unlink()
    eventually(lambda: _pid(home, Service.WORKER) is not None)


@contextmanager
def _owner(home: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that asks for the worker and then sits there."""
    script = (
        "import signal\n"
        "from core import programs, services\n"
        "from core.settings import load_settings\n"
        "from tests.core.test_services import stand_ins\n"
        "programs.command = stand_ins\n"
        "services.ensure(load_settings(), {services.Service.WORKER})\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    environment = child_environment(home)
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=PROJECT, env=environment, stdout=subprocess.PIPE
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.processes
def test_nothing_outlives_its_killed_owner(home: Settings) -> None:
    with _owner(home) as process:
        eventually(lambda: len(family(home)) >= 4)
        process.kill()
    eventually(lambda: family(home) == [])


@pytest.mark.processes
def test_services_asked_for_during_a_shutdown_come_up_after_it(home: Settings) -> None:
    services.ensure(home, {Service.WORKER})
    number = supervisor.pid(home)
    assert number is not None
    os.kill(number, signal.SIGTERM)
    services.ensure(home, {Service.WORKER})
    services.wait_healthy(home, {Service.WORKER}, DEADLINE_S)
    assert supervisor.pid(home) not in (None, number)


@pytest.mark.processes
def test_services_stay_for_a_second_owner(home: Settings) -> None:
    with _owner(home) as process:
        services.ensure(home, {Service.WORKER})
        process.kill()
    number = supervisor.pid(home)
    time.sleep(3 * watch.LOOK_S)
    assert supervisor.pid(home) == number
    services.stop(home)
    assert family(home) == []


@pytest.mark.processes
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent death signal")
def test_a_killed_supervisor_leaves_no_orphan_and_can_be_started_again(home: Settings) -> None:
    services.ensure(home, {Service.CHROMA, Service.WORKER})
    number = supervisor.pid(home)
    assert number is not None
    os.kill(number, signal.SIGKILL)
    eventually(lambda: family(home) == [])
    assert supervisor.has_crashed(home)
    services.ensure(home, {Service.CHROMA})
    services.wait_healthy(home, {Service.CHROMA}, DEADLINE_S)
    assert ports.read(home).chroma


@pytest.mark.processes
def test_a_fetch_that_advances_is_not_a_timeout(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))

    def not_yet(settings: Settings, service: Service) -> bool:
        number = next(calls)
        progress.report(settings, "Fetching the model", number, 8, task=Task.MODEL)
        return number >= 8

    monkeypatch.setattr(services, "is_healthy", not_yet)
    services.ensure(home, {Service.MODEL})
    eventually(lambda: _pid(home, Service.MODEL))
    eventually(lambda: supervisor.processes(home)["model"].state is State.RUNNING)  # type: ignore[index]
    said: list[str] = []
    services.wait_healthy(home, {Service.MODEL}, 0.3, said.append)
    assert said == ["Fetching the model: 0%"] or said[0].startswith("Waiting for")
