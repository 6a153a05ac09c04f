"""Schedules and what they did, in the merchant's words.

Plain functions over plain values: the moment and the time zone are handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from batch.schedule_runs import Run, RunStatus
from batch.schedule_task import Extraction, Task, Trigger
from batch.schedules import Schedule
from pages.parts import rhythm, words
from pages.parts.destination_words import CHOICES
from pages.parts.words import State

STATES: dict[RunStatus, State] = {
    RunStatus.DUE: State("Starting", "blue", ":material/autorenew:"),
    RunStatus.EXTRACTING: State("Extracting", "blue", ":material/autorenew:"),
    RunStatus.HELD: State("Held up", "orange", ":material/pause_circle:"),
    RunStatus.EXTRACTED: State("Delivering", "blue", ":material/autorenew:"),
    RunStatus.DELIVERING: State("Delivering", "blue", ":material/autorenew:"),
    RunStatus.DONE: State("Done", "green", ":material/check_circle:"),
    RunStatus.UNCHANGED: State("Nothing new", "gray", ":material/check:"),
    RunStatus.SKIPPED: State("Skipped", "gray", ":material/skip_next:"),
    RunStatus.FAILED: State("Failed", "red", ":material/error:"),
}


def when(schedule: Schedule) -> str:
    """What starts it: ``Every night at 02:00 (Europe/Berlin)``."""
    if schedule.timing is not None and schedule.trigger is Trigger.TIME:
        return words.begun(rhythm.told(schedule.timing))
    if schedule.timing is not None:
        return f"When a new catalog comes; looks {rhythm.looks(schedule.timing)}"
    of = schedule.task.of_catalogs
    jobs = f"a job over {of}" if of else "a job"
    if schedule.trigger is Trigger.JOB_APPROVED:
        return f"When nothing of {jobs} is left to review"
    return f"When {jobs} has ended" if of else "When any job has ended"


def what(task: Task, destinations: Mapping[str, str]) -> str:
    """What it does: ``takes shoes.csv, extracts 4 fields as in “Spring”, publishes to the chat``.

    Args:
        task: What it does.
        destinations: The names of destinations by their ids.
    """
    parts = []
    if task.extraction is not None:
        parts += [f"takes {shown_place(task.place)}", f"extracts {extracted(task.extraction)}"]
    if task.publish:
        parts.append("publishes to the chat")
    for one in task.outlets:
        name = destinations.get(one.destination_id)
        where = f"“{name}”" if name else "a destination that is gone"
        rows = CHOICES[one.choice]
        parts.append(f"delivers {rows[:1].lower()}{rows[1:]} to {where}")
    return words.begun(", ".join(parts))


def extracted(how: Extraction) -> str:
    """What is extracted: ``as in “Spring”``, ``the field set “Shoes”``."""
    if how.plan is None:
        return f"the field set “{how.saved_set}”"
    return f"as in “{how.like}”" if how.like else "fields of its own"


def shown_place(place: str) -> str:
    """Where a catalog comes from, without what may be secret in an address."""
    return place.partition("?")[0]


def last(run: Run, now: float, where: tzinfo) -> str:
    """When it ran last: ``Last run today at 02:00``."""
    return f"Last run {words.moment(run.started_at, now, where)}"


def coming(due: float, now: float, where: tzinfo) -> str:
    """A moment to come: ``tomorrow at 02:00``, ``Friday 27 November at 02:00``."""
    moment, today = datetime.fromtimestamp(due, where), datetime.fromtimestamp(now, where)
    days = (moment.date() - today.date()).days
    names = {0: "today", 1: "tomorrow"}
    day = names.get(days, f"{moment:%A} {moment.day} {moment:%B}")
    year = f" {moment.year}" if moment.year != today.year and days > 1 else ""
    return f"{day}{year} at {moment:%H:%M}"
