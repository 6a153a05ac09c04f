"""Many shoppers of one app at once: how they come, and what is measured while they are there.

Knows nothing of the model that answers, nor of how figures are shown.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import aiohttp
import psutil
from rich.console import Console

from tests.shopper import Shopper, Visit, shopper

QUESTIONS = Path(__file__).parent.parent / "tests" / "rag" / "questions.json"
#: Openings that make new questions of the same ones: none is answered from memory.
OPENINGS = ("", "Hello, ", "Hi, ", "Please tell me: ", "Good morning, ", "One question: ", "Hey, ")
READING_S = (4.0, 16.0)
#: A question is answered as before when its overhead is below this.
NORMAL_MS = 250.0
#: Shoppers who are there before a flood, and go on as people do.
REGULARS = 5
#: How often a browser tries to get in.
ATTEMPTS = 4
TIMEOUT_S = 120.0
notes = Console(stderr=True)


@dataclass
class Scene:
    """What was measured in one scene.

    Attributes:
        app_cpu_s: Processor that the web app took.
        own_cpu_s: Processor that the shoppers and the model took.
    """

    name: str
    visits: list[Visit] = field(default_factory=list)
    app_cpu_s: float = 0.0
    own_cpu_s: float = 0.0
    took_s: float = 0.0
    most_threads: int = 0
    most_mb: float = 0.0


class Crowd:
    """Shoppers of one app; no two ask the same question."""

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        self._address = address
        self._http = http
        self._questions = _questions()
        self._page = _page_process(int(address.rpartition(":")[2]))

    async def one_by_one(self, count: int) -> Scene:
        """One shopper, one question after the other."""
        with self._scene(f"1 shopper, {count} questions") as scene:
            async with self._open(1) as (one,):
                for _ in range(count):
                    scene.visits.append(await one.ask(next(self._questions), TIMEOUT_S))
        return scene

    async def as_people_do(self, count: int, rounds: int) -> Scene:
        """Each asks, reads, and asks again."""

        async def shop(one: Shopper) -> list[Visit]:
            visits = []
            await asyncio.sleep(random.uniform(0, READING_S[1]))
            for _ in range(rounds):
                visits.append(await one.ask(next(self._questions), TIMEOUT_S))
                await asyncio.sleep(random.uniform(*READING_S))
            return visits

        async with self._open(count) as everybody:
            with self._scene(f"{count} shoppers as people do") as scene:
                for visits in await asyncio.gather(*map(shop, everybody)):
                    scene.visits += visits
        return scene

    async def in_one_second(self, count: int) -> Scene:
        """All ask within the same second."""

        async def ask(one: Shopper) -> Visit:
            await asyncio.sleep(random.uniform(0, 1))
            return await one.ask(next(self._questions), TIMEOUT_S)

        async with self._open(count) as everybody:
            with self._scene(f"{count} shoppers in one second") as scene:
                scene.visits += await asyncio.gather(*map(ask, everybody))
        return scene

    async def flood(self, count: int) -> tuple[Scene, Scene]:
        """So many pages are opened and ask, all at once, while some who are there already go on."""
        regulars = Scene(f"{REGULARS} who were there before")
        over = asyncio.Event()

        async def go_on(one: Shopper) -> None:
            while not over.is_set():
                regulars.visits.append(await one.ask(next(self._questions), TIMEOUT_S))
                await asyncio.sleep(random.uniform(*READING_S))

        async with self._open(REGULARS) as everybody:
            going_on = [asyncio.create_task(go_on(one)) for one in everybody]
            with self._scene(f"a flood of {count}") as scene:
                scene.visits += await asyncio.gather(*(self._come() for _ in range(count)))
            over.set()
            await asyncio.gather(*going_on)
        regulars.took_s = scene.took_s
        return scene, regulars

    async def _come(self) -> Visit:
        """A browser that opens the page and asks; it tries again where the door is closed."""
        visit = Visit("", time.perf_counter())
        try:
            async with self._http.get(self._address, headers={"Accept": "text/html"}) as page:
                if page.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    visit.refused_at = time.perf_counter()
                    return visit
            for attempt in range(ATTEMPTS):
                try:
                    return await self._ask_once()
                except aiohttp.WSServerHandshakeError:
                    await asyncio.sleep(random.uniform(0.5, 1) * 2**attempt)
            visit.refused_at = time.perf_counter()
        except (aiohttp.ClientError, OSError) as error:
            visit.troubles += (f"{type(error).__name__}: {error}",)
        return visit

    async def _ask_once(self) -> Visit:
        async with shopper(self._http, self._address) as one:
            opened = await one.open(TIMEOUT_S)
            if opened.troubles or not one.input_id:
                return opened
            return await one.ask(next(self._questions), TIMEOUT_S)

    async def until_normal(self, overhead: Callable[[Visit], float | None]) -> tuple[float, int]:
        """How long until a question is answered as before; and how many were not until then."""
        began, slow = time.perf_counter(), 0
        while time.perf_counter() - began < TIMEOUT_S:
            asked = time.perf_counter()
            try:
                async with self._open(1) as (one,):
                    visit = await one.ask(next(self._questions), TIMEOUT_S)
                extra = overhead(visit)
                if not visit.troubles and extra is not None and extra < NORMAL_MS:
                    return asked - began, slow
            except (aiohttp.ClientError, ConnectionError, AssertionError):
                await asyncio.sleep(0.2)
            slow += 1
        return TIMEOUT_S, slow

    @asynccontextmanager
    async def _open(self, count: int) -> AsyncIterator[list[Shopper]]:
        """So many pages, opened one after the other."""
        async with AsyncExitStack() as stack:
            everybody = []
            for _ in range(count):
                one = await stack.enter_async_context(shopper(self._http, self._address))
                opened = await one.open(TIMEOUT_S)
                assert not opened.troubles, opened.troubles
                everybody.append(one)
            yield everybody

    @contextmanager
    def _scene(self, name: str) -> Iterator[Scene]:
        notes.print(f"{name} …")
        scene, began = Scene(name), time.perf_counter()
        app, own = _cpu_s(self._page), _cpu_s(psutil.Process())
        watching = asyncio.ensure_future(self._watch(scene))
        yield scene
        watching.cancel()
        scene.took_s = time.perf_counter() - began
        scene.app_cpu_s = _cpu_s(self._page) - app
        scene.own_cpu_s = _cpu_s(psutil.Process()) - own

    async def _watch(self, scene: Scene) -> None:
        while True:
            scene.most_threads = max(scene.most_threads, self._page.num_threads())
            scene.most_mb = max(scene.most_mb, self._page.memory_info().rss / 1e6)
            await asyncio.sleep(0.25)


def _questions() -> Iterator[str]:
    """Ever new ones, of all kinds."""
    stored = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    asked = [item["question"] for item in stored if item["relevant"]]
    number = 0
    while True:
        for opening in OPENINGS:
            mixed = random.Random(opening + str(number)).sample(asked, len(asked))
            for question in mixed:
                yield f"{opening}{question}{'?' * number}"
        number += 1


def _page_process(port: int) -> psutil.Process:
    """The process of the web app that listens there."""
    for one in psutil.process_iter(["cmdline"]):
        line = one.info["cmdline"] or []
        if "streamlit" in line and str(port) in line and "core.child" not in line:
            return one
    raise RuntimeError("The web app's process is not to be found.")


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
