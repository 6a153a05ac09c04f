"""People's calls: in at once, in line where they must wait, forgotten when their process dies."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from core import chat_lane, pool_store
from core.chat_lane import ChatLane
from core.errors import EndpointError
from core.grants import Wish
from core.pool import Pool, open_pool
from core.settings import Settings, child_environment, load_settings
from core.statuses import Lane
from tests.postgres import Postgres


@pytest.fixture
def remote(settings: Settings) -> Settings:
    return load_settings(
        home=settings.home, openai_base_url="http://127.0.0.1:9/v1", openai_model="m", slots=2
    )


@pytest.fixture
def chat(remote: Settings) -> Iterator[ChatLane]:
    with closing(ChatLane(open_pool(remote))) as opened:
        yield opened


def in_use(pool: Pool) -> tuple[int, int]:
    (state,), _ = pool.states()
    return state.chat, state.batch


def test_a_call_holds_a_slot_until_it_ends(chat: ChatLane) -> None:
    with chat.entry() as entry:
        assert entry.look()
        assert entry.slot == 0
        assert in_use(chat.pool) == (1, 0)
    assert in_use(chat.pool) == (0, 0)


def test_a_call_that_fails_gives_its_slot_back(chat: ChatLane) -> None:
    with pytest.raises(ZeroDivisionError), chat.entry():
        raise ZeroDivisionError
    assert in_use(chat.pool) == (0, 0)


def test_who_comes_third_waits_for_the_first_to_leave(chat: ChatLane) -> None:
    with ExitStack() as first, chat.entry():
        first.enter_context(chat.entry())
        with chat.entry() as third:
            assert not third.look()
            threading.Timer(0.2, first.close).start()
            while not third.look():
                time.sleep(third.pause_s)
            assert third.queue_ms > 150


def test_nobody_waits_for_ever(chat: ChatLane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_lane, "WAIT_LIMIT_S", 0.05)
    with chat.entry(), chat.entry(), chat.entry() as third:
        time.sleep(0.1)
        with pytest.raises(EndpointError, match="Too many people"):
            third.look()


def test_a_long_call_stays_known_to_be_alive(
    chat: ChatLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_lane, "BEAT_S", 0.05)
    monkeypatch.setattr("core.leases.EXPIRY_S", 1.5)
    with chat.entry():
        time.sleep(2)
        assert in_use(chat.pool) == (1, 0)


HOLD = """
import sys, time
from core import leases
from core.grants import Wish
from core.pool import open_pool
from core.settings import load_settings
leases.EXPIRY_S = 3600.0
pool = open_pool(load_settings())
endpoint = pool.roster.endpoints()[0]
if sys.argv[1] == "chat":
    pool.admit()
else:
    pool.sync([Wish(endpoint, 16, 16, 0, 0, 1.0)], ())
print("holding", flush=True)
time.sleep(3600)
"""


@pytest.mark.processes
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_slots_of_processes_that_were_killed_here_are_free_at_once(
    settings: Settings, database: str, request: pytest.FixtureRequest
) -> None:
    url = None
    if database == "postgres":
        url = request.getfixturevalue("postgres").migrated_database()
    remote = load_settings(
        home=settings.home,
        database=url,
        openai_base_url="http://127.0.0.1:9/v1",
        openai_model="m",
        slots=17,
    )
    with closing(open_pool(remote)) as pool:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", HOLD, lane],
                env=child_environment(remote),
                stdout=subprocess.PIPE,
            )
            for lane in (Lane.CHAT, Lane.BATCH)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"holding\n"
        assert in_use(pool) == (1, 16)
        for process in processes:
            process.kill()
            process.communicate()
        killed = time.monotonic()
        while in_use(pool) != (0, 0):
            assert time.monotonic() - killed < 120, "they are not waited for to expire"
            time.sleep(0.01)
        grant = pool.sync([Wish(pool.roster.endpoints()[0], 16, 16, 0, 0, 1.0)], ())
        assert len(grant["remote"].leases) == 16


@pytest.mark.processes
def test_a_clock_that_is_wrong_on_another_machine_takes_nobodys_slot(
    settings: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = load_settings(
        home=settings.home,
        database=postgres.migrated_database(),
        openai_base_url="http://127.0.0.1:9/v1",
        openai_model="m",
        slots=2,
    )
    with closing(open_pool(remote)) as right, closing(open_pool(remote)) as wrong:
        right.admit()
        real = time.time
        for off_s in (30.0, -30.0):
            monkeypatch.setattr(time, "time", lambda off_s=off_s: real() + off_s)
            endpoint, lease = wrong.admit()
            assert lease.slot is not None
            assert in_use(right) == (2, 0)
            wrong.release(endpoint, lease, 0, None)
            assert in_use(right) == (1, 0)


def test_a_store_that_is_locked_for_a_while_only_delays(chat: ChatLane, remote: Settings) -> None:
    with closing(sqlite3.connect(remote.run / pool_store.FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        entered: list[int | None] = []

        def enter() -> None:
            with chat.entry() as entry:
                entered.append(entry.slot)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(0.5)
        assert entered == []
        other.execute("ROLLBACK")
        thread.join(5)
        assert entered == [0]
