"""What things cost on Postgres: a row, a chat, and a worker that has nothing to do.

``python -m benchmarks.costs [rows|chats|idle]``; all of them without a name. Starts a
Postgres of its own; the models are scripted. Processor times are sums over all the
processes named, so that they add up on any number of machines.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import sqlalchemy as sa
import typer
from playwright.sync_api import Browser, Page

from batch import jobs
from benchmarks import fake_endpoint
from benchmarks.workers import settings_of, submitted, worker
from core.db import Database, open_database
from tests import postgres, running
from tests.fakes import FakeModel, Script
from tests.postgres import Postgres

PORT = 9395
ROWS, SLOTS, DELAY_S = 20_000, 64, 0.05
IDLE_S = 20.0
VISITORS, QUESTIONS, WORDS, PIECE_S = 12, 36, 60, 0.03
START_S = 40.0

app = typer.Typer(add_completion=False)


class Meter:
    """What processes and a database have used since it was made."""

    def __init__(self, db: Database, **groups: Sequence[psutil.Process]) -> None:
        self._db = db
        self._groups = groups
        self._before = self._cpu()
        self._commits = self._committed()
        self._began = time.monotonic()

    def _cpu(self) -> dict[str, float]:
        return {name: sum(map(_cpu_s, group)) for name, group in self._groups.items()}

    def _committed(self) -> int:
        query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        with self._db.read() as connection:
            return int(connection.execute(sa.text(query)).scalar_one())

    def cpu_ms(self, count: float) -> dict[str, float]:
        """Milliseconds of processor time of each group, for each of so many things."""
        now = self._cpu()
        return {name: 1000 * (now[name] - before) / count for name, before in self._before.items()}

    def commits_a_second(self) -> float:
        """Transactions of the database; statistics come about a second late."""
        return (self._committed() - self._commits) / (time.monotonic() - self._began)

    def connections(self) -> int:
        """Connections to the database at this moment, those of this program left out."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        with self._db.read() as connection:
            return int(connection.execute(sa.text(query)).scalar_one()) - 1


def _cpu_s(process: psutil.Process) -> float:
    """Of a process and those that it has started, also those that have ended."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


@app.command()
def rows() -> None:
    """One worker, a fast endpoint, every row stored."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.running())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(fake_endpoint.running(PORT, DELAY_S))
        settings = settings_of(folder, url, SLOTS, server.new_database())
        db = stack.enter_context(closing(open_database(settings)))
        process = stack.enter_context(worker(settings))
        time.sleep(5)  # its start is no part of a row
        size = _size(db)
        meter = Meter(db, worker=[process], postgres=[server.process])
        job_id = submitted(settings, db, ROWS).id
        most = 0
        while jobs.get(db, job_id).active:
            most = max(most, meter.connections())
            time.sleep(0.5)
        job = jobs.get(db, job_id)
        assert (job.done, job.failed) == (ROWS, 0)
        each = meter.cpu_ms(ROWS)
        print(f"\n{ROWS:,} rows, {SLOTS} calls of {DELAY_S * 1000:.0f} ms at once, one worker")
        print(f"  rows a second                  {job.rows_per_s or 0:8.0f}")
        print(f"  processor a row, worker, ms    {each['worker']:8.2f}")
        print(f"  processor a row, Postgres, ms  {each['postgres']:8.2f}")
        print(f"  transactions a second          {meter.commits_a_second():8.0f}")
        print(f"  connections of the worker      {most:8d}")
        print(f"  bytes on disk a row            {(_size(db) - size) / ROWS:8.0f}")


def _size(db: Database) -> int:
    with db.read() as connection:
        query = sa.text("SELECT pg_database_size(current_database())")
        return int(connection.execute(query).scalar_one())


