"""``python -m batch schedules``: what happens by itself, from a shell."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console

from batch import schedule_runs, schedule_starts, schedules, timing
from batch.schedule_runs import Run
from batch.schedule_task import Trigger
from batch.schedules import Schedule
from core.console import Listing, opened, print_json, say
from core.errors import ScheduleError

app = typer.Typer(no_args_is_help=True, help="What happens by itself: list, run, pause, resume.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A schedule's name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
_TRIGGERS = {
    Trigger.TIME: "",
    Trigger.CATALOG: "a new catalog, looked for ",
    Trigger.JOB_DONE: "the end of a job",
    Trigger.JOB_APPROVED: "a job is reviewed",
}


@app.command("list")
def list_schedules(as_json: AsJson = False) -> None:
    """List the schedules with their last and next runs."""
    with opened() as (_, db):
        found, newest = schedules.listing(db), schedule_runs.latest(db)
        if as_json:
            print_json([_summary(one, newest.get(one.id)) for one in found])
            return
        table = Listing("Name", "Starts", "On", "Last run", "Result", "Next")
        for one in found:
            table.add_row(*_cells(one, newest.get(one.id)))
        Console().print(table if found else "There are no schedules yet.")


@app.command()
def run(name: Name) -> None:
    """Have a schedule do now what it does; the worker takes it up."""
    with opened() as (_, db):
        one = schedules.by_name(db, name)
        begun = schedule_starts.now(db, one)
        say(f"“{one.name}” will start as soon as a worker is there: run {begun.id}")


@app.command()
def pause(name: Name) -> None:
    """Switch a schedule off; what is under way comes to its end."""
    with opened() as (_, db):
        one = schedules.pause(db, schedules.by_name(db, name).id)
        say(f"“{one.name}” is paused. What comes due meanwhile is not caught up on.")


@app.command()
def resume(name: Name) -> None:
    """Switch a schedule on again."""
    with opened() as (_, db):
        one = schedules.resume(db, schedules.by_name(db, name).id)
        due = one.next_due(time.time())
        say(f"“{one.name}” is on again.{f' Next: {_moment(one, due)}' if due else ''}")


@app.command("next")
def next_times(
    name: Name,
    count: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 5,
    as_json: AsJson = False,
) -> None:
    """Say when a schedule is due next."""
    with opened() as (_, db):
        one = schedules.by_name(db, name)
        if one.timing is None:
            raise ScheduleError(f"“{one.name}” is not started by a time: {_TRIGGERS[one.trigger]}.")
        due = list(islice(timing.following(one.timing, time.time()), count))
        if as_json:
            print_json([_moment(one, at) for at in due])
            return
        for at in due:
            typer.echo(_moment(one, at))
        if not one.enabled:
            say("It is paused: nothing will start.")


def _cells(one: Schedule, newest: Run | None) -> tuple[str, ...]:
    due = one.next_due(time.time())
    return (
        one.name,
        _starts(one),
        "yes" if one.enabled else "paused",
        _moment(one, newest.started_at) if newest else "never",
        _result(one, newest),
        _moment(one, due) if due else "",
    )


def _starts(one: Schedule) -> str:
    when = f"{timing.told(one.timing)} ({one.timing.zone})" if one.timing else ""
    return f"{_TRIGGERS[one.trigger]}{when}"


def _result(one: Schedule, newest: Run | None) -> str:
    if one.trouble:
        return one.trouble
    return f"{newest.status}: {newest.said}".rstrip(": ") if newest else ""


def _moment(one: Schedule, at: float) -> str:
    """A moment by the clock of the schedule's place, else of this machine."""
    place = one.timing.place if one.timing else None
    return datetime.fromtimestamp(at, place).astimezone(place).isoformat(" ", "minutes")


def _summary(one: Schedule, newest: Run | None) -> dict[str, Any]:
    due = one.next_due(time.time())
    return {
        "schedule": one.id,
        "name": one.name,
        "trigger": one.trigger,
        "cron": one.timing.cron if one.timing else None,
        "zone": one.timing.zone if one.timing else None,
        "enabled": one.enabled,
        "trouble": one.trouble,
        "last_run": _moment(one, newest.started_at) if newest else None,
        "last_status": newest.status if newest else None,
        "last_said": newest.said if newest else None,
        "last_job": newest.job_id if newest else None,
        "next_run": _moment(one, due) if due else None,
    }
