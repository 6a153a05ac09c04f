"""Schedules: what happens by itself, and when; made, changed, switched on and off, listed.

These tables are the truth: the worker keeps the engine's scheduler in step with them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from batch import timing
from batch.schedule_task import Task, Trigger
from batch.schedule_wanted import Wanted, checked
from batch.timing import Timing
from core import events
from core.db import Database, clock
from core.errors import ScheduleError
from core.events import EventKind
from core.schedule_tables import schedules as table


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something that happens by itself.

    Attributes:
        timing: When it is due, or looks for a new catalog; None where jobs start it.
        version: Raised with every change.
        seen: The catalogs that it has taken: path to mark and digest.
        trouble: What keeps it from looking for a new catalog; empty where nothing does.
        since: When it was last switched on or given another time.
    """

    id: str
    name: str
    trigger: Trigger
    timing: Timing | None
    task: Task
    enabled: bool
    version: int
    seen: Mapping[str, Any]
    trouble: str
    since: float
    created_at: float
    updated_at: float

    def next_due(self, now: float) -> float | None:
        """When it is due next; None where that is not a matter of time, or it is off."""
        if self.timing is None or not self.enabled:
            return None
        return next(timing.following(self.timing, now), None)


def create(db: Database, wanted: Wanted) -> Schedule:
    """Record a schedule; it is on at once.

    Raises:
        ScheduleError: It cannot be kept so; the message says why.
    """
    schedule_id = f"s{secrets.token_hex(5)}"
    values = checked(wanted) | {"id": schedule_id, "enabled": True, "version": 1, "seen": {}}
    with _unique(wanted.name), db.write() as connection:
        now = clock(connection)
        moments = dict.fromkeys(("since", "created_at", "updated_at"), now)
        connection.execute(table.insert().values(values | moments))
    return get(db, schedule_id)


def change(db: Database, schedule: Schedule, wanted: Wanted) -> Schedule:
    """Describe a schedule anew; what it did before stays recorded.

    Raises:
        ScheduleError: It cannot be kept so, is gone, or somebody else has changed it meanwhile.
    """
    values = checked(wanted)
    if _takes_anew(schedule, wanted):
        values |= {"seen": {}, "trouble": ""}
    with _unique(wanted.name), db.write() as connection:
        now = clock(connection)
        if schedule.timing is None or (values["cron"], values["zone"]) != (
            schedule.timing.cron,
            schedule.timing.zone,
        ):
            values["since"] = now
        values |= {"version": schedule.version + 1, "updated_at": now}
        same = sa.and_(table.c.id == schedule.id, table.c.version == schedule.version)
        if not connection.execute(table.update().where(same).values(values)).rowcount:
            raise ScheduleError(
                f"“{schedule.name}” was changed or deleted by somebody else meanwhile. "
                "Look at it again, then make your change."
            )
    return get(db, schedule.id)


def pause(db: Database, schedule_id: str) -> Schedule:
    """Switch it off: nothing starts any more; what is under way comes to its end."""
    return _switch(db, schedule_id, enabled=False)


def resume(db: Database, schedule_id: str) -> Schedule:
    """Switch it on again; what was due meanwhile is not caught up on."""
    return _switch(db, schedule_id, enabled=True)


def delete(db: Database, schedule_id: str) -> None:
    """Remove it with its record; jobs that it has begun stay.

    Raises:
        ScheduleError: There is none.
    """
    with db.write() as connection:
        if not connection.execute(table.delete().where(table.c.id == schedule_id)).rowcount:
            raise _missing()


def get(db: Database, schedule_id: str) -> Schedule:
    """One schedule.

    Raises:
        ScheduleError: There is none of this id.
    """
    found = find(db, schedule_id)
    if found is None:
        raise _missing()
    return found


def find(db: Database, schedule_id: str) -> Schedule | None:
    """One schedule; None where it is gone."""
    found = _select(db, table.c.id == schedule_id)
    return found[0] if found else None


def by_name(db: Database, name: str) -> Schedule:
    """The schedule of this name, or of this id.

    Raises:
        ScheduleError: There is none; the message says which there are.
    """
    every = listing(db)
    for one in every:
        if name.casefold() in (one.name.casefold(), one.id):
            return one
    there = ", ".join(f"“{one.name}”" for one in every) or "none yet"
    raise ScheduleError(f"There is no schedule “{name}”. There are: {there}.")


def listing(db: Database) -> list[Schedule]:
    """Every schedule, by name."""
    return sorted(_select(db, sa.true()), key=lambda one: one.name.casefold())


def started_by(db: Database, trigger: Trigger) -> list[Schedule]:
    """The schedules that are on and started by this."""
    return _select(db, sa.and_(table.c.trigger == trigger, table.c.enabled))


def note_seen(connection: Connection, schedule_id: str, seen: Mapping[str, Any]) -> None:
    """Keep which catalogs a schedule has taken."""
    connection.execute(table.update().where(table.c.id == schedule_id).values(seen=dict(seen)))


def note_trouble(db: Database, schedule: Schedule, trouble: str) -> None:
    """Keep what prevents it from looking for a new catalog; told of once, until it is over."""
    if trouble == schedule.trouble:
        return
    other = sa.and_(table.c.id == schedule.id, table.c.trouble != trouble)
    with db.write() as connection:
        noted = connection.execute(table.update().where(other).values(trouble=trouble))
        if noted.rowcount and trouble:
            details = {"reason": trouble}
            events.record(connection, EventKind.SCHEDULE_FAILED, schedule.id, details)


def _takes_anew(schedule: Schedule, wanted: Wanted) -> bool:
    """Whether catalogs that are known are to be taken again."""
    before, after = schedule.task, wanted.task
    if wanted.trigger is Trigger.CATALOG:
        return before.place != after.place
    return (before.place, before.extraction) != (after.place, after.extraction)


def _switch(db: Database, schedule_id: str, *, enabled: bool) -> Schedule:
    with db.write() as connection:
        now = clock(connection)
        values: dict[str, Any] = {"enabled": enabled, "version": table.c.version + 1}
        values |= {"updated_at": now} | ({"since": now} if enabled else {})
        other = sa.and_(table.c.id == schedule_id, table.c.enabled != enabled)
        connection.execute(table.update().where(other).values(values))
    return get(db, schedule_id)


@contextmanager
def _unique(name: str) -> Iterator[None]:
    """Say so when another schedule has the same name."""
    try:
        yield
    except IntegrityError as error:
        raise ScheduleError(
            f"There is a schedule “{' '.join(name.split())}” already. Choose another name."
        ) from error


def _missing() -> ScheduleError:
    return ScheduleError("This schedule is no longer there; it may have been deleted.")


def _select(db: Database, condition: sa.ColumnElement[bool]) -> list[Schedule]:
    with db.read() as connection:
        found: Sequence[RowMapping] = (
            connection.execute(table.select().where(condition)).mappings().all()
        )
    return [_schedule(row) for row in found]


def _schedule(row: RowMapping) -> Schedule:
    names = ("id", "name", "enabled", "version", "seen", "trouble", "since")
    return Schedule(
        **{name: row[name] for name in names},
        trigger=Trigger(row["trigger"]),
        timing=Timing(row["cron"], row["zone"]) if row["cron"] else None,
        task=Task.model_validate(row["task"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
