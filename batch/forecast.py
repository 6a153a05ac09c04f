"""What a job will have to ask for, told before it starts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from batch import approved, estimated
from batch.columns import Columns
from batch.inputs import Inputs
from batch.memory import known_keys
from batch.plan import Plan
from batch.sample import KNOWN, UNKNOWN, Population, stratified
from batch.table import SHARD_ROWS, read_table, table_info
from batch.taught import open_lessons
from batch.uploads import table_path
from core.db import Database
from core.settings import Settings

#: Rows of a catalog up to which it is found out what each would be shown, which takes some
#: milliseconds a row; beyond them rows that learn count as not known.
MOST_TAUGHT = 5000


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many rows take a call.

    Attributes:
        rows: All rows of the catalog.
        known: Those that were read before and have not changed since, and those whose
            values a person has approved.
        repeated: Of the others, those that equal an earlier row of the catalog.
        sample: Numbers of a few rows that stand for those that a model is asked for.
        sample_of_all: The same where known rows are to be read again, too.
    """

    rows: int
    known: int
    repeated: int
    sample: tuple[int, ...] = field(default=(), compare=False)
    sample_of_all: tuple[int, ...] = field(default=(), compare=False)

    @property
    def to_ask(self) -> int:
        """Rows that a model is asked for."""
        return self.rows - self.known - self.repeated


def forecast(
    settings: Settings,
    db: Database,
    upload_id: str,
    columns: Columns,
    plan: Plan,
    answering: Collection[str],
    progress: Callable[[int, int], None] | None = None,
) -> Forecast:
    """Look through a catalog for rows whose result is known.

    Args:
        settings: Names the home.
        db: Our tables.
        upload_id: The catalog.
        columns: What is read of each row.
        plan: What is asked for.
        answering: The models that may answer; see :func:`batch.memory.models`.
        progress: Told rows looked at and rows in all, every thousand rows.

    Raises:
        CatalogError: The stored catalog is missing or damaged.
    """
    table = table_path(settings, upload_id)
    _, total = table_info(table)
    lessons = open_lessons(settings, db) if total <= MOST_TAUGHT else None
    inputs = Inputs(columns, plan, lessons)
    found = read_table(table)
    seen = known = 0
    population = Population()
    while items := approved.with_judgements(db, inputs.all(islice(found, SHARD_ROWS))):
        with db.read() as connection:
            there = known_keys(connection, {item.key for item in items}, answering)
            read = estimated.find(connection, {one.key for one in items} - there, answering)
        free = {one.row_no for one in items if approved.suffices(one) or one.key in there}
        told = {one.row_no for one in items if one.key in read}
        seen, known = seen + len(items), known + len(free | told)
        population.add(items, free, told)
        if progress:
            progress(seen, total)
    distinct = population.distinct()
    to_ask = int(np.sum(distinct[:, 3] == UNKNOWN))
    # Rows of an earlier estimate stay in the sample: they cost nothing and tell the same.
    fit = distinct[distinct[:, 3] != KNOWN]
    return Forecast(
        seen, known, seen - known - to_ask, stratified(fit) if to_ask else (), stratified(distinct)
    )
