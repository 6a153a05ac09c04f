"""Looking at demonstrations: which there are, how many of each product type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from batch.demonstrations import THERE, gone
from batch.table import read_column
from batch.uploads import table_path
from core.db import Database
from core.review_tables import demonstrations
from core.schema import jobs
from core.settings import Settings
from core.statuses import JobStatus


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A demonstration as it is kept.

    Attributes:
        answer: Field name to the right value, as the model should answer; None where there
            is none.
        job_id: The job whose row it is; None: it came from a file, or the job is gone.
        job_name: What that job is called.
        held_back: Never shown to the model, which is measured by it.
        enabled: Whether it is used; a person may switch it off.
    """

    id: str
    product_type: str
    text: str
    answer: Mapping[str, Any]
    job_id: str | None
    job_name: str | None
    row_no: int | None
    held_back: bool
    enabled: bool
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Count:
    """How many demonstrations of one product type there are.

    Attributes:
        shown: Those that are shown to the model.
        held_back: Those that it is measured by.
        off: Those that are switched off.
    """

    product_type: str
    shown: int
    held_back: int
    off: int

    @property
    def all(self) -> int:
        """All of them together."""
        return self.shown + self.held_back + self.off


@dataclass(frozen=True, slots=True)
class Choice:
    """Which demonstrations to look at.

    Attributes:
        search: A part of the text or of the answer; empty: any.
        product_type: Only those of this type; None: of any.
        held_back: Only those that are held back, or only those that are not; None: both.
        enabled: Only those that are switched on, or off; None: both.
    """

    search: str = ""
    product_type: str | None = None
    held_back: bool | None = None
    enabled: bool | None = None


def listing(
    db: Database, choice: Choice | None = None, *, first: int = 0, limit: int = 200
) -> list[Demonstration]:
    """Demonstrations, those that were changed last first.

    Args:
        db: Our tables.
        choice: Which ones; all by default.
        first: How many to pass over.
        limit: At most so many.
    """
    query = (
        sa.select(demonstrations, jobs.c.name.label("job_name"))
        .outerjoin(jobs, _ITS_JOB)
        .where(_chosen(choice or Choice()))
        .order_by(demonstrations.c.updated_at.desc(), demonstrations.c.id)
        .offset(first)
        .limit(limit)
    )
    with db.read() as connection:
        return [_demonstration(row) for row in connection.execute(query).mappings()]


def count(db: Database, choice: Choice | None = None) -> int:
    """How many demonstrations there are."""
    query = sa.select(sa.func.count()).select_from(demonstrations)
    with db.read() as connection:
        return int(connection.execute(query.where(_chosen(choice or Choice()))).scalar_one())


def get(db: Database, demonstration_id: str) -> Demonstration:
    """One demonstration.

    Raises:
        NotFoundError: There is none of this id.
    """
    query = sa.select(demonstrations, jobs.c.name.label("job_name")).outerjoin(jobs, _ITS_JOB)
    wanted = sa.and_(demonstrations.c.id == demonstration_id, THERE)
    with db.read() as connection:
        found = connection.execute(query.where(wanted)).mappings().first()
    if found is None:
        raise gone(demonstration_id)
    return _demonstration(found)


def counts(db: Database) -> list[Count]:
    """How many there are of each product type, by its name."""
    table = demonstrations.c
    kind = (table.product_type, table.held_back, table.enabled)
    query = sa.select(*kind, sa.func.count()).where(THERE).group_by(*kind).order_by(kind[0])
    found: dict[str, list[int]] = {}
    with db.read() as connection:
        for product_type, held_back, enabled, number in connection.execute(query):
            at = 2 if not enabled else 1 if held_back else 0
            found.setdefault(product_type, [0, 0, 0])[at] += number
    return [Count(product_type, *numbers) for product_type, numbers in found.items()]


def of_types(db: Database, types: Collection[str]) -> Count:
    """How many there are for products of these types, whatever case they are written in."""
    wanted = {one.strip().casefold() for one in types}
    found = [one for one in counts(db) if one.product_type.casefold() in wanted]
    return Count(
        "",
        shown=sum(one.shown for one in found),
        held_back=sum(one.held_back for one in found),
        off=sum(one.off for one in found),
    )


def types_in(settings: Settings, upload_id: str, column: str | None) -> frozenset[str]:
    """The product types of a catalog, by the column that names them; goes through all of it.

    Raises:
        CatalogError: The stored catalog is missing, or has no such column.
    """
    if column is None:
        return frozenset({""})
    found: set[str] = set()
    for cells in read_column(table_path(settings, upload_id), column):
        found.update(cells)
    return frozenset(one.strip().casefold() for one in found)


_ITS_JOB = sa.and_(jobs.c.id == demonstrations.c.job_id, jobs.c.status != JobStatus.DELETED)


def _chosen(choice: Choice) -> sa.ColumnElement[bool]:
    table = demonstrations.c
    conditions: list[sa.ColumnElement[bool]] = [THERE]
    if words := choice.search.split():
        whole = sa.func.lower(table.text + " " + sa.cast(table.answer, sa.Text))
        conditions += [whole.contains(word.lower(), autoescape=True) for word in words]
    if choice.product_type is not None:
        conditions.append(table.product_type == choice.product_type)
    if choice.held_back is not None:
        conditions.append(table.held_back.is_(choice.held_back))
    if choice.enabled is not None:
        conditions.append(table.enabled.is_(choice.enabled))
    return sa.and_(*conditions)


def _demonstration(row: RowMapping) -> Demonstration:
    parts = {name: row[name] for name in Demonstration.__dataclass_fields__}
    if parts["job_name"] is None:
        parts["job_id"] = None
    return Demonstration(**parts)
