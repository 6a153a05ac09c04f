"""An order: one run of a job, and the provider that its rows go to as batches.

What sending and collecting have in common; decides nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from batch import approved, rows
from batch.extract import Extraction
from batch.inputs import Input, Inputs
from batch.jobs import Job
from batch.ranges import Shard
from batch.table import read_table
from batch.taught import open_lessons
from batch.uploads import table_path
from core.db import Database
from core.endpoints import Endpoint
from core.errors import ServiceError
from core.provider import Provider
from core.settings import Settings


class ChangedError(Exception):
    """Something was decided about the job meanwhile, or somebody else works on it: look again."""


@dataclass(frozen=True, slots=True)
class Order:
    """One run of a job at a provider.

    Attributes:
        check: Raises :class:`ChangedError` when the job is not what it was; to be asked
            before anything that costs money or takes long.
    """

    settings: Settings
    db: Database
    job: Job
    provider: Provider
    extraction: Extraction
    check: Callable[[], None]

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint whose provider it is."""
        return self.provider.endpoint

    def missing(self, shard: Shard) -> set[int]:
        """The rows of a shard that have not ended."""
        return set(rows.missing(self.db, self.job.id, shard.first_row, shard.count))

    def inputs(self, shard: Shard, wanted: Collection[int]) -> list[Input]:
        """Rows of a shard, ready to be asked for."""
        if not wanted:
            return []
        lessons = open_lessons(self.settings, self.db, learns=self.job.learns)
        inputs = Inputs(self.job.columns, self.job.plan, lessons)
        table = table_path(self.settings, self.job.upload_id)
        found = read_table(table, shard.first_row, shard.count)
        items = [inputs.of(number, row) for number, row in found if number in wanted]
        return approved.with_judgements(self.db, items)

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """A file in the home for what is too large to be kept in memory; gone afterwards.

        Raises:
            ServiceError: It cannot be written.
        """
        home = self.settings.home
        try:
            with tempfile.TemporaryFile(dir=home) as file:
                yield file
        except OSError as error:
            raise ServiceError(
                f"A file for the provider cannot be kept in {home}: {error.strerror}. "
                "Free some space, then resume the job."
            ) from error


def order_extraction(settings: Settings, job: Job) -> Extraction:
    """How the rows of a job are asked for and read."""
    return Extraction(job.columns, job.plan, attempts=settings.row_attempts, patience=job.patience)
