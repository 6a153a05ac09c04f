"""Which rows are to be reviewed, and in which order: those first that need a person.

Works its way forward by row numbers, a page at a time, so that a page of a
million rows costs as much as one of a thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch import earlier, json_sql
from batch.earlier import Previous
from batch.jobs import Job
from batch.review_sample import still_open
from batch.reviewed import DIFFERS, UNSURE
from batch.search import matching
from core.db import Database
from core.schema import LOW_CONFIDENCE, rows
from core.settings import Settings
from core.statuses import Review, RowStatus

#: Rows looked at in one go.
BLOCK = 200


class State(StrEnum):
    """Which rows to go through."""

    OPEN = "open"  #: nobody has approved them; those that need a person first
    APPROVED = "approved"  #: a person has approved them
    ALL = "all"  #: every row that has a result, in the catalog's order
    RANDOM = "random"  #: open ones in an order by chance, to judge the whole by


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows a person wants to see.

    Attributes:
        field: Only rows with a doubt about this field.
        reason: Only rows with this doubt.
        product_type: Only products of this type.
        words: Only rows in whose text all of these words stand, or of this number.
    """

    state: State = State.OPEN
    field: str | None = None
    reason: str | None = None
    product_type: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the part of the queue, and the row in it."""

    part: int = 0
    row_no: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the queue.

    Attributes:
        row_nos: Which rows, in the order to go through them.
        next: Where the next page begins; None at the end.
    """

    row_nos: tuple[int, ...]
    next: Place | None


#: Row numbers of one part of the queue, after a row.
Part = Callable[[Connection, int], Iterator[int]]


def find(
    settings: Settings,
    db: Database,
    job: Job,
    wanted: Filter,
    after: Place = Place(),
    count: int = 10,
) -> Page:
    """The next rows of the queue."""
    with db.read() as connection:
        parts = _parts(settings, connection, job, wanted)
        places = (
            Place(number, row_no)
            for number, part in enumerate(parts)
            if number >= after.part
            for row_no in part(connection, after.row_no if number == after.part else 0)
        )
        found = list(islice(places, count))
    ended = len(found) < count
    return Page(tuple(one.row_no for one in found), None if ended else found[-1])


def _parts(settings: Settings, connection: Connection, job: Job, wanted: Filter) -> Sequence[Part]:
    if wanted.state is State.RANDOM:
        return [partial(still_open, job)]
    queue = _Queue(connection, job, wanted)
    if wanted.words.strip():
        return [queue.of_words(settings)]
    return queue.parts()


