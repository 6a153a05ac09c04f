"""What starts a run of a schedule: each cause once, and no run while another is under way."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch import schedule_runs
from batch.schedule_runs import OPEN, Run, RunStatus
from batch.schedules import Schedule
from core.db import Database, clock
from core.errors import ScheduleError
from core.events import Event
from core.schedule_tables import schedule_runs as table
from core.schedule_tables import schedules

#: So many runs of each schedule are kept.
KEPT = 200


@dataclass(frozen=True, slots=True)
class Cause:
    """What starts a run.

    Attributes:
        name: The same whenever the same thing is noticed.
        due_at: When it happened, in seconds since the epoch.
        path: The catalog that was found, if that is what happened.
        job_id: The job that ended or was approved, if that is what happened.
        anyway: Whether the run is done also with a catalog that is known.
    """

    name: str
    due_at: float
    path: str = ""
    job_id: str | None = None
    anyway: bool = False


def at_time(due_at: float) -> Cause:
    """The cause that a time has come."""
    return Cause(f"at {due_at:.0f}", due_at)


def by_catalog(path: str, told: str, at: float) -> Cause:
    """The cause that a new catalog was found.

    Args:
        path: Names it at its place.
        told: What tells it from what was there before.
        at: When it came, in seconds since the epoch.
    """
    digest = hashlib.sha256(f"{path}\n{told}".encode()).hexdigest()[:40]
    return Cause(f"found {digest}", at, path=path)


def by_event(event: Event) -> Cause:
    """The cause that something happened to a job."""
    return Cause(f"event {event.id}", event.at, job_id=event.subject)


def begin(db: Database, schedule: Schedule, cause: Cause) -> Run | None:
    """Record a run, unless it was before or the schedule is off or gone.

    A run whose job was stopped is given up for it. While another one is going,
    it is recorded as skipped.
    """
    with db.write() as connection:
        # One after the other: two could each see no other run under way.
        on = sa.select(schedules.c.id).where(schedules.c.id == schedule.id, schedules.c.enabled)
        if connection.execute(on.with_for_update()).first() is None:
            return None
        known = sa.select(table.c.id).where(schedule_runs.of(schedule), table.c.cause == cause.name)
        if connection.execute(known).first() is not None:
            return None
        going = _going(connection, schedule) if cause.job_id is None else None
        run_id = _record(connection, schedule, cause, going)
        _forget(connection, schedule)
    return schedule_runs.get(db, run_id)


def now(db: Database, schedule: Schedule) -> Run:
    """Record a run since somebody wants it now, also of a schedule that is off.

    Raises:
        ScheduleError: The schedule is gone, cannot do without a job, or is at it already.
    """
    if not schedule.trigger.extracts:
        raise ScheduleError(f"“{schedule.name}” follows jobs: it starts when one of them ends.")
    with db.write() as connection:
        there = sa.select(schedules.c.id).where(schedules.c.id == schedule.id).with_for_update()
        if connection.execute(there).first() is None:
            raise ScheduleError("This schedule is no longer there; it may have been deleted.")
        if _going(connection, schedule) is not None:
            raise ScheduleError(f"“{schedule.name}” is at it already: wait for its end.")
        moment = clock(connection)
        cause = Cause(f"asked {secrets.token_hex(8)}", moment, anyway=True)
        run_id = _record(connection, schedule, cause, None)
        _forget(connection, schedule)
    return schedule_runs.get(db, run_id)


def _record(
    connection: Connection, schedule: Schedule, cause: Cause, going: RowMapping | None
) -> str:
    run_id, moment = f"r{secrets.token_hex(5)}", clock(connection)
    row: dict[str, Any] = {
        "id": run_id,
        "schedule_id": schedule.id,
        "cause": cause.name,
        "due_at": cause.due_at,
        "path": cause.path,
        "anyway": cause.anyway,
        "job_id": cause.job_id,
        "deliveries": [],
        "incomplete": False,
        "status": RunStatus.EXTRACTED if cause.job_id else RunStatus.DUE,
        "said": "",
        "started_at": moment,
        "finished_at": None,
    }
    if going is not None:
        said = "The run before it was still going."
        row |= {"status": RunStatus.SKIPPED, "said": said, "finished_at": moment}
    connection.execute(table.insert().values(row))
    return run_id


def _going(connection: Connection, schedule: Schedule) -> RowMapping | None:
    """The run that is under way; one whose job was stopped is given up instead."""
    held = table.update().where(schedule_runs.of(schedule), table.c.status == RunStatus.HELD)
    given_up = {"status": RunStatus.FAILED, "finished_at": clock(connection)}
    connection.execute(held.values(given_up))
    under_way = table.select().where(schedule_runs.of(schedule), table.c.status.in_(OPEN)).limit(1)
    return connection.execute(under_way).mappings().first()


def _forget(connection: Connection, schedule: Schedule) -> None:
    """Keep the newest runs only."""
    newest = (table.c.started_at.desc(), table.c.id)
    old = (
        sa.select(table.c.id)
        .where(schedule_runs.of(schedule))
        .order_by(*newest)
        .offset(KEPT)
        .limit(KEPT)
    )
    ended = table.c.status.not_in(OPEN)
    connection.execute(table.delete().where(table.c.id.in_(old.subquery().select()), ended))
