"""How fast the counter is: ``python -m benchmarks.chat``.

Over the sample shop, warm, questions one after the other:

- our own overhead: from the question to its request's arrival at a model (a scripted one);
- an answer that was written before, whole;
- with the embedded model: until the sources are known, and until the first word.

Starts what it needs in a home of its own, and ends it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core import ports, services
from core.chat_lane import ChatLane
from core.db import Database, open_database
from core.pool import open_pool
from core.programs import Service
from core.settings import Settings, load_settings
from rag import indexer
from rag.chain import Counter, open_counter
from rag.embedding import Embedder
from rag.index import Index
from rag.reply import Reply
from tests.fakes import FakeModel

QUESTIONS = Path(__file__).parent.parent / "tests" / "rag" / "questions.json"
#: Openings that make new questions of the same ones, past the memory for query vectors.
OPENINGS = ("", "Hello, ", "Please tell me: ")
WARM_UP = 3
OVERHEAD_P95_MS = 80
SOURCES_P95_MS = 300
FIRST_WORD_P95_MS = 2000
CACHED_P95_MS = 150

notes = Console(stderr=True)


def main(
    asked: Annotated[int, typer.Option(help="Questions to the embedded model; 0 for none.")] = 20,
) -> None:
    """Measure, and print a table."""
    with TemporaryDirectory(prefix="shopkeeper-bench-") as folder:
        home = Path(folder)
        local = load_settings(home=home, openai_api_key=None, openai_base_url=None)
        needs = {Service.CHROMA, Service.MODEL} if asked else {Service.CHROMA}
        services.ensure(local, needs)
        try:
            services.wait_healthy(local, needs, 300, on_wait=notes.print)
            with closing(open_database(local)) as db:
                _fill(local, db)
                rows = _overhead(home, db)
                if asked:
                    rows += _embedded(local, db, asked)
        finally:
            services.stop(local)
    _print(rows)


Row = tuple[str, float, float, float, int]


def _fill(settings: Settings, db: Database) -> None:
    notes.print("Filling the shelves with the sample shop …")
    indexer.seed(settings, db)
    with closing(Index(lambda: ports.search_server(settings), Embedder())) as index:
        indexer.drain(settings, db, index)


def _overhead(home: Path, db: Database) -> list[Row]:
    with FakeModel().running() as model:
        remote = load_settings(home=home, openai_base_url=model.url, openai_model="fake")
        with (
            closing(ChatLane(open_pool(remote))) as lane,
            closing(open_counter(remote, db, lane)) as counter,
        ):
            counter.warm()
            counter.read_policies()
            sources, sent = [], []
            for question in _questions():
                started, before = time.perf_counter(), len(model.arrived)
                reply = _ended(counter, question)
                sources.append(reply.timing.retrieve_ms)
                if len(model.arrived) > before:
                    sent.append((model.arrived[before] - started) * 1000)
            cached = [_ended(counter, question) for question in _questions()]
    again = [reply.timing.total_ms or 0.0 for reply in cached if reply.details.cached]
    return [
        _row("sources known", sources[WARM_UP:], SOURCES_P95_MS),
        _row("request at the model", sent[WARM_UP:], OVERHEAD_P95_MS),
        _row("whole answer, written before", again, CACHED_P95_MS),
    ]


def _embedded(settings: Settings, db: Database, asked: int) -> list[Row]:
    sources, firsts, totals = [], [], []
    with (
        closing(ChatLane(open_pool(settings))) as lane,
        closing(open_counter(settings, db, lane)) as counter,
    ):
        counter.warm()
        counter.read_policies()
        for question in islice(_questions(), asked + WARM_UP):
            notes.print(f"[dim]{question}")
            timing, text = _answer(counter, question)
            notes.print(f"  {text}", markup=False)
            sources.append(timing[0])
            # What is known exactly needs no words of a model.
            firsts += [] if timing[1] is None else [timing[1]]
            totals.append(timing[2])
    return [
        _row("sources known, embedded model", sources[WARM_UP:], SOURCES_P95_MS),
        _row("first word, embedded model", firsts[WARM_UP:], FIRST_WORD_P95_MS),
        _row("whole answer, embedded model", totals[WARM_UP:], float("inf")),
    ]


def _answer(counter: Counter, question: str) -> tuple[tuple[float, float | None, float], str]:
    reply = _ended(counter, question)
    timing = reply.timing
    times = timing.retrieve_ms, timing.first_token_ms, timing.total_ms or 0.0
    return times, reply.text


def _ended(counter: Counter, question: str) -> Reply:
    reply = counter.ask(question)
    for _ in reply.stream():
        pass
    return reply


def _questions() -> list[str]:
    stored = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    asked = [item["question"] for item in stored if item["relevant"]]
    return [opening + question for opening in OPENINGS for question in asked]


def _row(name: str, times_ms: Sequence[float], goal_ms: float) -> Row:
    ordered = sorted(times_ms)
    middle, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return name, middle, high, goal_ms, len(ordered)


def _print(rows: Sequence[Row]) -> None:
    table = Table("from the question until", "p50 ms", "p95 ms", "goal p95", "n")
    for name, middle, high, goal, count in rows:
        within = "" if goal == float("inf") else f"{goal:.0f} {'ok' if high <= goal else 'MISSED'}"
        table.add_row(name, f"{middle:.0f}", f"{high:.0f}", within, str(count))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
