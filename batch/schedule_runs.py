"""What schedules did and do: one run each time that one is due, from its cause to its end.

A run is recorded once for its cause, whoever notices it first. Its status says what is
to be done next, so that whoever goes on with it needs nothing else; each change of it
is guarded by the status before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch.schedules import Schedule
from core import events
from core.db import Database, clock
from core.errors import ScheduleError
from core.events import EventKind
from core.schedule_tables import schedule_runs as table


class RunStatus(StrEnum):
    """How far a run is."""

    DUE = "due"  #: nothing of it is done yet
    EXTRACTING = "extracting"  #: its job is under way
    HELD = "held"  #: its job was stopped, and goes on when somebody resumes it
    EXTRACTED = "extracted"  #: its job has ended; its results are to be delivered
    DELIVERING = "delivering"  #: deliveries are under way
    DONE = "done"  #: everything was done
    UNCHANGED = "unchanged"  #: the catalog was the same as before, so nothing was to be done
    SKIPPED = "skipped"  #: the run before it was still going
    FAILED = "failed"  #: it could not be done, or not wholly


#: In these something is still to come.
OPEN = (
    RunStatus.DUE,
    RunStatus.EXTRACTING,
    RunStatus.HELD,
    RunStatus.EXTRACTED,
    RunStatus.DELIVERING,
)


@dataclass(frozen=True, slots=True)
class Run:
    """One time that a schedule did what it does.

    Attributes:
        cause: Names what started it.
        due_at: When that was, in seconds since the epoch.
        path: The catalog that was found.
        anyway: Whether it is done also with a catalog that is known.
        deliveries: The ids of its deliveries.
        incomplete: Whether some place could not be delivered to at all.
        said: What came of it, in words; empty where there is nothing to say yet.
    """

    id: str
    schedule_id: str
    cause: str
    due_at: float
    status: RunStatus
    path: str
    anyway: bool
    job_id: str | None
    deliveries: tuple[str, ...]
    incomplete: bool
    said: str
    started_at: float
    finished_at: float | None

    @property
    def open(self) -> bool:
        """Whether something is still to come."""
        return self.status in OPEN


def get(db: Database, run_id: str) -> Run:
    """One run.

    Raises:
        ScheduleError: There is none of this id.
    """
    found = _select(db, table.select().where(table.c.id == run_id))
    if not found:
        raise ScheduleError("This run is no longer there; its schedule may have been deleted.")
    return found[0]


def find(db: Database, run_id: str) -> Run | None:
    """One run; None where its schedule was deleted meanwhile."""
    found = _select(db, table.select().where(table.c.id == run_id))
    return found[0] if found else None


def under_way(db: Database) -> list[Run]:
    """All runs with something still to come, the oldest first."""
    return _select(
        db, table.select().where(table.c.status.in_(OPEN)).order_by(table.c.started_at, table.c.id)
    )


def history(db: Database, schedule_id: str, limit: int = 20) -> list[Run]:
    """The runs of a schedule, the newest first."""
    newest = (table.c.started_at.desc(), table.c.id)
    return _select(
        db, table.select().where(table.c.schedule_id == schedule_id).order_by(*newest).limit(limit)
    )


def latest(db: Database) -> dict[str, Run]:
    """The newest run of each schedule that has any."""
    rank = sa.func.row_number().over(
        partition_by=table.c.schedule_id, order_by=(table.c.started_at.desc(), table.c.id)
    )
    ranked = sa.select(table.c.id, rank.label("place")).subquery()
    newest = sa.select(ranked.c.id).where(ranked.c.place == 1)
    return {
        one.schedule_id: one for one in _select(db, table.select().where(table.c.id.in_(newest)))
    }


def last_due(db: Database, schedule: Schedule) -> float | None:
    """The latest due time of which a run was recorded."""
    query = sa.select(sa.func.max(table.c.due_at)).where(of(schedule), table.c.cause.like("at %"))
    with db.read() as connection:
        found = connection.execute(query).scalar()
    return None if found is None else float(found)


def went_well(db: Database, run: Run) -> bool:
    """Whether the run before this one, of those that were not skipped, did all that it should."""
    before = _before(db, run)
    return before is not None and before.status in (RunStatus.DONE, RunStatus.UNCHANGED)


def failed_so(db: Database, run: Run, said: str) -> bool:
    """Whether the run before this one failed in the same words."""
    before = _before(db, run)
    return before is not None and (before.status, before.said) == (RunStatus.FAILED, said)


def _before(db: Database, run: Run) -> Run | None:
    newest = (table.c.started_at.desc(), table.c.id)
    query = (
        table.select()
        .where(table.c.schedule_id == run.schedule_id, table.c.id != run.id)
        .where(table.c.status != RunStatus.SKIPPED, table.c.started_at <= run.started_at)
        .order_by(*newest)
        .limit(1)
    )
    return next(iter(_select(db, query)), None)


def move(
    db: Database,
    run: Run,
    status: RunStatus,
    said: str = "",
    *,
    failed: bool = False,
    **values: Any,
) -> bool:
    """Take a run to its next status; returns whether nobody else had taken it on before.

    Args:
        run: As it was when that was decided.
        status: The next one.
        said: What came of it.
        failed: Whether that is worth telling of as a failure.
        values: What else is noted.
    """
    with db.write() as connection:
        return move_within(connection, run, status, said, failed=failed, **values)


def move_within(
    connection: Connection,
    run: Run,
    status: RunStatus,
    said: str = "",
    *,
    failed: bool = False,
    **values: Any,
) -> bool:
    """The same, in a transaction that does more."""
    moment = clock(connection)
    ended = {} if status in OPEN else {"finished_at": moment}
    change = {"status": status, "said": said} | ended | values
    same = sa.and_(table.c.id == run.id, table.c.status == run.status)
    moved = connection.execute(table.update().where(same).values(change)).rowcount == 1
    if moved and failed:
        details = {"reason": said, "run": run.id}
        events.record(connection, EventKind.SCHEDULE_FAILED, run.schedule_id, details)
    return moved


def drop(db: Database, run: Run) -> None:
    """Forget a run that has turned out to have no reason."""
    with db.write() as connection:
        connection.execute(table.delete().where(table.c.id == run.id, table.c.status == run.status))


def of(schedule: Schedule) -> sa.ColumnElement[bool]:
    """Condition on the table of runs: those of a schedule."""
    return table.c.schedule_id == schedule.id


def _select(db: Database, query: sa.Select[Any]) -> list[Run]:
    with db.read() as connection:
        return [_run(row) for row in connection.execute(query).mappings()]


def _run(row: RowMapping) -> Run:
    same = {name: row[name] for name in Run.__dataclass_fields__}
    kept: Sequence[str] = row["deliveries"]
    return Run(**same | {"status": RunStatus(row["status"]), "deliveries": tuple(kept)})
