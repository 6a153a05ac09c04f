"""What becomes of rows when the endpoint misbehaves: ours beside others, the same faults.

``python -m benchmarks.faults [--rows 1000] [--only NAME]``. The endpoint is
:mod:`benchmarks.faulty_endpoint`, started anew for each contestant. Every row
is judged by its own answer, which no other row has.
"""

from __future__ import annotations

import argparse
import json
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import fake_endpoint
from benchmarks.batch import DELAY_S
from benchmarks.faulty_endpoint import answer, cut
from benchmarks.peers import contestants, ours
from benchmarks.peers.contestants import (
    CURATOR,
    CURATOR_PARTIAL,
    DOCETL,
    LANGCHAIN,
    OPENAI,
    OURS,
    Contestant,
)
from benchmarks.peers.task import Outcome
from core import ports
from core.settings import PROJECT

FIELD = (OURS, OPENAI, LANGCHAIN, CURATOR, CURATOR_PARTIAL, DOCETL)
OUT = PROJECT / "benchmarks" / "out" / "faults.json"


@dataclass(frozen=True)
class Judgement:
    """What became of the rows.

    Attributes:
        right: Rows with the values that are true of them.
        failed: Rows without values and with a reason.
        wrong: Rows with values that are not true, and nothing that says so.
        dropped: Rows of which there is nothing.
        exit_code: Of the command.
        seconds: From the first row to the last.
        calls: That the endpoint saw.
        most_for_a_row: Calls for the row that was asked most often.
        early: Retries before the Retry-After of the same row.
        reasons: How often each reason was given.
    """

    name: str
    right: int
    failed: int
    wrong: int
    dropped: int
    exit_code: int | None
    seconds: float
    calls: int
    most_for_a_row: int
    early: int
    reasons: dict[str, int]


def judge(contestant: Contestant, rows: int) -> Judgement:
    """One contestant against an endpoint of its own."""
    with fake_endpoint.running(
        ports.unused(), DELAY_S, "benchmarks.faulty_endpoint", "tally"
    ) as url:
        task = contestants.task(url, rows)
        if contestant is OURS:
            run = ours.from_the_shell(task)
        else:
            run = contestants.run(contestant, task, timeout_s=1800)
        with urllib.request.urlopen(url.replace("/v1", "/tally")) as response:
            tally: dict[str, Any] = json.load(response)
    outcomes: Mapping[int, Outcome] = run.report.outcomes if run.report else {}
    verdicts = Counter(_verdict(outcomes, row) for row in range(1, rows + 1))
    reasons = Counter(one[:70] for one in outcomes.values() if isinstance(one, str))
    return Judgement(
        contestant.name,
        verdicts["right"],
        verdicts["failed"],
        verdicts["wrong"],
        verdicts["dropped"],
        run.exit_code,
        run.report.ended_at - run.report.began_at if run.report else 0.0,
        tally["calls"],
        tally["most_for_a_row"],
        tally["early"],
        dict(reasons.most_common(8)),
    )


def _verdict(outcomes: Mapping[int, Outcome], row: int) -> str:
    """A row's verdict; the product of row 1 is number 0."""
    outcome = outcomes.get(row)
    if outcome is None:
        return "dropped"
    if isinstance(outcome, str):
        return "failed"
    true = answer(row - 1)
    return "right" if {name: outcome.get(name) for name in true} == true else "wrong"


def table(judgements: list[Judgement]) -> str:
    """As Markdown."""
    lines = [
        "| | right | failed, with a reason | silently wrong | dropped | exit code | calls "
        "| most for a row | before Retry-After | seconds |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.name} | {one.right:,} | {one.failed} | {one.wrong} | {one.dropped} | "
        f"{one.exit_code} | {one.calls:,} | {one.most_for_a_row} | {one.early} | "
        f"{one.seconds:.0f} |"
        for one in judgements
    ]
    return "\n".join(lines)


def main() -> int:
    """Print the table and the reasons; returns 1 where ours lost, doubted or faked a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--only", action="append", help="a name; may be repeated")
    options = parser.parse_args()
    half = [number for number in range(options.rows) if cut(number, 0)]
    always = sum(cut(number, 1) is not None for number in half)
    print(f"{options.rows:,} rows; {len(half)} with half an answer at first, {always} always")
    judgements = []
    for contestant in FIELD:
        if not options.only or contestant.name in options.only:
            judgements.append(judge(contestant, options.rows))
            print(f"  {judgements[-1]}", flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([asdict(one) for one in judgements], indent=1))
    print(table(judgements))
    mine = next((one for one in judgements if one.name == OURS.name), None)
    return int(mine is not None and bool(mine.wrong or mine.dropped))


if __name__ == "__main__":
    raise SystemExit(main())
