"""Reads the rows that an estimate is judged by: in the background, where shoppers come first."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import closing

from batch import estimated
from batch.columns import Columns
from batch.extract import Outcome
from batch.inputs import Inputs
from batch.memory import models
from batch.plan import Plan
from batch.table import read_rows
from batch.taught import open_lessons
from batch.trial import try_rows
from batch.uploads import table_path
from core.chat_lane import ChatLane
from core.db import Database


def read_sample(
    db: Database,
    lane: ChatLane,
    upload_id: str,
    columns: Columns,
    plan: Plan,
    numbers: Sequence[int],
    *,
    only: str | None = None,
    beat_s: float | None = None,
) -> Generator[Outcome | None, None, None]:
    """Read rows, and keep what comes of them for the job: those read before cost nothing.

    Args:
        db: Our tables.
        lane: The way to the models.
        upload_id: The catalog.
        columns: What is read of each row.
        plan: What is asked for.
        numbers: The rows, ascending.
        only: The one endpoint to ask; None: any that serves jobs.
        beat_s: Yield None after so long without a result.

    Raises:
        CatalogError: The stored catalog is missing or damaged.
        ModelError: The endpoint refuses every row.
        ServiceError: The embedded model has not been started.
    """
    settings = lane.pool.settings
    rows = list(read_rows(table_path(settings, upload_id), numbers))
    items = Inputs(columns, plan, open_lessons(settings, db)).all(rows)
    with db.read() as connection:
        answering = models(lane.pool.roster.endpoints(), only)
        kept = estimated.find(connection, {item.key for item in items}, answering)
    yield from (estimated.outcome(kept[item.key], item) for item in items if item.key in kept)
    missing: Collection[int] = {item.row_no for item in items if item.key not in kept}
    left = [(number, row) for number, row in rows if number in missing]
    read = try_rows(db, lane, columns, plan, left, only=only, waiting=False, beat_s=beat_s)
    with closing(read):
        for outcome in read:
            if outcome is not None:
                estimated.keep(db, [outcome])
            yield outcome
