"""The manners of ours and others when they are turned away, judged by a server nobody here wrote.

``python -m benchmarks.manners [--only NAME]``. llmock (https://pypi.org/project/llmock)
plays each scenario to each contestant, sees when it comes back, and gives its
verdict: FAIL for a Retry-After that was ignored, for an error that no retry
can mend and that was retried, and for more than ten tries at one call; a
warning for giving up at once or coming back without a pause.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass

from llmock.pytest_plugin import LLMock
from llmock.scenarios import Reply
from llmock.testing import LLMockServer

from benchmarks.faults import FIELD
from benchmarks.peers import contestants, ours
from benchmarks.peers.contestants import CURATOR, DOCETL, OURS, Contestant
from benchmarks.peers.task import Outcome
from core.settings import PROJECT

OUT = PROJECT / "benchmarks" / "out" / "manners.json"
#: It can be told even where somebody has repaired it.
HALF_BRAND = "half an answer"
HALF = f'{{"brand": "{HALF_BRAND}", "color": "gre'
ROWS = 20

Scenario = Callable[[LLMock], object]
SCENARIOS: dict[str, tuple[int, Scenario]] = {
    "429 five times, Retry-After 4 s": (ROWS, lambda mock: mock.rate_limit(times=5, retry_after=4)),
    "a limit of 120 requests a minute": (140, lambda mock: mock.limits(rpm=120)),
    "500 ten times, nothing said": (ROWS, lambda mock: mock.fail(500, times=10)),
    "503 five times, Retry-After 4 s": (ROWS, lambda mock: mock.fail(503, times=5, retry_after=4)),
    "503 forty times, Retry-After 1 s": (ROWS, lambda mock: mock.fail(503, times=40)),
    "401 for ever": (ROWS, lambda mock: mock.fail(401, times=None)),
    "400 twice": (ROWS, lambda mock: mock.fail(400, times=2)),
    "half an answer five times": (ROWS, lambda mock: mock.reply(HALF, times=5)),
    "the same, said length": (
        ROWS,
        lambda mock: mock.add(Reply(text=HALF, finish_reason="length", times=5)),
    ),
}


@dataclass(frozen=True)
class Verdict:
    """What the server says, and what became of the rows.

    Attributes:
        errors: Findings that fail, by code, with how many calls they concern.
        warnings: The others.
        whole: Rows with the values of a whole answer.
        half: Rows with what could be read of half an answer.
        failed: Rows with a reason.
        dropped: Rows of which there is nothing.
    """

    scenario: str
    name: str
    errors: dict[str, int]
    warnings: dict[str, int]
    attempts: int
    exit_code: int | None
    whole: int
    half: int
    failed: int
    dropped: int

    def __str__(self) -> str:
        """In a word, with what was found."""
        word = "FAIL" if self.errors else "pass"
        found = (self.errors | self.warnings).items()
        return " ".join([word, *(f"{code}×{count}" for code, count in found)])


def judge(server: LLMockServer, scenario: str, contestant: Contestant) -> Verdict:
    """One scenario, played to one contestant."""
    rows, play = SCENARIOS[scenario]
    mock = LLMock(server).reset()
    play(mock)
    task = contestants.task(mock.base_url(), rows)
    if contestant is OURS:
        run = ours.from_the_shell(task)
    else:
        run = contestants.run(contestant, task, timeout_s=600)
    verdict = mock.verdict()
    outcomes = run.report.outcomes if run.report else {}
    kinds = Counter(_kind(outcomes.get(row)) for row in task.messages)
    return Verdict(
        scenario,
        contestant.name,
        dict(Counter(one.code for one in verdict.errors)),
        dict(Counter(one.code for one in verdict.warnings)),
        verdict.attempts,
        run.exit_code,
        kinds["whole"],
        kinds["half"],
        kinds["failed"],
        kinds["dropped"],
    )


def _kind(outcome: Outcome | None) -> str:
    if outcome is None:
        return "dropped"
    if isinstance(outcome, str):
        return "failed"
    return "half" if outcome.get("brand") == HALF_BRAND else "whole"


def table(verdicts: list[Verdict]) -> str:
    """Scenarios down, contestants across, as Markdown."""
    names = list(dict.fromkeys(one.name for one in verdicts))
    lines = ["| | " + " | ".join(names) + " |", "|---" * (1 + len(names)) + "|"]
    for scenario in dict.fromkeys(one.scenario for one in verdicts):
        cells = {one.name: _cell(one) for one in verdicts if one.scenario == scenario}
        lines.append(f"| {scenario} | " + " | ".join(cells[name] for name in names) + " |")
    return "\n".join(lines)


def _cell(one: Verdict) -> str:
    counts = {"failed": one.failed, "half": one.half, "dropped": one.dropped}
    rows = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{one} ({rows or 'all rows'}; {one.attempts} calls; exit {one.exit_code})"


def main() -> int:
    """Print the verdicts; returns 1 where ours did not pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a contestant; may be repeated")
    parser.add_argument("--scenario", action="append", help="may be repeated")
    options = parser.parse_args()
    field = [one for one in FIELD if one not in (CURATOR, DOCETL)]
    field = [one for one in field if not options.only or one.name in options.only]
    verdicts: list[Verdict] = []
    with LLMockServer() as server:
        for scenario in options.scenario or SCENARIOS:
            for contestant in field:
                verdicts.append(judge(server, scenario, contestant))
                last = verdicts[-1]
                print(f"  {scenario}: {last.name}: {_cell(last)}", flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([asdict(one) for one in verdicts], indent=1))
    print(table(verdicts))
    mine = [one for one in verdicts if one.name == OURS.name]
    return int(any(one.errors or one.half or one.dropped for one in mine))


if __name__ == "__main__":
    raise SystemExit(main())
