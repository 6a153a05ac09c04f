"""The lanes over a fake endpoint: who gets the slots, how a rate limit is met, what a lease costs.

``python -m benchmarks.lanes_fake [slots|storm|leases]``; all of them without a name.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import typer

from batch.answers import answer_schema
from batch.prompt import messages, system_text
from benchmarks import fake_endpoint, slot_endpoint
from benchmarks.batch import FIELDS
from core.batch_lane import BatchLane
from core.chat_lane import ChatLane
from core.endpoints import Endpoint
from core.model import Request
from core.model_client import ModelClient
from core.pool import open_pool
from core.settings import Settings, load_settings
from core.statuses import Lane
from core.usage import percentile

PORT = 9381
SLOTS, DELAY_S, WORKERS = 16, 0.5, 2
QUESTIONS, EVERY_S = 40, 1.0
ROWS, A_MINUTE = 1000, 300
LEASES, PROCESSES, PAUSE_S = 400, 3, 0.005
THROUGHPUT_ROWS, THROUGHPUT_SLOTS, THROUGHPUT_DELAY_S = 4000, 64, 0.05
_SCHEMA = answer_schema(FIELDS)
_SYSTEM = system_text(FIELDS)

app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Figure:
    """A measured number beside its goal."""

    name: str
    value: float
    goal: str
    met: bool

    def __str__(self) -> str:
        verdict = "ok" if self.met else "MISSED"
        return f"  {self.name:50} {self.value:9.3f}   {self.goal:>14}  {verdict}"


def request(number: int) -> Request:
    """A row's call."""
    product = f"Acme jacket {number}, red, waxed cotton, two pockets, sizes S to XXL."
    return Request(messages(_SYSTEM, product), _SCHEMA, 200, _SYSTEM)


def settings_of(home: Path) -> Settings:
    """Settings of a home whose endpoints stand in its own file."""
    return load_settings(home=home, endpoints=home / "endpoints.toml")


@contextmanager
def home(url: str, slots: int, more: str = "") -> Iterator[Settings]:
    """A home of its own with one endpoint."""
    with tempfile.TemporaryDirectory(prefix="shopkeeper-lanes-") as folder:
        text = f'[[endpoint]]\nname = "fake"\nbase_url = "{url}"\nmodel = "m"\nslots = {slots}\n'
        (Path(folder) / "endpoints.toml").write_text(text + more)
        yield settings_of(Path(folder))


async def rows(settings: Settings, count: int | None, at_once: int) -> Sequence[str]:
    """Make the calls of so many rows, or go on for ever; returns how they ended."""
    outcomes: list[str] = []
    lane = BatchLane(open_pool(settings), timeout_s=60)
    numbers = iter(range(count)) if count is not None else iter(int, 1)

    async def one_after_the_other() -> None:
        for number in numbers:
            await lane.complete(request(number), lambda call: outcomes.append(call.outcome))

    try:
        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    finally:
        await lane.close()
    return outcomes


@app.command(hidden=True)
def worker(folder: Path) -> None:
    """A process that works for batch until it is killed."""
    asyncio.run(rows(settings_of(folder), None, SLOTS))


def ask(settings: Settings, count: int, every_s: float) -> list[float]:
    """So many questions, one at each moment; returns the time of each in ms."""
    times: list[float] = []

    def one(chat: ChatLane) -> None:
        began = time.perf_counter()
        asyncio.run(_answer(chat))
        times.append((time.perf_counter() - began) * 1000)

    with closing(ChatLane(open_pool(settings))) as chat:
        threads = []
        for _ in range(count):
            thread = threading.Thread(target=one, args=(chat,))
            thread.start()
            threads.append(thread)
            time.sleep(every_s)
        for thread in threads:
            thread.join()
    return times


async def _answer(chat: ChatLane) -> None:
    with chat.entry() as entry:
        while not entry.look():
            await asyncio.sleep(entry.pause_s)
        client = _ChatClient(entry.endpoint, timeout_s=60)
        await client.complete(request(0), lane=Lane.CHAT, slot=entry.slot)
        await client.close()


class _ChatClient(ModelClient):
    """Says who asks, so that the endpoint can count the lanes apart."""

    def _body(self, request: Request, lane: Lane, slot: int | None) -> dict[str, object]:
        return super()._body(request, lane, slot) | {"user": "chat"}


