"""Measures extraction against products whose values are known.

The rows go the way that those of a job go: the same prompt, lane, reading and
grounding. Nothing is stored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from batch.columns import Columns
from batch.extract import Extraction, Outcome
from batch.fields import FieldSet
from batch.golden import KIND, TEXT, Golden, as_demonstrations, golden_row
from batch.inputs import Input, Inputs, in_prompt_order
from batch.lessons import Lessons
from batch.plan import Plan
from batch.scoring import Counts, count
from core.batch_lane import BatchLane
from core.errors import SettingError
from core.nearest import Demonstration, nearest_among
from core.pool import Pool
from core.statuses import Lane, RowStatus
from core.usage import Tokens
from core.values import Origin

COLUMNS = Columns(title=TEXT, department=KIND, text=(TEXT,))

Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Scored:
    """One row, measured."""

    category: str
    counts: Counts
    valid: bool
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good the extraction of some rows is.

    Attributes:
        rows: Each of them.
        seconds: What all of them took, with what had to be learnt first.
    """

    rows: Sequence[Scored]
    seconds: float

    @property
    def counts(self) -> Counts:
        """Of all rows together."""
        return total(self.rows)

    @property
    def valid(self) -> int:
        """Rows whose answer was one that could be used."""
        return sum(one.valid for one in self.rows)

    def by_category(self) -> dict[str, list[Scored]]:
        """The rows of each category, by its name."""
        found: dict[str, list[Scored]] = {}
        for one in sorted(self.rows, key=lambda one: one.category):
            found.setdefault(one.category, []).append(one)
        return found


def total(rows: Sequence[Scored]) -> Counts:
    """The counts of rows together."""
    return reduce(add, (one.counts for one in rows), Counts())


def lessons_of(
    learnt: Sequence[Golden], asked: Sequence[Golden], plan: Plan, shown: int
) -> Lessons | None:
    """What rows learn from golden products, of which none is a product that is asked for."""
    texts = {one.text for one in asked}
    found = as_demonstrations([one for one in learnt if one.text not in texts], plan)
    return lessons_among(found, shown) if found else None


def lessons_among(found: Sequence[Demonstration], shown: int) -> Lessons:
    """Lessons from demonstrations that are in memory, of which a row is shown so many."""

    def of_type(product_type: str) -> list[Demonstration]:
        return [one for one in found if one.product_type == product_type]

    return Lessons(of_type, nearest_among(found), shown=shown)


def evaluate(
    pool: Pool,
    asked: Sequence[Golden],
    plan: Plan,
    lessons: Lessons | None,
    advance: Advance = lambda done, total: None,
) -> Evaluation:
    """Extract rows and score them.

    Args:
        pool: The endpoints; their batch lane is used.
        asked: The products, with the right values.
        plan: What is extracted.
        lessons: What rows learn; None: nothing.
        advance: Told rows that have ended and rows in all.

    Raises:
        Refused: The endpoints will not serve any row.
        SettingError: No endpoint serves background work.
    """
    begun = time.monotonic()
    inputs = Inputs(COLUMNS, plan, lessons)
    items = inputs.all((number, golden_row(one)) for number, one in enumerate(asked))
    outcomes = asyncio.run(_outcomes(pool, plan, in_prompt_order(items), advance))
    rows = [_scored(one, items[at], outcomes[at]) for at, one in enumerate(asked)]
    return Evaluation(rows, time.monotonic() - begun)


async def _outcomes(
    pool: Pool, plan: Plan, items: Sequence[Input], advance: Advance
) -> Mapping[int, Outcome]:
    extraction = Extraction(COLUMNS, plan, attempts=pool.settings.row_attempts)
    lane = BatchLane(pool, timeout_s=pool.settings.call_timeout_s, may_call=lambda: True)
    ended: dict[int, Outcome] = {}
    source = iter(items)

    async def row_after_row(source: Iterator[Input]) -> None:
        for item in source:
            ended[item.row_no] = await extraction.extract(lane.complete, item)
            advance(len(ended), len(items))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_calls(pool), len(items))):
                group.create_task(row_after_row(source))
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    finally:
        await lane.close()
    return ended


def _calls(pool: Pool) -> int:
    """Calls that may be under way at the same time."""
    serving = [one for one in pool.roster.endpoints() if Lane.BATCH in one.lanes]
    if not serving:
        raise SettingError("No endpoint serves background jobs: see `lanes` in endpoints.toml.")
    return sum(one.slots for one in serving)


def _scored(one: Golden, item: Input, outcome: Outcome) -> Scored:
    names = [field.name for field in item.fields]
    return Scored(
        one.category,
        count(names, _given(item.fields, outcome), one.values),
        outcome.status is RowStatus.DONE,
        outcome.tokens,
    )


def _given(fields: FieldSet, outcome: Outcome) -> dict[str, str]:
    """The values that a shop would take over, as they are written in the row.

    One that was to be copied and does not stand in the row waits for a person.
    """
    given = {}
    for field in fields:
        value = outcome.values.get(field.name)
        if value is not None and not (field.copied and value.origin is Origin.INFERRED):
            given[field.name] = value.raw or value.text()
    return given
