"""How far a long task of a child process is, told through a file in the home.

A file and not the database: it is read by the terminal that started us, before
and beside everything else, and losing it costs nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.files import write_atomically
from core.settings import Settings


class Task(StrEnum):
    """A task that reports its progress."""

    INDEX = "progress"  #: the search index is being filled
    MODEL = "progress-model"  #: the embedded model is being fetched


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is.

    Attributes:
        label: What is being done, in the merchant's words.
        done: Units done; the unit is the task's own (products, bytes).
        total: Units in all; 0 when not known yet.
    """

    label: str
    done: int
    total: int

    @property
    def fraction(self) -> float:
        """Share done, 0.0 to 1.0."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0


def report(
    settings: Settings, label: str, done: int, total: int, *, task: Task = Task.INDEX
) -> None:
    """Publish the state of a task; cheap enough for once a batch, not once a row.

    Raises:
        ServiceError: The home cannot be written.
    """
    state = {"done": done, "total": total, "label": label}
    write_atomically(_path(settings, task), json.dumps(state))


def read(settings: Settings, *, task: Task = Task.INDEX) -> Progress | None:
    """The last published state, or None when the task is not running."""
    try:
        stored = json.loads(_path(settings, task).read_text(encoding="utf-8"))
        return Progress(str(stored["label"]), int(stored["done"]), int(stored["total"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def clear(settings: Settings, *, task: Task = Task.INDEX) -> None:
    """Say that the task is over; harmless when nothing was published."""
    _path(settings, task).unlink(missing_ok=True)


def _path(settings: Settings, task: Task) -> Path:
    return settings.run / f"{task}.json"
