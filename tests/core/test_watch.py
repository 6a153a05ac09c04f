from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from core import supervisor, watch
from core.errors import ServiceError
from core.settings import Settings
from core.supervisor import Process, State


def test_a_registered_process_is_an_owner_until_it_says_otherwise(settings: Settings) -> None:
    assert watch.owners(settings) == []
    watch.register(settings)
    watch.register(settings)
    assert watch.owners(settings) == [os.getpid()]
    watch.release(settings)
    watch.release(settings)
    assert watch.owners(settings) == []


def _record(settings: Settings, pid: int, created: float) -> None:
    folder = settings.run / "owners"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(pid)).write_text(str(created))


def test_a_dead_owner_does_not_count_not_even_as_a_zombie(settings: Settings) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        _record(settings, child.pid, watch.started(psutil.Process(child.pid)))
        assert watch.owners(settings) == [child.pid]
        child.kill()
        deadline = time.monotonic() + 5
        while watch.owners(settings) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert watch.owners(settings) == []


def test_a_process_that_got_a_dead_owners_number_does_not_count(settings: Settings) -> None:
    _record(settings, os.getpid(), watch.started(psutil.Process()) - 3600)
    assert watch.owners(settings) == []
    assert not list((settings.run / "owners").iterdir())


def test_a_child_of_the_supervisor_does_not_count(settings: Settings) -> None:
    watch.register(settings)
    assert watch.owners(settings, supervisor_pid=os.getppid()) == []


def test_what_was_given_up_is_started_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    found = {
        name: Process(name, state, None, 0.0, "")
        for name, state in [("worker", State.FATAL), ("page", State.STOPPED)]
    }
    monkeypatch.setattr(supervisor, "processes", lambda _: found)
    monkeypatch.setattr(supervisor, "start_program", lambda _, name: started.append(name))
    watch.register(settings)
    assert watch.step(settings, 1)
    assert started == ["worker"]


def test_a_supervisor_that_refuses_does_not_end_the_watch(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Settings) -> None:
        raise ServiceError("shutting down")

    monkeypatch.setattr(supervisor, "processes", refuse)
    watch.register(settings)
    assert watch.step(settings, 1)


def test_without_an_owner_the_watch_ends(settings: Settings) -> None:
    assert not watch.step(settings, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process keeps its time")
def test_an_owner_lives_on_when_the_clock_of_the_machine_is_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.register(settings)
    created = psutil.Process().create_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _process: created + 3600)
    assert watch.owners(settings) == [os.getpid()]