@app.command()
def slots() -> None:
    """One process asks a question a second, two work for batch: 16 slots, 500 ms a call."""
    with slot_endpoint.running(PORT, SLOTS, DELAY_S) as endpoint, home(endpoint.url, SLOTS) as own:
        alone = ask(own, QUESTIONS // 2, EVERY_S)
        command = [sys.executable, "-m", "benchmarks.lanes_fake", "worker", str(own.home)]
        workers = [subprocess.Popen(command) for _ in range(WORKERS)]
        try:
            time.sleep(5)
            endpoint.reset()
            beside = ask(own, QUESTIONS, EVERY_S)
            found = endpoint.stats()
        finally:
            for process in workers:
                process.kill()
                process.wait()
    slow, quiet = percentile(beside, 0.95) or 0, percentile(alone, 0.95) or 1
    share = found["batch_of_what_chat_leaves"]
    print(
        f"\nSlots: {SLOTS} of {DELAY_S * 1000:.0f} ms, {WORKERS} workers, {len(beside)} questions"
    )
    print(f"  chat p95 {quiet:.0f} ms alone, {slow:.0f} ms beside batch")
    print(
        Figure("chat p95 beside batch to alone", slow / quiet, "at most 1.10", slow <= 1.1 * quiet)
    )
    print(Figure("batch in what chat leaves", share, "at least 0.95", share >= 0.95))
    most = found["most_at_once"]
    print(Figure("most calls at once", most, f"at most {SLOTS}", most <= SLOTS))


@app.command()
def storm() -> None:
    """An endpoint that allows 300 requests a minute: as we were told, and as we had to learn."""
    for title, more in (("told", f"rpm = {A_MINUTE}\n"), ("learned", "")):
        with (
            slot_endpoint.running(PORT, 64, 0.2, A_MINUTE) as endpoint,
            home(endpoint.url, SLOTS, more) as own,
        ):
            began = time.perf_counter()
            outcomes = asyncio.run(rows(own, ROWS, SLOTS))
            took_s = time.perf_counter() - began
            found = endpoint.stats()
        ideal_s = ROWS / A_MINUTE * 60
        limited = found["limited"] / max(1, found["limited"] + found["answered"])
        done = outcomes.count("ok")
        print(f"\nRate limit of {A_MINUTE} requests a minute, {title}: {took_s:.0f} s")
        print(Figure("rows done", done, f"{ROWS}", done == ROWS))
        print(Figure("calls answered 429", limited, "at most 0.02", limited <= 0.02))
        ratio = took_s / ideal_s
        print(Figure(f"time to the ideal of {ideal_s:.0f} s", ratio, "at most 1.10", ratio <= 1.1))


@app.command(hidden=True)
def taker(folder: Path, count: int) -> None:
    """Take and give back so many leases; prints the time of each in ms."""
    times = []
    with closing(open_pool(settings_of(folder))) as pool:
        for _ in range(count):
            began = time.perf_counter()
            endpoint, lease = pool.admit()
            pool.release(endpoint, lease, 10, None)
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE_S)
    print(orjson.dumps(times).decode())


@app.command()
def leases() -> None:
    """What a lease costs with three processes, and what it takes from batch's speed."""
    with home("http://127.0.0.1:9/v1", 64) as own:
        command = [sys.executable, "-m", "benchmarks.lanes_fake", "taker"]
        takers = [
            subprocess.Popen([*command, str(own.home), str(LEASES)], stdout=subprocess.PIPE)
            for _ in range(PROCESSES)
        ]
        times = [one for taker in takers for one in orjson.loads(taker.communicate()[0])]
    middle, high = percentile(times, 0.5) or 0, percentile(times, 0.95) or 0
    print(f"\nA person's lease, taken and given back, {PROCESSES} processes: p50 {middle:.2f} ms")
    print(Figure("p95, ms", high, "under 2", high < 2))
    with fake_endpoint.running(PORT, THROUGHPUT_DELAY_S) as url, home(url, THROUGHPUT_SLOTS) as own:
        without = [_plain(url), 0.0]
        began = time.perf_counter()
        asyncio.run(rows(own, THROUGHPUT_ROWS, THROUGHPUT_SLOTS))
        leased = THROUGHPUT_ROWS / (time.perf_counter() - began)
        without[1] = _plain(url)
    plain = " and ".join(f"{rate:.0f}" for rate in without)
    print(f"Batch over 50 ms calls: {leased:.0f} rows/s with leases, {plain} without")
    ratio = 2 * leased / sum(without)
    print(Figure("with leases to without", ratio, "at least 0.90", ratio >= 0.9))


def _plain(url: str) -> float:
    """Rows a second of the same client on as many slots as batch may have, without a pool."""

    async def everything() -> None:
        client = ModelClient(Endpoint("fake", url, "m"), timeout_s=60)
        numbers = iter(range(THROUGHPUT_ROWS))

        async def one_after_the_other() -> None:
            for number in numbers:
                await client.complete(request(number))

        await asyncio.gather(*(one_after_the_other() for _ in range(THROUGHPUT_SLOTS - 1)))
        await client.close()

    began = time.perf_counter()
    asyncio.run(everything())
    return THROUGHPUT_ROWS / (time.perf_counter() - began)


@app.callback(invoke_without_command=True)
def every(context: typer.Context) -> None:
    """All three."""
    if context.invoked_subcommand is None:
        for measure in (slots, leases, storm):
            measure()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        app()
