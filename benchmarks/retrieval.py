"""How fast and how exact retrieval is: ``python -m benchmarks.retrieval [--rows N] [--home DIR]``.

Over 100,000 generated products with typed metadata (benchmarks/large_shop.py),
with a real Chroma server:

- retrieval, and our whole overhead until a request is at a (scripted) model, or
  until the words of an exact answer are there; without conditions, with a price
  and stock, and within one brand of 200;
- each alone, and while a worker publishes and indexes 50 products a second;
- of the ten nearest by exact comparison, how many are found;
- what a searching process needs to start, and how much memory.

``--home`` keeps the shop for another run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import large_shop
from core import ports, products, services
from core.chat_lane import ChatLane
from core.db import Database, open_database
from core.facts import IN_STOCK, Filter
from core.pool import open_pool
from core.programs import Service
from core.settings import PROJECT, Settings, load_settings
from rag import indexer
from rag.chain import Counter, open_counter
from rag.dense import DenseSearch
from rag.embedding import Embedder
from rag.exchange import Kind
from rag.index import Index
from rag.query import Query
from rag.retriever import Retriever, open_retriever
from tests.fakes import FakeModel

RETRIEVAL_P95_MS, OVERHEAD_P95_MS, RECALL = 50.0, 80.0, 0.98
ASKED = 150
WARM_UP = 20
CHROMA_BATCH = 1000
CONDITIONS: dict[str, tuple[str, tuple[Filter, ...]]] = {
    "no conditions": ("", ()),
    "under $100 and in stock": (
        " under $100, in stock",
        (Filter("price", high=100, label="under $100"), IN_STOCK),
    ),
    "one brand of 200": (" from Brand042", (Filter("brand", texts=("brand042",)),)),
}
#: What was measured, p50, p95, the goal, and of how many.
Row = tuple[str, float, float, float, int]

notes = Console(stderr=True)


def main() -> int:
    """Measure, print the tables; returns 1 where a goal is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    with _home(given.home) as home:
        settings = load_settings(home=home, openai_api_key=None, openai_base_url=None)
        services.ensure(settings, {Service.CHROMA})
        try:
            services.wait_healthy(settings, {Service.CHROMA}, 300, on_wait=notes.print)
            with closing(open_database(settings)) as db:
                _fill(settings, db, given.rows)
                return _measure(settings, db)
        finally:
            services.stop(settings)


@contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with TemporaryDirectory(prefix="shopkeeper-bench-") as folder:
        yield Path(folder)


def _fill(settings: Settings, db: Database, rows: int) -> None:
    embedder = Embedder()
    started = time.perf_counter()
    large_shop.publish(db, embedder, rows)
    notes.print(f"{rows:,} products put on sale in {time.perf_counter() - started:.0f} s")
    started, taken = time.perf_counter(), 0
    with closing(Index(lambda: ports.search_server(settings), embedder)) as index:
        while done := indexer.step(db, index, limit=CHROMA_BATCH):
            taken += done
            notes.print(f"[dim]{taken:,} in Chroma after {time.perf_counter() - started:.0f} s")


def _measure(settings: Settings, db: Database) -> int:
    before = _memory_mb()
    embedder = Embedder()
    embedder.embed_query("warm")
    model_mb = _memory_mb() - before
    with closing(open_retriever(settings, db)) as retriever:
        started = time.perf_counter()
        retriever.mirror.refresh()
        filled_s = time.perf_counter() - started
        mirror_mb = _memory_mb() - before - model_mb
        retriever.warm()
        print(
            f"The mirror of {products.count(db):,} products takes {filled_s:.1f} s to fill and "
            f"{mirror_mb:.0f} MB (the embedding model: {model_mb:.0f} MB)."
        )
        recalls = _recalls(settings, retriever, embedder)
        rows = _retrieval(retriever, "alone")
        with _upserting(settings):
            rows += _retrieval(retriever, "beside 50 upserts/s")
    rows += _overhead(settings, db)
    return _print(rows, recalls)


def _retrieval(retriever: Retriever, beside: str) -> list[Row]:
    rows = []
    for seed, (name, (_, filters)) in enumerate(CONDITIONS.items()):
        asked = large_shop.questions(WARM_UP + ASKED, seed=seed + 100 * len(beside))
        queries = [Query(text, text, filters=filters) for text in asked]
        times = _times(queries, retriever.search)
        rows.append(_row(f"retrieval, {name}, {beside}", times, RETRIEVAL_P95_MS))
    return rows