@app.command()
def idle() -> None:
    """A worker that waits for jobs."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.running())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = settings_of(folder, "http://127.0.0.1:9/v1", SLOTS, server.new_database())
        db = stack.enter_context(closing(open_database(settings)))
        process = stack.enter_context(worker(settings))
        time.sleep(10)
        meter = Meter(db, worker=[process], postgres=[server.process])
        time.sleep(IDLE_S)
        each = meter.cpu_ms(IDLE_S)
        print("\nA worker without a job, each second")
        print(f"  processor, worker, ms          {each['worker']:8.1f}")
        print(f"  processor, Postgres, ms        {each['postgres']:8.1f}")
        print(f"  transactions                   {meter.commits_a_second():8.0f}")
        print(f"  connections                    {meter.connections():8d}")


@app.command()
def chats() -> None:
    """Visitors who ask the sample shop, and get answers of so many words."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.running())
        words = tuple(f"word{number} " for number in range(WORDS))
        model = FakeModel([Script(pieces=words, piece_s=PIECE_S)])
        _chats(stack, server, stack.enter_context(model.running()).url)


def _chats(stack: ExitStack, server: Postgres, address: str) -> None:
    home = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "home"
    url = server.new_database()
    variables = {"DATABASE_URL": url, "OPENAI_BASE_URL": address, "OPENAI_MODEL": "fake"}
    shop = stack.enter_context(running.shop(home, **variables))
    browser = stack.enter_context(running.browser())
    time.sleep(START_S)
    _visit(browser, shop)
    settings = settings_of(home, address, SLOTS, url)
    db = stack.enter_context(closing(open_database(settings)))
    groups = {name: _of_home(home, name) for name in ("streamlit", "chroma")}
    watched = {"postgres": [server.process], **groups}
    quiet = Meter(db, **watched)
    time.sleep(IDLE_S)
    nothing, commits = quiet.cpu_ms(IDLE_S), quiet.commits_a_second()
    memory = [_memory_mb(groups["streamlit"])]
    meter, began = Meter(db, **watched), time.monotonic()
    for _ in range(VISITORS):
        _visit(browser, shop)
    each, each_s = meter.cpu_ms(QUESTIONS), (time.monotonic() - began) / QUESTIONS
    print(f"\n{VISITORS} visitors with {QUESTIONS // VISITORS} questions each, one after the other")
    print(f"Answers of {WORDS} words; {each_s:.1f} s for each question")
    print("What an idle shop takes, with its worker, is left out")
    for name, cpu_ms in each.items():
        print(f"  processor a chat, {name + ', ms':12} {cpu_ms - each_s * nothing[name]:8.1f}")
    memory.append(_memory_mb(groups["streamlit"]))
    print(f"  memory of the web app, MB      {memory[0]:8.0f} before, {memory[1]:.0f} after")
    print(f"  transactions a chat            {(meter.commits_a_second() - commits) * each_s:8.1f}")


def _memory_mb(processes: Sequence[psutil.Process]) -> float:
    return sum(one.memory_info().rss for one in processes) / 1e6


def _visit(browser: Browser, address: str) -> None:
    """Somebody comes, asks a few questions and goes."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    for number in range(QUESTIONS // VISITORS):
        _ask(page, number)
    context.close()


def _ask(page: Page, number: int) -> None:
    """A question in a conversation of its own, and its answer to the last word."""
    if number:
        page.get_by_text("New chat").first.click()
        page.get_by_text("Answer again").wait_for(state="detached")
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(f"Which tents sleep {2 + number % 5} people? Number {number}.")
    box.press("Enter")
    page.get_by_text("Answer again").wait_for()


def _of_home(home: Path, name: str) -> list[psutil.Process]:
    """The processes of a home whose command line has a word."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("SHOPKEEPER_HOME") == str(home)
            if mine and any(name in part for part in process.cmdline()[1:4]):
                found.append(process)
        except psutil.Error:
            continue
    return found


@app.callback(invoke_without_command=True)
def every(context: typer.Context) -> None:
    """All three."""
    if context.invoked_subcommand is None:
        for measure in (rows, idle, chats):
            measure()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    app()
