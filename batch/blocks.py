"""A job's rows as columns, block by block: for files of columns, where rows would be too slow.

The catalog's cells stay in Arrow's memory and never become Python's strings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from batch import uploads
from batch.choice import Choice
from batch.jobs import Job
from batch.stored_rows import ended
from batch.table import SHARD_ROWS, read_groups
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows, in the catalog's order.

    Attributes:
        originals: The merchant's cells.
        stored: What is stored of each row; None: nothing is yet.
    """

    originals: pa.Table
    stored: list[Mapping[str, Any] | None]

    def values(self) -> list[Mapping[str, Mapping[str, Any]]]:
        """Each row's values as they are stored; none in a row that is not done."""
        return [
            one["values"] if one is not None and one["status"] == RowStatus.DONE else {}
            for one in self.stored
        ]


def blocks(
    settings: Settings, db: Database, job: Job, columns: tuple[str, ...], choice: Choice
) -> Iterator[Block]:
    """The rows that are meant.

    Args:
        settings: Where the catalog is.
        db: Our tables.
        job: The job.
        columns: The catalog's own columns.
        choice: Which rows.

    Raises:
        CatalogError: The catalog is no longer there.
    """
    table = uploads.table_path(settings, job.upload_id)
    for before, originals in read_groups(table, list(columns)):
        found = ended(db, job.id, before + 1, SHARD_ROWS, choice.condition)
        numbers = range(before + 1, before + 1 + originals.num_rows)
        if choice is Choice.ALL:
            yield Block(originals, [found.get(number) for number in numbers])
        elif found:
            chosen = sorted(found)
            picked = originals.take([number - before - 1 for number in chosen])
            yield Block(picked, [found[number] for number in chosen])
