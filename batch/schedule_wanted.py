"""A schedule as somebody describes it, and whether it can be kept so.

Knows no table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batch import timing
from batch.schedule_task import Task, Trigger
from batch.timing import Timing
from core.errors import ScheduleError

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Wanted:
    """A schedule as somebody describes it."""

    name: str
    trigger: Trigger
    task: Task
    cron: str = ""
    zone: str = "UTC"


def checked(wanted: Wanted) -> dict[str, Any]:
    """What of it is stored.

    Raises:
        ScheduleError: It cannot be kept so; the message says why.
    """
    name = " ".join(wanted.name.split())
    if not name or len(name) > MAX_NAME:
        raise ScheduleError(f"Give the schedule a name of up to {MAX_NAME} characters.")
    task = wanted.task
    if wanted.trigger.extracts:
        when = timing.checked(wanted.cron, wanted.zone)
        if not task.place.strip() or task.extraction is None:
            raise ScheduleError("Say which catalog it takes, and what is extracted from it.")
        if task.extraction.plan is None and not task.extraction.saved_set:
            raise ScheduleError("Say what is extracted: as an earlier job did, or a saved set.")
    else:
        when = Timing("", "UTC")
        if not task.outlets and not task.publish:
            raise ScheduleError(
                "Say what is to happen: choose a destination, or publish to the chat."
            )
    return {
        "name": name,
        "trigger": wanted.trigger,
        "cron": when.cron,
        "zone": when.zone,
        "task": task.model_dump(mode="json"),
    }
