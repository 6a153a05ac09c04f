"""What a job will have to ask for, told before it starts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np

from batch import approved
from batch.columns import Columns
from batch.inputs import Inputs
from batch.memory import known_keys
from batch.plan import Plan
from batch.table import SHARD_ROWS, read_table, table_info
from batch.uploads import table_path
from core.db import Database
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many rows take a call.

    Attributes:
        rows: All rows of the catalog.
        known: Those that were read before and have not changed since, and those whose
            values a person has approved.
        repeated: Of the others, those that equal an earlier row of the catalog.
    """

    rows: int
    known: int
    repeated: int

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
    inputs = Inputs(columns, plan)
    found = (inputs.of(row_no, row) for row_no, row in read_table(table))
    seen = known = 0
    unknown: list[np.ndarray] = []
    while items := approved.with_judgements(db, list(islice(found, SHARD_ROWS))):
        with db.read() as connection:
            there = known_keys(connection, {item.key for item in items}, answering)
        asked = (item for item in items if not approved.suffices(item))
        new = [item.key for item in asked if item.key not in there]
        seen, known = seen + len(items), known + len(items) - len(new)
        unknown.append(_halves(new))
        if progress:
            progress(seen, total)
    distinct = len(np.unique(np.concatenate(unknown))) if unknown else 0
    return Forecast(seen, known, seen - known - distinct)


def _halves(keys: list[bytes]) -> np.ndarray:
    """The first eight bytes of each key: they tell millions apart, and take little memory."""
    return np.frombuffer(b"".join(key[:8] for key in keys), dtype=np.uint64)
