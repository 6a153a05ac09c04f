"""The ranges of rows that a job is worked through in."""

from __future__ import annotations

from dataclasses import dataclass

from batch.jobs import Job
from batch.table import SHARD_ROWS


@dataclass(frozen=True, slots=True)
class Shard:
    """A range of a job's rows, in one run of the job.

    Attributes:
        number: From 0.
        last: Whether all shards were gone through before: then no row waits any
            more for an equal one elsewhere.
    """

    job: Job
    number: int
    last: bool = False

    @property
    def first_row(self) -> int:
        """1-based."""
        return self.number * SHARD_ROWS + 1

    @property
    def count(self) -> int:
        """How many rows the range has."""
        return min(SHARD_ROWS, self.job.rows - self.number * SHARD_ROWS)

    @property
    def last_row(self) -> int:
        """The number of its last row."""
        return self.first_row + self.count - 1
