"""Which column of a job's results each attribute of a feed is taken from.

Suggested by the names of columns and fields, and changed by a person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from batch.columns import Columns
from batch.layout import Layout
from batch.results import ResultRow
from core.errors import FieldsError
from core.statuses import RowStatus


class Need(StrEnum):
    """How much a feed's reader insists on an attribute."""

    REQUIRED = "required"  #: a product without it is refused
    EXPECTED = "expected"  #: a product without it is taken, and does worse
    OPTIONAL = "optional"  #: nobody misses it


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that a feed says of a product.

    Attributes:
        name: As it stands in the feed.
        label: As a merchandiser calls it.
        role: The part of :class:`Columns` that plays it; empty: none does.
        names: Other names that columns and fields for it have, as letters only.
        otherwise: What is suggested where a product says nothing.
        missed: What products without it do not have, in words; empty: its label says it.
    """

    name: str
    label: str
    need: Need = Need.OPTIONAL
    role: str = ""
    names: tuple[str, ...] = ()
    otherwise: str = ""
    missed: str = ""

    @property
    def what(self) -> str:
        """What a product without it does not have: ``image``."""
        return self.missed or self.label[0].lower() + self.label[1:]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attribute is taken from; None: as is suggested.

    Attributes:
        column: A column of the results; empty: from none.
        otherwise: What it is where the column has nothing.
    """

    column: str | None = None
    otherwise: str | None = None

    def to_json(self) -> dict[str, str]:
        """The form that is stored; what is as suggested is left out."""
        parts = {"column": self.column, "otherwise": self.otherwise}
        return {name: part for name, part in parts.items() if part is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Source:
        """Rebuild from :meth:`to_json`."""
        return cls(stored.get("column"), stored.get("otherwise"))

    def over(self, suggestion: Source) -> Source:
        """This one, with the suggestion where it leaves something open."""
        return Source(
            suggestion.column if self.column is None else self.column,
            suggestion.otherwise if self.otherwise is None else self.otherwise,
        )


#: Attribute name to where it is taken from.
Sources = Mapping[str, Source]
#: Attribute name to what a product says of it; lists have several texts.
Said = dict[str, list[str]]


def suggested(
    attributes: Sequence[Attribute], columns: Columns, layout: Layout
) -> dict[str, Source]:
    """Where each attribute is probably found.

    Args:
        attributes: Of the feed.
        columns: Which column of the catalog plays which part.
        layout: The columns of the results.
    """
    roles = columns.roles()
    found = {one.name: roles.get(one.role) or _named(one, layout) for one in attributes}
    # A column that is there leaves cells blank on purpose, as lines of further variants do.
    return {
        one.name: Source(found[one.name], "" if found[one.name] else one.otherwise)
        for one in attributes
    }


def mapped(suggestion: Sources, changes: Sources, layout: Layout) -> dict[str, Source]:
    """The suggestion with what a person has changed in it.

    Raises:
        FieldsError: A change names an attribute or a column that is not there.
    """
    for name, source in changes.items():
        if name not in suggestion:
            known = ", ".join(suggestion)
            raise FieldsError(f"The feed has no attribute “{name}”. It has {known}.")
        if source.column and source.column not in (*layout.columns, *layout.added.values()):
            there = ", ".join(f"“{one}”" for one in (*layout.columns, *layout.added.values()))
            raise FieldsError(
                f"“{name}” cannot be taken from “{source.column}”: there is no such column. "
                f"There is {there}."
            )
    changed = {name: source.over(suggestion[name]) for name, source in changes.items()}
    return {**suggestion, **changed}


def reader(sources: Sources, layout: Layout) -> Callable[[ResultRow], Said]:
    """What reads the attributes of a row, as texts that are not in the feed's form yet."""
    fields = {column: field for field, column in layout.added.items()}
    plan = [
        (name, fields.get(source.column or ""), source.column or "", source.otherwise or "")
        for name, source in sources.items()
        if source.column or source.otherwise
    ]

    def read(row: ResultRow) -> Said:
        said: Said = {}
        for name, field, column, otherwise in plan:
            found = _cells(row, field, column) or [otherwise]
            if found != [""]:
                said[name] = found
        return said

    return read


def _cells(row: ResultRow, field: str | None, column: str) -> list[str]:
    if field is None:
        cell = row.original.get(column, "").strip()
        return [cell] if cell else []
    value = row.values.get(field) if row.status == RowStatus.DONE else None
    if value is None:
        return []
    return value.value if isinstance(value.value, list) else [value.text()]


def _named(attribute: Attribute, layout: Layout) -> str:
    """The column with the attribute's name, one that was extracted first."""
    wanted = {letters(attribute.name), letters(attribute.label), *attribute.names}
    extracted = [(field, column) for field, column in layout.added.items()]
    own = [(column, column) for column in layout.columns]
    named = (column for name, column in (*extracted, *own) if letters(name) in wanted)
    return next(named, "")


def letters(name: str) -> str:
    """A name without case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum())
