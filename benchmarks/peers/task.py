"""What every contestant is given, and what it hands back.

Also imported by contestants in environments of their own, so it needs nothing
but Python itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Values by field name, or in words why the row failed.
Outcome = dict[str, Any] | str
#: Takes every row through the model.
Work = Callable[[], Mapping[int, Outcome]]


@dataclass(frozen=True)
class Task:
    """Rows to be taken through a model.

    Attributes:
        url: The endpoint's base URL.
        slots: Calls at the same time.
        attempts: How often a row is tried before it is given up.
        schema: JSON schema of an answer.
        messages: The chat messages of each row, by its 1-based number.
    """

    url: str
    slots: int
    attempts: int
    schema: dict[str, Any]
    messages: dict[int, list[dict[str, str]]]

    @property
    def response_format(self) -> dict[str, Any]:
        """The schema, as an endpoint is told it."""
        form = {"name": "row", "schema": self.schema}
        return {"type": "json_schema", "json_schema": form}

    def dump(self, path: Path) -> None:
        """Write it as a file."""
        path.write_text(json.dumps(asdict(self)))


@dataclass(frozen=True)
class Report:
    """What a contestant has done; times in seconds since the epoch.

    Attributes:
        began_at: When it was ready, before its first row.
        ended_at: When it had every row that it was going to have.
        outcomes: By row number; a row that is not there was dropped.
    """

    began_at: float
    ended_at: float
    outcomes: dict[int, Outcome]

    def dump(self, path: Path) -> None:
        """Write it as a file."""
        path.write_text(json.dumps(asdict(self)))


def load_task(path: Path) -> Task:
    """Read a task."""
    given = json.loads(path.read_text())
    given["messages"] = {int(row): messages for row, messages in given["messages"].items()}
    return Task(**given)


def load_report(path: Path) -> Report:
    """Read a report."""
    given = json.loads(path.read_text())
    given["outcomes"] = {int(row): outcome for row, outcome in given["outcomes"].items()}
    return Report(**given)


def take_part(prepare: Callable[[Task], Work]) -> None:
    """A contestant's ``main``: the task is the first argument, the report goes to the second.

    Args:
        prepare: What is done once, before the clock starts.
    """
    work = prepare(load_task(Path(sys.argv[1])))
    began_at = time.time()
    outcomes = dict(work())
    Report(began_at, time.time(), outcomes).dump(Path(sys.argv[2]))


def failure(error: BaseException) -> str:
    """Why a row failed, in a line that is never empty."""
    return f"{type(error).__name__}: {error}"[:300]
