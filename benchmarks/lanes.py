"""The two lanes over the embedded model: chat alone, batch alone, both, and both without lanes.

``python -m benchmarks.lanes [--fifo] [--rows 80] [--plot docs/lanes.png] [--json FILE]``.
Starts the real model server, worker and search in homes of their own. Batch is timed
over the same rows each time; chat is asked the same questions each time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console

from batch import control, jobs, uploads
from batch.fields import load_fields
from batch.plan import Plan
from batch.submission import submit
from benchmarks.lanes_fake import Figure
from benchmarks.lanes_plot import draw
from core import ports, services
from core.chat_lane import ChatLane
from core.db import Database, open_database
from core.pool import open_pool
from core.programs import Service
from core.schema import rows as stored_rows
from core.settings import PROJECT, SAMPLE, Settings, load_settings
from core.usage import percentile
from rag import indexer
from rag.chain import Counter, open_counter
from rag.embedding import Embedder
from rag.index import Index

QUESTIONS = PROJECT / "tests" / "rag" / "questions.json"
EVERY_S = 20.0
PAUSE_ALONE_S = 1.0
#: Rows that are done before the clock is started: the model's first calls read every prefix.
WARM_ROWS = 4
NEEDS = {Service.CHROMA, Service.MODEL, Service.WORKER}

notes = Console(stderr=True)


@dataclass
class Phase:
    """What was measured in one phase; times in seconds.

    Attributes:
        first_s: To each first word.
        whole_s: To the end of each answer.
        rows_per_min: Of batch; None where there was none.
        in_use: Moments, and slots in use by chat and by batch.
    """

    first_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    rows_per_min: float | None = None
    in_use: list[tuple[float, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Shop:
    """A running home."""

    settings: Settings
    db: Database
    counter: Counter
    lane: ChatLane


@contextmanager
def shop(*, lanes: bool) -> Iterator[Shop]:
    """The sample shop with everything behind it, in a home of its own."""
    with TemporaryDirectory(prefix="shopkeeper-lanes-") as folder, ExitStack() as stack:
        settings = load_settings(
            home=Path(folder), openai_api_key=None, openai_base_url=None, lanes=lanes
        )
        stack.callback(services.stop, settings)
        services.ensure(settings, NEEDS)
        services.wait_healthy(settings, NEEDS, 300, on_wait=notes.print)
        db = stack.enter_context(closing(open_database(settings)))
        indexer.seed(settings, db)
        with closing(Index(lambda: ports.search_server(settings), Embedder())) as index:
            indexer.drain(settings, db, index)
        lane = stack.enter_context(closing(ChatLane(open_pool(settings))))
        counter = stack.enter_context(closing(open_counter(settings, db, lane)))
        counter.warm()
        found = Shop(settings, db, counter, lane)
        _ask(found, "Do you sell tents?")
        yield found


def questions() -> list[str]:
    """Questions that the sample shop can answer."""
    stored = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    return [item["question"] for item in stored if item["relevant"]]


def _ask(where: Shop, question: str) -> tuple[float, float]:
    reply = where.counter.ask(question)
    for _ in reply.stream():
        pass
    timing = reply.timing
    return (timing.first_token_ms or 0.0) / 1000, (timing.total_ms or 0.0) / 1000


def chat_alone(where: Shop, count: int) -> Phase:
    """So many questions, one after the other."""
    phase = Phase()
    for question in questions()[:count]:
        first_s, whole_s = _ask(where, question)
        phase.first_s.append(first_s)
        phase.whole_s.append(whole_s)
        time.sleep(PAUSE_ALONE_S)
    return phase


def with_batch(where: Shop, rows: int, asked: list[str]) -> Phase:
    """The time of so many rows, with a question every :data:`EVERY_S` until they are done."""
    job_id = _start_job(where)
    _wait(where, job_id, WARM_ROWS)
    phase, began, at = Phase(), time.monotonic(), 0
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(where, phase, began, ended))
    watch.start()
    while (done := _done(where, job_id)) < WARM_ROWS + rows:
        now = time.monotonic() - began
        if at < len(asked) and now >= at * EVERY_S:
            first_s, whole_s = _ask(where, asked[at])
            phase.first_s.append(first_s)
            phase.whole_s.append(whole_s)
            at += 1
            notes.print(f"  {now:5.0f} s: {done} rows, first word {first_s:.1f} s", highlight=False)
        time.sleep(0.1)
    ended.set()
    watch.join()
    phase.rows_per_min = _rate(where, job_id, rows)
    control.cancel(where.db, job_id)
    time.sleep(3)
    return phase


def _watch(where: Shop, phase: Phase, began: float, ended: threading.Event) -> None:
    """Note who is in the slots, for as long as the phase lasts."""
    while not ended.wait(0.2):
        states, _ = where.lane.pool.states()
        phase.in_use.append((time.monotonic() - began, states[0].chat, states[0].batch))


def _start_job(where: Shop) -> str:
    with (SAMPLE / "catalog.csv").open("rb") as file:
        upload = uploads.store(where.settings, where.db, "catalog.csv", file)
    columns = uploads.guess(where.settings, upload)
    fields = load_fields(SAMPLE / "fields.json")
    return submit(where.db, upload.id, columns, Plan(fields), "bench").id


def _done(where: Shop, job_id: str) -> int:
    job = jobs.get(where.db, job_id)
    return job.done + job.failed


def _wait(where: Shop, job_id: str, count: int) -> None:
    while _done(where, job_id) < count:
        time.sleep(0.1)


def _rate(where: Shop, job_id: str, count: int) -> float:
    """Rows a minute between the last warm row and so many further ones, by when each ended."""
    query = sa.select(stored_rows.c.finished_at).where(stored_rows.c.job_id == job_id)
    with where.db.read() as connection:
        ends: list[float] = sorted(connection.execute(query).scalars())
    return count / (ends[WARM_ROWS + count - 1] - ends[WARM_ROWS - 1]) * 60


def figures(phases: dict[str, Phase], name: str) -> list[Figure]:
    """One way of sharing, beside each lane alone; chat question by question."""
    alone, both = phases["chat alone"], phases[name]
    count = len(both.first_s)
    first = _p95(both.first_s) / _p95(alone.first_s[:count])
    whole = median(both.whole_s) / median(alone.whole_s[:count])
    batch = (both.rows_per_min or 0) / (phases["batch alone"].rows_per_min or 1)
    return [
        Figure("chat: first word p95, to alone", first, "at most 1.20", first <= 1.2),
        Figure("chat: whole answer p50, to alone", whole, "at most 1.60", whole <= 1.6),
        Figure("batch: rows a minute, to alone", batch, "at least 0.80", batch >= 0.8),
    ]


def _p95(values: list[float]) -> float:
    return percentile(values, 0.95) or 0.0


def main(
    rows: Annotated[int, typer.Option(help="Rows that batch is timed over.")] = 80,
    fifo: Annotated[
        bool, typer.Option(help="Also without lanes: first come, first served.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Where to draw it, as PNG.")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the numbers.")] = None,
) -> None:
    """Measure, print and draw."""
    phases: dict[str, Phase] = {}
    asked = questions()
    with shop(lanes=True) as where:
        notes.print("Batch alone …")
        phases["batch alone"] = with_batch(where, rows, [])
        notes.print("Both, with lanes …")
        phases["lanes"] = with_batch(where, rows, asked)
        notes.print("Chat alone …")
        phases["chat alone"] = chat_alone(where, len(phases["lanes"].first_s))
    if fifo:
        with shop(lanes=False) as where:
            notes.print("Both, first come first served …")
            phases["first come, first served"] = with_batch(where, rows, asked)
        count = len(phases["first come, first served"].first_s) - len(phases["chat alone"].first_s)
        if count > 0:
            del phases["first come, first served"].first_s[-count:]
            del phases["first come, first served"].whole_s[-count:]
    report(phases)
    if out is not None:
        out.write_text(json.dumps({name: asdict(phase) for name, phase in phases.items()}))
    if plot is not None:
        draw(phases["chat alone"], phases["batch alone"], phases, plot)


def report(phases: dict[str, Phase]) -> None:
    """Print every phase, then the ratios."""
    for name, phase in phases.items():
        chat = (
            f"first word p50 {median(phase.first_s):.2f} s, p95 {_p95(phase.first_s):.2f} s, "
            f"whole answer p50 {median(phase.whole_s):.2f} s, n={len(phase.first_s)}"
            if phase.first_s
            else ""
        )
        batch = f"{phase.rows_per_min:.1f} rows a minute" if phase.rows_per_min else ""
        print(f"{name:26} {'; '.join(part for part in (chat, batch) if part)}")
    for name in phases:
        if name not in ("chat alone", "batch alone"):
            print(f"\n{name}:")
            for figure in figures(phases, name):
                print(figure)


if __name__ == "__main__":
    typer.run(main)
