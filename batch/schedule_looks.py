"""What happens when a time has come: a run is recorded, or new catalogs are looked for."""

from __future__ import annotations

import time
from collections.abc import Sequence

from batch import schedule_runs, schedule_starts, schedules, timing
from batch.catalog_offer import Offer
from batch.catalog_places import place
from batch.schedule_runs import Run
from batch.schedule_seen import Seen
from batch.schedule_task import Trigger
from batch.schedules import Schedule
from core.db import Database
from core.errors import ShopkeeperError
from core.settings import Settings


def come_due(settings: Settings, db: Database, schedule_id: str, at: float) -> None:
    """A time has come: record a run, or look for a new catalog.

    Args:
        settings: Name the folder for imports.
        db: Our tables.
        schedule_id: Whose time it is.
        at: The time, in seconds since the epoch.
    """
    schedule = schedules.find(db, schedule_id)
    if schedule is None or schedule.timing is None or not schedule.enabled:
        return
    if schedule.trigger is Trigger.CATALOG:
        look(settings, db, schedule)
    elif timing.is_due(schedule.timing, at):
        schedule_starts.begin(db, schedule, schedule_starts.at_time(at))


def look(settings: Settings, db: Database, schedule: Schedule) -> Run | None:
    """Look for a new catalog; the oldest of them gets a run, the others have theirs after it."""
    if any(one.schedule_id == schedule.id for one in schedule_runs.under_way(db)):
        return None
    try:
        offers = place(settings, schedule.task.place).offers()
    except ShopkeeperError as error:
        schedules.note_trouble(db, schedule, error.message)
        return None
    schedules.note_trouble(db, schedule, "")
    new = _new(db, schedule, [one for one in offers if one.settled])
    if not new:
        return None
    oldest = min(new, key=lambda one: (one.changed_at, one.path))
    # Where nothing tells of a change, each look is a reason to read the file.
    told = oldest.mark or str(time.time_ns())
    cause = schedule_starts.by_catalog(oldest.path, told, oldest.changed_at or time.time())
    return schedule_starts.begin(db, schedule, cause)


def _new(db: Database, schedule: Schedule, offers: Sequence[Offer]) -> list[Offer]:
    """What was not taken yet; of what was there before the schedule, the newest alone."""
    seen = Seen(schedule.seen)
    if seen.never_looked:
        seen = seen.looked()
        for one in [one for one in offers if one.changed_at <= schedule.created_at][1:]:
            seen = seen.with_one(one.path, one.mark, "")
        with db.write() as connection:
            schedules.note_seen(connection, schedule.id, seen.kept)
    return [one for one in offers if not seen.has_mark(one.path, one.mark)]
