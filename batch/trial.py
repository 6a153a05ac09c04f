"""A few rows extracted while a person looks on."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial

from batch.asking import Work, ask_at_once
from batch.columns import Columns
from batch.extract import Extraction, Outcome
from batch.inputs import Inputs
from batch.plan import Plan
from batch.taught import open_lessons
from core.chat_lane import ChatLane
from core.db import Database
from core.usage import record

#: A person sees what is wrong after two tries, not after five.
ATTEMPTS = 2


def try_rows(
    db: Database,
    lane: ChatLane,
    columns: Columns,
    plan: Plan,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    *,
    only: str | None = None,
    waiting: bool = True,
    beat_s: float | None = None,
) -> Generator[Outcome | None, None, None]:
    """Extract rows, each given back as soon as it is ready.

    Args:
        db: Where the calls are noted.
        lane: The way to the models.
        columns: What is read of each row.
        plan: What is asked for.
        rows: The rows, by their numbers.
        only: The one endpoint to ask, where nobody waits; None: any.
        waiting: Whether a person waits for them; else shoppers come first.
        beat_s: Yield None after so long without a result.

    Raises:
        ModelError: The endpoint refuses every row.
        ServiceError: The embedded model has not been started.
    """
    attempts = min(ATTEMPTS, lane.pool.settings.row_attempts)
    extraction = Extraction(columns, plan, attempts=attempts, endpoint=only)
    items = Inputs(columns, plan, open_lessons(lane.pool.settings, db)).all(rows)
    works: list[Work[Outcome]] = [partial(extraction.extract, item=item) for item in items]
    with closing(ask_at_once(lane, works, waiting=waiting, beat_s=beat_s)) as ready:
        for outcomes in ready:
            if not outcomes:
                yield None
                continue
            with db.write() as connection:
                record(connection, (call for one in outcomes for call in one.calls))
            yield from outcomes