def _overhead(settings: Settings, db: Database) -> list[Row]:
    with FakeModel().running() as model:
        remote = load_settings(home=settings.home, openai_base_url=model.url, openai_model="fake")
        with (
            closing(ChatLane(open_pool(remote))) as lane,
            closing(open_counter(remote, db, lane)) as counter,
        ):
            counter.warm()
            rows = _sent(counter, model, "alone")
            with _upserting(settings):
                return rows + _sent(counter, model, "beside 50 upserts/s")


def _sent(counter: Counter, model: FakeModel, beside: str) -> list[Row]:
    rows = []
    for seed, (name, (words, _)) in enumerate(CONDITIONS.items()):
        done = []
        for question in large_shop.questions(WARM_UP + ASKED, seed=seed + 999 * len(beside)):
            before, started = len(model.arrived), time.perf_counter()
            said = [time.perf_counter() for _ in counter.ask(f"{question[:-1]}{words}?").stream()]
            # What is computed, or was written before, asks no model: then its words are there.
            there = model.arrived[before] if len(model.arrived) > before else said[0]
            done.append((there - started) * 1000)
        rows.append(_row(f"overhead, {name}, {beside}", done, OVERHEAD_P95_MS))
    return rows


def _recalls(
    settings: Settings, retriever: Retriever, embedder: Embedder
) -> list[tuple[str, float]]:
    """Of the ten nearest by exact comparison, the share found, by conditions."""
    held = retriever.mirror.held(Kind.PRODUCT)
    found = []
    with closing(Index(lambda: ports.search_server(settings), embedder)) as index:
        dense = DenseSearch(retriever.mirror, index)
        for name, (_, filters) in CONDITIONS.items():
            admitted = retriever.mirror.admitted(filters) if filters else None
            shares = []
            for question in large_shop.questions(ASKED, seed=77):
                vector = embedder.embed_query(question)
                exact = {row for row, _ in held.vectors.nearest(vector, 10, admitted)}
                near = dense.begin(Kind.PRODUCT, vector, 40, admitted)()
                shares.append(len(exact & {row for row, _ in near[:10]}) / len(exact))
            found.append((name, sum(shares) / len(shares)))
    return found


@contextmanager
def _upserting(settings: Settings) -> Iterator[None]:
    """A worker that publishes and indexes 50 products a second meanwhile."""
    command = [sys.executable, "-m", "benchmarks.upserts", "--home", str(settings.home)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        for _ in range(3):  # the first seconds load its model
            worker.stdout.readline()
        yield
        worker.terminate()
        said = worker.stdout.read().splitlines()
        notes.print(f"[dim]the worker, in {len(said)} s: {said[len(said) // 2] if said else ''}")


def _times(asked: Sequence[Query], search: Callable[[Query], object]) -> list[float]:
    times = []
    for query in asked:
        started = time.perf_counter()
        search(query)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _row(name: str, times_ms: Sequence[float], goal_ms: float) -> Row:
    ordered = sorted(times_ms[WARM_UP:])
    middle, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    notes.print(f"[dim]{name}: {middle:.0f} ms, p95 {high:.0f} ms")
    return name, middle, high, goal_ms, len(ordered)


def _print(rows: Sequence[Row], recalls: Sequence[tuple[str, float]]) -> int:
    table = Table("what", "p50 ms", "p95 ms", "goal p95", "n")
    for name, middle, high, goal, count in rows:
        within = f"{goal:.0f} {'ok' if high <= goal else 'MISSED'}"
        table.add_row(name, f"{middle:.0f}", f"{high:.0f}", within, str(count))
    recall = Table("recall@10 against exact comparison", "found", "goal")
    for name, share in recalls:
        recall.add_row(name, f"{share:.3f}", f"{RECALL} {'ok' if share >= RECALL else 'MISSED'}")
    Console(width=100).print(table, recall)
    missed = any(row[2] > row[3] for row in rows) or any(share < RECALL for _, share in recalls)
    return int(missed)


def _memory_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


if __name__ == "__main__":
    sys.exit(main())
