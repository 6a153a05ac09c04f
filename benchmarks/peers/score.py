"""One run in figures, and what many runs come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Any

from benchmarks.peers.contestants import Contestant, Run


@dataclass(frozen=True)
class Score:
    """One run.

    Attributes:
        rows_per_s: By its own clock, from before its first row to after its last.
        calls_per_s: By the endpoint's clock, from the first answer to the last; 0: not known.
        ratio: Of ``rows_per_s`` to bare aiohttp before and after.
        cpu_s: For 1,000 rows, of all its processes, while it worked.
        start_cpu_s: Before its first row.
        peak_mb: Memory of all its processes at the most.
    """

    name: str
    rows_per_s: float
    calls_per_s: float
    ratio: float
    cpu_s: float
    start_cpu_s: float
    peak_mb: float


def scored(contestant: Contestant, run: Run, rows: int, answers: Sequence[float]) -> Score:
    """A run's score, the ratio left open.

    Args:
        contestant: Whose run it was.
        run: What came of it.
        rows: How many it was given.
        answers: When the endpoint had each of its answers ready, in order.

    Raises:
        SystemExit: A row is missing or has failed: the endpoint makes no mistakes.
    """
    report = run.report
    good = 0 if report is None else sum(isinstance(one, dict) for one in report.outcomes.values())
    if report is None or good != rows:
        raise SystemExit(f"{contestant.name} had {good} of {rows} rows.\n{run.said}")
    working = [at for at in answers if at >= report.began_at]
    return Score(
        contestant.name,
        rows_per_s=rows / (report.ended_at - report.began_at),
        calls_per_s=(len(working) - 1) / (working[-1] - working[0]) if working else 0.0,
        ratio=1.0,
        cpu_s=1000 * run.cpu_s / rows,
        start_cpu_s=run.start_cpu_s,
        peak_mb=run.peak_mb,
    )


def middle(scores: Sequence[Score]) -> Score:
    """The median of each figure over the runs of one contestant."""
    figures: dict[str, Any] = {
        field.name: median(getattr(one, field.name) for one in scores)
        for field in fields(Score)
        if field.name != "name"
    }
    return Score(scores[0].name, **figures)


def table(results: Sequence[Score], durable: dict[str, str]) -> str:
    """The figures as Markdown; ``durable`` says by name what a kill leaves."""
    lines = [
        "| | rows/s | of bare | calls/s while calling | CPU s for 1,000 rows | CPU s to start "
        "| memory, MB | durable |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [
        f"| {one.name} | {one.rows_per_s:,.0f} | {one.ratio:.2f} | {_known(one.calls_per_s)} | "
        f"{one.cpu_s:.2f} | {one.start_cpu_s:.1f} | {one.peak_mb:.0f} | {durable[one.name]} |"
        for one in results
    ]
    return "\n".join(lines)


def _known(figure: float) -> str:
    return f"{figure:,.0f}" if figure else "–"