class _Queue:
    """The parts of one filter's queue."""

    def __init__(self, connection: Connection, job: Job, wanted: Filter) -> None:
        self._job = job
        self._wanted = wanted
        self._before = earlier.previous(connection, job)
        self._always = [rows.c.job_id == job.id, rows.c.status == RowStatus.DONE]
        if wanted.product_type is not None:
            self._always.append(rows.c.product_type == wanted.product_type)

    def parts(self) -> Sequence[Part]:
        """In the order to go through them."""
        wanted, doubted = self._wanted, self._wanted.field or self._wanted.reason
        if wanted.state is State.OPEN:
            parts: dict[str, Part] = {"": self._flagged, UNSURE: self._unsure}
            if self._before:
                parts[DIFFERS] = self._differing
            if wanted.reason is not None:
                return [parts.get(wanted.reason, self._flagged)]
            return [*parts.values()] if doubted else [*parts.values(), self._others]
        return [self._plain]

    def of_words(self, settings: Settings) -> Part:
        """Rows in whose text the words stand, in the catalog's order."""

        def part(connection: Connection, after: int) -> Iterator[int]:
            for numbers in matching(settings, self._job, self._wanted.words, after + 1):
                query = self._select(*self._stated(), rows.c.row_no.in_(numbers))
                yield from connection.execute(query).scalars()

        return part

    def _stated(self) -> list[sa.ColumnElement[bool]]:
        match self._wanted.state:
            case State.APPROVED:
                return [_is(Review.APPROVED)]
            case State.OPEN:
                return [rows.c.review != Review.APPROVED]
        return []

    def _plain(self, connection: Connection, after: int) -> Iterator[int]:
        conditions = [*self._stated(), *self._with_flag(connection)]
        return self._stepwise(connection, after, *conditions)

    def _flagged(self, connection: Connection, after: int) -> Iterator[int]:
        conditions = [_is(Review.FLAGGED), *self._with_flag(connection)]
        return self._stepwise(connection, after, *conditions)

    def _with_flag(self, connection: Connection) -> list[sa.ColumnElement[bool]]:
        if self._wanted.field is None and self._wanted.reason is None:
            return []
        return [json_sql.flagged_for(connection, self._wanted.field, self._wanted.reason)]

    def _unsure(self, connection: Connection, after: int) -> Iterator[int]:
        """Not flagged, but with a value that the model was not sure of."""
        conditions = [rows.c.review == Review.NONE, _UNSURE]
        if self._wanted.field is not None:
            table = json_sql.entry(self._wanted.field)
            of_field = table.c.value["confidence"].as_float() < LOW_CONFIDENCE
            named = table.c.key == self._wanted.field
            inner = sa.select(sa.literal(1)).select_from(table).where(named, of_field)
            conditions.append(sa.exists(inner))
        return self._stepwise(connection, after, *conditions)

    def _differing(self, connection: Connection, after: int) -> Iterator[int]:
        """Neither flagged nor unsure, but the version before says something else."""
        before, theirs = self._before, rows.alias("theirs")
        assert before is not None
        other = sa.cast(rows.c["values"], sa.Text) != sa.cast(theirs.c["values"], sa.Text)
        there = sa.and_(theirs.c.job_id == before.job_id, theirs.c.row_no == rows.c.row_no)
        conditions = (rows.c.review == Review.NONE, _SURE, other)
        while True:
            query = self._select(*conditions, rows.c.row_no > after).join(theirs, there)
            numbers = list(connection.execute(query.limit(BLOCK)).scalars())
            unlike = self._really(connection, before, numbers)
            yield from (one for one in numbers if one in unlike)
            if len(numbers) < BLOCK:
                return
            after = numbers[-1]

    def _others(self, connection: Connection, after: int) -> Iterator[int]:
        """Those that nothing speaks against."""
        found = self._stepwise(connection, after, rows.c.review == Review.NONE, _SURE)
        if self._before is None:
            yield from found
            return
        while numbers := list(islice(found, BLOCK)):
            unlike = self._really(connection, self._before, numbers)
            yield from (one for one in numbers if one not in unlike)

    def _really(
        self, connection: Connection, before: Previous, numbers: Sequence[int]
    ) -> frozenset[int]:
        """Those of these rows in which a value differs, not only what is known about it."""
        query = sa.select(rows.c.row_no, rows.c["values"]).where(
            rows.c.job_id == self._job.id, rows.c.row_no.in_(numbers)
        )
        ours = {no: earlier.read_values(values) for no, values in connection.execute(query)}
        theirs = earlier.of_rows(connection, before, numbers)
        field = self._wanted.field
        return frozenset(
            number
            for number in theirs
            if (unlike := earlier.compared(ours[number], before, theirs[number]))
            and (field is None or field in unlike.values)
        )

    def _stepwise(
        self, connection: Connection, after: int, *conditions: sa.ColumnElement[bool]
    ) -> Iterator[int]:
        """Row numbers in rising order, fetched block by block."""
        while True:
            query = self._select(*conditions, rows.c.row_no > after).limit(BLOCK)
            numbers = list(connection.execute(query).scalars())
            yield from numbers
            if len(numbers) < BLOCK:
                return
            after = numbers[-1]

    def _select(self, *conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
        return sa.select(rows.c.row_no).where(*self._always, *conditions).order_by(rows.c.row_no)


def _is(review: Review) -> sa.ColumnElement[bool]:
    """A review state, said so that the index of reviewed rows serves."""
    there = rows.c.review != sa.literal_column("''")
    return sa.and_(there, rows.c.review == review)


#: Said as the index of doubtful rows says it.
_UNSURE = rows.c.confidence < sa.literal_column(str(LOW_CONFIDENCE))
_SURE = sa.or_(rows.c.confidence.is_(None), rows.c.confidence >= LOW_CONFIDENCE)
