"""Who takes part, with which settings, and one run of each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from batch.answers import answer_schema
from batch.prompt import messages, row_text, system_text
from benchmarks.batch import COLUMNS, FIELDS, SLOTS, row
from benchmarks.peers import environments
from benchmarks.peers.meter import Meter
from benchmarks.peers.task import Report, Task, load_report
from core.settings import PROJECT

#: The same for everyone who lets it be chosen; ours is SHOPKEEPER_ROW_ATTEMPTS.
ATTEMPTS = 5
#: Nobody may report to anyone, or fetch price lists, while the clock runs.
QUIET = {
    "DO_NOT_TRACK": "1",
    "TELEMETRY_ENABLED": "false",
    "CURATOR_VIEWER": "0",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "true",
    "OPENAI_API_KEY": "none",
}


@dataclass(frozen=True)
class Contestant:
    """One way to take rows through a model.

    Attributes:
        name: As shown.
        module: Its program in this package.
        environment: The virtual environment that it runs in; ours has none of its own.
        durable: What is left of its work when it is killed.
        settings: With which of its settings it runs.
        arguments: More of its program's arguments.
    """

    name: str
    module: str
    environment: str
    durable: str
    settings: str
    arguments: tuple[str, ...] = ()


OURS = Contestant(
    "shopkeeper", "ours", "", "each row, within 0.1 s (SQLite)", "SHOPKEEPER_SLOTS 65"
)
BARE = Contestant("bare aiohttp", "bare", "clients", "nothing", "TCPConnector(limit=64)")
OPENAI = Contestant(
    "openai loop", "openai_loop", "clients", "nothing", "DefaultAioHttpClient, 64 tasks"
)
LANGCHAIN = Contestant(
    "langchain abatch",
    "langchain_abatch",
    "clients",
    "nothing",
    "with_structured_output(json_schema), DefaultAioHttpClient, max_concurrency 64",
)
CURATOR = Contestant(
    "curator",
    "curator_llm",
    "curator",
    "each answer, as it comes (JSONL)",
    "backend openai, max_concurrent_requests 64, limits by the minute out of reach, no viewer",
)
CURATOR_PARTIAL = Contestant(
    "curator, partial",
    "curator_llm",
    "curator",
    CURATOR.durable,
    CURATOR.settings + ", require_all_responses=False",
    ("--partial",),
)
DOCETL = Contestant(
    "docetl",
    "docetl_map",
    "docetl",
    "nothing within a step",
    "mode structured_output, --max-threads 64, max_retries 4, bypass_cache",
)


@dataclass(frozen=True)
class Run:
    """What came of one run.

    Attributes:
        report: What it handed back; None: it ended without.
        exit_code: Of its process; None: it did not end and was not asked to.
        cpu_s: Between its first and its last row, of all its processes.
        start_cpu_s: Before that.
        peak_mb: Memory of all its processes at the most.
        said: The end of what it printed.
    """

    report: Report | None = field(repr=False)
    exit_code: int | None
    cpu_s: float
    start_cpu_s: float
    peak_mb: float
    said: str = field(default="", repr=False)


def task(url: str, rows: int) -> Task:
    """The same rows and prompts as in :mod:`benchmarks.batch`."""
    system = system_text(FIELDS)
    prompts = {
        number + 1: messages(system, row_text(row(number), COLUMNS)[0]) for number in range(rows)
    }
    return Task(url, SLOTS, ATTEMPTS, answer_schema(FIELDS), prompts)


def run(contestant: Contestant, given: Task, timeout_s: float = 900) -> Run:
    """One run of a contestant in its environment, with empty caches."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given.dump(folder / "task.json")
        command = [
            str(environments.python(contestant.environment)),
            "-m",
            f"benchmarks.peers.{contestant.module}",
            str(folder / "task.json"),
            str(folder / "report.json"),
            *contestant.arguments,
        ]
        return measured(command, _quiet(contestant, folder), folder, timeout_s)


def _quiet(contestant: Contestant, home: Path) -> dict[str, str]:
    """The environment of a contestant: nobody's settings, and a home without caches."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    files = {"TIKTOKEN_CACHE_DIR": environments.tokenizers(contestant.environment)}
    return kept | QUIET | files | {"HOME": str(home)}


def measured(
    command: list[str], environment: Mapping[str, str], folder: Path, timeout_s: float
) -> Run:
    """Run a command to its end; its report is expected in the folder."""
    said = folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        with Meter(process.pid) as meter:
            exit_code, cpu_s = _wait(process, timeout_s)
            meter.ended(cpu_s)
    path = folder / "report.json"
    report = load_report(path) if path.exists() else None
    began = meter.cpu_s(report.began_at) if report else 0.0
    ended = meter.cpu_s(report.ended_at) if report else cpu_s
    text = said.read_text(errors="replace")[-8000:]
    return Run(report, exit_code, ended - began, began, meter.peak_mb, text)


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> tuple[int, float]:
    """Wait for the end; returns the exit code and the CPU seconds of all its processes."""
    before = _children_cpu_s()
    try:
        exit_code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        print(f"{process.args!r} did not end in {timeout_s:.0f} s", file=sys.stderr)
        process.kill()
        exit_code = process.wait()
    return exit_code, _children_cpu_s() - before


def _children_cpu_s() -> float:
    times = os.times()
    return times.children_user + times.children_system
