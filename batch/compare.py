"""What two jobs over the same catalog say differently: per field in numbers, and row by row.

Goes through the rows in blocks, so a million rows take no more memory than a thousand. What
is the same as stored is not even unpacked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.jobs import Job
from batch.table import SHARD_ROWS
from core.db import Database
from core.errors import JobError
from core.review_tables import corrections
from core.schema import rows
from core.statuses import RowStatus

Tallies = npt.NDArray[np.int32]
#: Told rows compared, and rows in all.
Progress = Callable[[int, int], None]


class Difference(StrEnum):
    """What became of a field's value from one job to the other."""

    SAME = "same"  #: both say the same, or both say nothing
    CHANGED = "changed"  #: both say something, and not the same
    ADDED = "added"  #: only the other one says something
    GONE = "gone"  #: only the first one says something


DIFFERENCES = tuple(Difference)
_PLACE = {one: at for at, one in enumerate(DIFFERENCES)}
#: Those that a person wants to see.
UNLIKE = (Difference.CHANGED, Difference.ADDED, Difference.GONE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two jobs say differently.

    Attributes:
        job_id: The first job.
        other_id: The one that it is compared with.
        fields: The fields that both have.
        only_first: Fields that only the first one has.
        only_other: Fields that only the other one has.
        rows: Rows that are done in both.
        left_out: Rows that are not, and so are not compared.
        unlike: Rows in which some field differs.
        tallies: Rows by block of :data:`~batch.table.SHARD_ROWS`, field and difference.
    """

    job_id: str
    other_id: str
    fields: tuple[str, ...]
    only_first: tuple[str, ...]
    only_other: tuple[str, ...]
    rows: int
    left_out: int
    unlike: int
    tallies: Tallies

    def count(self, name: str | None, difference: Difference) -> int:
        """Rows where a field differs so; None: values over all fields."""
        tallies = self.tallies[:, :, _PLACE[difference]]
        return int(tallies.sum() if name is None else tallies[:, self.fields.index(name)].sum())

    def may_have(self, block: int, names: Sequence[str], kinds: Sequence[Difference]) -> bool:
        """Whether a block has a row with one of these differences in one of these fields."""
        fields = [self.fields.index(name) for name in names]
        found = self.tallies[block][np.ix_(fields, [_PLACE[kind] for kind in kinds])]
        return bool(found.any())


def check(job: Job, other: Job) -> None:
    """See that two jobs can be compared.

    Raises:
        JobError: They are of different catalogs, are the same, or have no field in common.
    """
    if job.id == other.id:
        raise JobError("A job cannot be compared with itself. Choose another version.")
    if job.upload_id != other.upload_id:
        raise JobError("Only jobs over the same file can be compared, and these have two.")
    if not _common(job, other):
        raise JobError("These two have no field in common, so there is nothing to compare.")


def compare(db: Database, job: Job, other: Job, progress: Progress | None = None) -> Comparison:
    """Compare two jobs over the same catalog.

    Raises:
        JobError: They cannot be compared; see :func:`check`.
    """
    check(job, other)
    fields = _common(job, other)
    blocks = -(-job.rows // SHARD_ROWS)
    tallies = np.zeros((blocks, len(fields), len(DIFFERENCES)), dtype=np.int32)
    both = unlike = 0
    for block in range(blocks):
        with db.read() as connection:
            found = _texts(connection, job, other, block)
        done, changed = _tally(found, fields, tallies[block])
        both, unlike = both + done, unlike + changed
        if progress:
            progress(min((block + 1) * SHARD_ROWS, job.rows), job.rows)
    return Comparison(
        job_id=job.id,
        other_id=other.id,
        fields=fields,
        only_first=_only(job, other),
        only_other=_only(other, job),
        rows=both,
        left_out=job.rows - both,
        unlike=unlike,
        tallies=tallies,
    )


def _common(job: Job, other: Job) -> tuple[str, ...]:
    names = {field.name for field in other.fields}
    return tuple(field.name for field in job.fields if field.name in names)


def _only(job: Job, other: Job) -> tuple[str, ...]:
    names = {field.name for field in other.fields}
    return tuple(field.name for field in job.fields if field.name not in names)


def _texts(connection: Connection, job: Job, other: Job, block: int) -> list[tuple[str, str]]:
    """The values of rows that are done in both, as they are stored."""
    first, second = rows.alias("first"), rows.alias("second")
    begin = block * SHARD_ROWS + 1
    query = (
        sa.select(as_stored(first), as_stored(second))
        .join(second, second.c.row_no == first.c.row_no)
        .where(
            first.c.job_id == job.id,
            second.c.job_id == other.id,
            first.c.row_no.between(begin, begin + SHARD_ROWS - 1),
            first.c.status == RowStatus.DONE,
            second.c.status == RowStatus.DONE,
        )
    )
    return [(one, two) for one, two in connection.execute(query)]


def as_stored(table: sa.FromClause) -> sa.ColumnElement[str]:
    """The values of a row as they are stored: equal texts say the same."""
    return sa.cast(table.c["values"], sa.Text)


def _tally(
    found: Sequence[tuple[str, str]], fields: Sequence[str], tallies: Tallies
) -> tuple[int, int]:
    """Count a block's differences; returns rows compared, and rows in which something differs."""
    alike = unlike = 0
    for one, two in found:
        if one == two:
            alike += 1
            continue
        differing = differences(orjson.loads(one), orjson.loads(two), fields)
        unlike += any(kind is not Difference.SAME for kind in differing)
        for at, kind in enumerate(differing):
            tallies[at, _PLACE[kind]] += 1
    tallies[:, _PLACE[Difference.SAME]] += alike
    return len(found), unlike


def differences(
    first: Mapping[str, Any], other: Mapping[str, Any], fields: Sequence[str]
) -> list[Difference]:
    """What became of each field's value in a row."""
    return [_difference(first.get(name), other.get(name)) for name in fields]


def _difference(first: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> Difference:
    """What became of a value, both as stored; where it stands and how sure it is says nothing."""
    if first is None:
        return Difference.SAME if other is None else Difference.ADDED
    if other is None:
        return Difference.GONE
    one, two = first["value"], other["value"]
    same = sorted(one) == sorted(two) if _lists(one, two) else one == two
    return Difference.SAME if same else Difference.CHANGED


def _lists(one: object, two: object) -> bool:
    return isinstance(one, list) and isinstance(two, list)


def state(db: Database, *found: Job) -> tuple[object, ...]:
    """What a comparison of jobs is true for: another state means that it is to be made anew."""
    query = sa.select(sa.func.max(corrections.c.at), sa.func.max(corrections.c.undone_at))
    wanted = corrections.c.job_id.in_([job.id for job in found])
    with db.read() as connection:
        last = tuple(connection.execute(query.where(wanted)).one())
    counts = ((job.id, job.run, job.status, job.done, job.failed) for job in found)
    return (*counts, *last)
