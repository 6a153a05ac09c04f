"""A few rows extracted while a person waits, in the chat lane."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial

from batch.asking import Work, ask_at_once
from batch.columns import Columns
from batch.extract import Extraction, Outcome
from batch.inputs import Inputs
from batch.plan import Plan
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
) -> Generator[Outcome, None, None]:
    """Extract rows, each given back as soon as it is ready.

    Raises:
        ModelError: The endpoint refuses every row.
        ServiceError: The embedded model has not been started.
    """
    attempts = min(ATTEMPTS, lane.pool.settings.row_attempts)
    extraction, inputs = Extraction(columns, plan, attempts=attempts), Inputs(columns, plan)
    works: list[Work[Outcome]] = [
        partial(extraction.extract, item=inputs.of(number, row)) for number, row in rows
    ]
    with closing(ask_at_once(lane, works)) as ready:
        for outcomes in ready:
            with db.write() as connection:
                record(connection, (call for one in outcomes for call in one.calls))
            yield from outcomes
