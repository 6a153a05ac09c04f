"""The batch lane against a scripted endpoint: nothing lost, nobody pushed aside."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core import batch_lane, pool_store
from core.batch_lane import BatchLane
from core.chat_lane import ChatLane
from core.errors import Refused
from core.model import Answer, Request
from core.pool import Pool, open_pool
from core.settings import Settings, load_settings
from core.statuses import Mode
from core.usage import Call
from tests.fake_endpoint import FakeEndpoint, Reply, Script

OK = Reply('{"a": 1}')


@pytest.fixture
def fakes() -> Iterator[Callable[[Script], FakeEndpoint]]:
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(FakeEndpoint(script).running())


@pytest.fixture
def fake(fakes: Callable[[Script], FakeEndpoint]) -> FakeEndpoint:
    return fakes(lambda _text, _before: OK)


def served_by(tmp_path: Path, *endpoints: FakeEndpoint, slots: int = 5, more: str = "") -> Settings:
    """Settings whose file names these endpoints."""
    path = tmp_path / "endpoints.toml"
    path.write_text(
        "\n".join(
            f'[[endpoint]]\nname = "e{at}"\nbase_url = "{one.url}"\nmodel = "m"\n'
            f"slots = {slots}\n{more}"
            for at, one in enumerate(endpoints)
        )
    )
    return load_settings(home=tmp_path / "home", endpoints=path)


def request(text: object, prefix: str = "") -> Request:
    return Request([{"role": "user", "content": str(text)}], {"type": "object"}, 9, prefix)


class Run:
    """Calls made in one lane, and what was noted of them."""

    def __init__(self, settings: Settings, *, timeout_s: float = 5.0) -> None:
        self.settings = settings
        self.timeout_s = timeout_s
        self.calls: list[Call] = []

    def many(
        self,
        count: int,
        beside: Callable[[BatchLane], Awaitable[None]] | None = None,
        prefixes: int = 1,
        failures: int = 0,
    ) -> list[Answer]:
        async def everything() -> list[Answer]:
            lane = BatchLane(open_pool(self.settings), timeout_s=self.timeout_s)
            try:
                calls = [
                    asyncio.create_task(
                        lane.complete(request(at, f"p{at % prefixes}"), self.calls.append)
                    )
                    for at in range(count)
                ]
                if beside is not None:
                    await beside(lane)
                found = await asyncio.wait_for(
                    asyncio.gather(*calls, return_exceptions=bool(failures)), 40
                )
                answers = [one for one in found if isinstance(one, Answer)]
                assert len(answers) == count - failures
                return answers
            finally:
                await lane.close()

        return asyncio.run(everything())

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(call.outcome for call in self.calls)


def test_every_call_is_made_once_within_the_slots(tmp_path: Path, fake: FakeEndpoint) -> None:
    fake.script = lambda _text, _before: Reply(OK.text, delay_s=0.02)
    run = Run(served_by(tmp_path, fake))
    assert len(run.many(60)) == 60
    assert fake.calls.total() == 60
    assert fake.most_in_flight == 4
    assert run.outcomes == {"ok": 60}
    assert any(call.queue_ms > 0 for call in run.calls)


def test_a_call_that_is_called_back_is_made_again_and_nobody_waits_long(
    tmp_path: Path, fake: FakeEndpoint
) -> None:
    fake.script = lambda text, before: Reply(OK.text, delay_s=30 if before == 0 else 0)
    settings = served_by(tmp_path, fake, slots=3)
    waits: list[float] = []

    async def people(_: BatchLane) -> None:
        while fake.in_flight < 2:
            await asyncio.sleep(0.01)
        waits.extend(await asyncio.to_thread(ask_for_all_slots, settings, 3))

    run = Run(settings, timeout_s=60)
    assert len(run.many(2, people)) == 2
    assert run.outcomes == {"called back": 2, "ok": 2}
    assert fake.cancelled == 2
    assert max(waits) < 15, "half of what a call takes that is not called back"


def test_the_call_that_has_done_least_makes_way(tmp_path: Path, fake: FakeEndpoint) -> None:
    # The first slot's second call is younger than the second slot's first one.
    entered = threading.Event()
    long = Reply(OK.text, held=entered)
    fake.script = lambda text, _before: Reply(OK.text, delay_s=0.3) if text == "0" else long
    settings = served_by(tmp_path, fake, slots=3)

    async def people(_: BatchLane) -> None:
        while fake.calls["2"] < 1:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(ask_for_all_slots, settings, 2)
        entered.set()

    assert len(Run(settings).many(3, people)) == 3
    assert fake.calls == {"0": 1, "1": 1, "2": 2}


def ask_for_all_slots(settings: Settings, count: int) -> list[float]:
    """So many people enter one after the other and stay; returns how long each had to wait."""
    waits = []
    with closing(ChatLane(open_pool(settings))) as chat, ExitStack() as stack:
        for _ in range(count):
            began = time.perf_counter()
            entry = stack.enter_context(chat.entry())
            while not entry.look():
                time.sleep(entry.pause_s)
            waits.append(time.perf_counter() - began)
    return waits


def test_chat_and_batch_together_never_take_more_than_the_slots(
    tmp_path: Path, fake: FakeEndpoint
) -> None:
    fake.script = lambda _text, _before: Reply(OK.text, delay_s=0.05)
    settings = served_by(tmp_path, fake, slots=4)
    overfull: list[int] = []

    async def people(_: BatchLane) -> None:
        await asyncio.gather(*(asyncio.to_thread(person) for _ in range(3)))

    def person() -> None:
        with closing(ChatLane(open_pool(settings))) as chat:
            for _ in range(5):
                with chat.entry() as entry:
                    while not entry.look():
                        time.sleep(entry.pause_s)
                    (state,), _ = chat.pool.states()
                    overfull.append(max(0, state.chat + state.batch - 4))
                    time.sleep(0.03)

    assert len(Run(settings).many(80, people)) == 80
    assert set(overfull) == {0}


def test_a_rate_limit_is_waited_out_and_costs_no_row(tmp_path: Path, fake: FakeEndpoint) -> None:
    began = time.monotonic()

    def script(_text: str, _before: int) -> Reply:
        if time.monotonic() - began < 2:
            return Reply(status=429, body=b"{}", headers=(("retry-after", "2"),))
        return OK

    fake.script = script
    run = Run(served_by(tmp_path, fake))
    assert len(run.many(30)) == 30
    assert run.outcomes["ok"] == 30
    assert run.outcomes["http 429"] <= 4, "only what was under way at the first one"


def test_what_the_pool_said_before_a_rate_limit_lets_nothing_begin(
    tmp_path: Path, fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    sync = Pool.sync

    def slow(self: Pool, *args: Any) -> Any:
        said = sync(self, *args)
        time.sleep(0.3)
        return said

    def script(_text: str, _before: int) -> Reply:
        asked.append(time.monotonic())
        limited = Reply(status=429, body=b"{}", headers=(("retry-after", "1"),), delay_s=0.1)
        return limited if len(asked) == 1 else OK

    monkeypatch.setattr(Pool, "sync", slow)
    fake.script = script
    assert len(Run(served_by(tmp_path, fake, slots=2)).many(5)) == 5
    assert asked[1] - asked[0] >= 1.1


def test_a_late_word_of_a_good_answer_ends_no_trouble_that_came_after_its_call(
    tmp_path: Path, fake: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    both, well = threading.Event(), Pool.well

    def late(self: Pool, *args: Any) -> None:
        time.sleep(0.5)
        well(self, *args)

    def script(_text: str, _before: int) -> Reply:
        asked.append(time.monotonic())
        if len(asked) == 1:
            return Reply(status=429, body=b"{}", headers=(("retry-after", "2"),), held=both)
        both.set()
        return Reply(OK.text, delay_s=0.15)

    monkeypatch.setattr(Pool, "well", late)
    fake.script = script
    assert len(Run(served_by(tmp_path, fake, slots=3)).many(5)) == 5
    assert asked[2] - asked[1] >= 2, "both were under way when the first one was limited"


def test_an_answer_from_before_the_trouble_does_not_leave_the_endpoint_on_trial(
    tmp_path: Path, fake: FakeEndpoint
) -> None:
    at_once: list[int] = []
    # Two troubles apart, and answers to calls that were begun before the second one.
    first = [Reply(status=500, body=b"{}", delay_s=delay_s) for delay_s in (0.1, 1.4)]
    slow = Reply(OK.text, delay_s=1.8)

    def script(_text: str, _before: int) -> Reply:
        at_once.append(fake.in_flight)
        number = len(at_once) - 1
        if number < 5:
            return [*first, slow, slow, slow][number]
        return Reply(OK.text, delay_s=0.1)

    fake.script = script
    run = Run(served_by(tmp_path, fake))
    run.many(40, failures=2)
    assert max(at_once[-20:]) == 4


def test_an_endpoint_that_is_away_for_a_while_loses_nothing(tmp_path: Path) -> None:
    fake = FakeEndpoint(lambda _text, _before: OK)
    with fake.running():
        pass
    back = FakeEndpoint(lambda _text, _before: OK)
    back.port = fake.port
    settings = served_by(tmp_path, fake)

    async def come_back(_: BatchLane) -> None:
        await asyncio.sleep(1.5)
        stack.enter_context(back.running())

    with ExitStack() as stack:
        run = Run(settings)
        assert len(run.many(20, come_back)) == 20
        assert run.outcomes["ok"] == 20
        assert 0 < run.outcomes["unreachable"] < 15


def test_a_wrong_key_at_one_endpoint_sends_the_calls_to_the_other(
    tmp_path: Path, fakes: Callable[[Script], FakeEndpoint]
) -> None:
    wrong = fakes(lambda _text, _before: Reply(status=401, body=b"{}"))
    right = fakes(lambda _text, _before: OK)
    assert len(Run(served_by(tmp_path, wrong, right)).many(30)) == 30
    assert right.calls.total() == 30
    assert wrong.calls.total() <= 5


def test_when_every_endpoint_refuses_the_reason_is_told(
    tmp_path: Path, fakes: Callable[[Script], FakeEndpoint]
) -> None:
    wrong = [fakes(lambda _text, _before: Reply(status=403, body=b"{}")) for _ in range(2)]
    with pytest.raises(Refused, match="403"):
        Run(served_by(tmp_path, *wrong)).many(8)


def test_endpoints_in_trouble_for_too_long_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeEndpoint
) -> None:
    monkeypatch.setattr(batch_lane, "PATIENCE_S", 1.0)
    fake.script = lambda _text, _before: Reply(
        status=429, body=b"{}", headers=(("retry-after", "0.3"),)
    )
    with pytest.raises(Refused, match="No model could be used"):
        Run(served_by(tmp_path, fake)).many(2)


def test_all_endpoints_are_used_and_the_free_one_most(
    tmp_path: Path, fakes: Callable[[Script], FakeEndpoint]
) -> None:
    slow = fakes(lambda _text, _before: Reply(OK.text, delay_s=0.2))
    fast = fakes(lambda _text, _before: Reply(OK.text, delay_s=0.01))
    answers = Run(served_by(tmp_path, slow, fast)).many(100)
    assert {answer.endpoint for answer in answers} == {"e0", "e1"}
    assert fast.calls.total() > 2 * slow.calls.total() > 0


def test_rows_that_share_a_prefix_stay_on_slots_where_it_is_warm(
    tmp_path: Path, fake: FakeEndpoint
) -> None:
    fake.script = lambda _text, _before: Reply(OK.text, delay_s=0.02)
    settings = served_by(tmp_path, fake, slots=3, more='supports = ["id_slot"]\n')
    Run(settings).many(40, prefixes=2)
    by_slot: dict[int, list[int]] = {}
    for sent in fake.requests:
        by_slot.setdefault(sent["id_slot"], []).append(int(sent["messages"][0]["content"]) % 2)
    assert set(by_slot) == {1, 2}
    changes = sum(a != b for row in by_slot.values() for a, b in pairwise(row))
    assert changes < 10, by_slot


def test_a_paused_endpoint_gets_its_calls_back_when_it_is_opened(
    tmp_path: Path, fake: FakeEndpoint
) -> None:
    fake.script = lambda _text, before: Reply(OK.text, delay_s=30 if before == 0 else 0)
    settings = served_by(tmp_path, fake)

    async def pause_and_open(_: BatchLane) -> None:
        while fake.in_flight < 4:
            await asyncio.sleep(0.01)
        with closing(open_pool(settings)) as other:
            other.set_mode("e0", Mode.PAUSED)
            began = time.monotonic()
            while fake.in_flight:
                await asyncio.sleep(0.01)
            assert time.monotonic() - began < 15, "half of what they would have taken"
            other.set_mode("e0", Mode.OPEN)

    run = Run(settings, timeout_s=60)
    assert len(run.many(4, pause_and_open)) == 4
    assert run.outcomes == {"called back": 4, "ok": 4}


def test_a_change_of_the_file_moves_the_calls(
    tmp_path: Path, fakes: Callable[[Script], FakeEndpoint]
) -> None:
    old = fakes(lambda _text, _before: Reply(OK.text, delay_s=0.5))
    new = fakes(lambda _text, _before: Reply(OK.text, delay_s=0.01))
    settings = served_by(tmp_path, old)

    async def change(_: BatchLane) -> None:
        await asyncio.sleep(0.5)
        served_by(tmp_path, new, slots=6)

    assert len(Run(settings).many(200, change)) == 200
    assert new.calls.total() > 100


def test_a_store_that_is_locked_for_seconds_stops_no_call(
    tmp_path: Path, fake: FakeEndpoint
) -> None:
    fake.script = lambda _text, _before: Reply(OK.text, delay_s=0.05)
    settings = served_by(tmp_path, fake)
    served: list[int] = []

    async def lock(_: BatchLane) -> None:
        while fake.calls.total() < 8:
            await asyncio.sleep(0.01)
        before = fake.calls.total()
        await asyncio.to_thread(lock_store, settings, 5.0)
        served.append(fake.calls.total() - before)

    assert len(Run(settings).many(400, lock)) == 400
    assert served[0] > 5 * 4, "calls went on with the leases at hand"
    assert fake.most_in_flight == 4


def lock_store(settings: Settings, seconds: float) -> None:
    with closing(sqlite3.connect(settings.run / pool_store.FILE, timeout=10)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        threading.Event().wait(seconds)
        connection.rollback()


def test_stopping_gives_every_slot_back(tmp_path: Path, fake: FakeEndpoint) -> None:
    settings = served_by(tmp_path, fake)
    Run(settings).many(10)
    with closing(open_pool(settings)) as other:
        (state,), waiting = other.states()
    assert (state.batch, waiting) == (0, 0)


def test_a_call_for_one_endpoint_waits_for_it_and_holds_up_nobody(
    tmp_path: Path, fakes: Callable[[Script], FakeEndpoint]
) -> None:
    slow = fakes(lambda _text, _before: Reply('{"a": 1}', delay_s=0.4))
    quick = fakes(lambda _text, _before: OK)

    async def ask(lane: BatchLane) -> None:
        for_slow = [replace(request(f"slow {at}"), endpoint="e0") for at in range(8)]
        tasks = [asyncio.create_task(lane.complete(one, lambda _: None)) for one in for_slow]
        for at in range(20):
            await lane.complete(request(f"any {at}"), lambda _: None)
        assert not all(task.done() for task in tasks)
        assert {(await task).endpoint for task in tasks} == {"e0"}

    Run(served_by(tmp_path, slow, quick, slots=3)).many(0, ask)
    assert sum(text.startswith("slow") for text in slow.calls.elements()) == 8
