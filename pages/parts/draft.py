"""A job in the making: what was chosen so far on the upload page.

Plain values and pure changes; each change of the fields remembers what was
before it, so that it can be undone. What is wrong with them is
:mod:`pages.parts.draft_problems`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath

from batch.columns import Columns
from batch.fields import Field, FieldSet
from batch.jobs import Job
from batch.plan import Plan
from batch.plan_file import parse_plan, plan_object

MAX_UNDO = 50
#: Stands for the products whose type has no fields of its own.
OTHERS = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field being edited; ``key`` stays the same however the fields change."""

    key: int
    field: Field


Entries = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Sets:
    """All that is to be extracted: what one step of undo brings back.

    Attributes:
        of: The entries of each product type; :data:`OTHERS` is always there.
        by: The column that names the product type; None where all are alike.
    """

    of: Mapping[str, Entries]
    by: str | None = None

    @property
    def types(self) -> tuple[str, ...]:
        """The product types with fields of their own."""
        return tuple(name for name in self.of if name != OTHERS) if self.by else ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What was chosen so far.

    Attributes:
        guessed: The columns as they were guessed, to mark what is still a guess.
        sets: The fields, for all products or for each product type.
        past: Earlier states of the fields, the latest last.
        shown: The product type whose fields are being edited.
        generation: Raised whenever widgets must forget what they show.
        version_of: The job that is to be done again with changes.
        provider: The endpoint whose provider is to do the rows; empty: in the background.
    """

    upload_id: str
    columns: Columns
    guessed: Columns
    sets: Sets
    past: tuple[Sets, ...] = field(default=(), repr=False)
    shown: str = OTHERS
    next_key: int = 0
    generation: int = 0
    name: str = ""
    version_of: Job | None = field(default=None, repr=False)
    provider: str = ""

    @property
    def product_type(self) -> str:
        """The product type whose fields are shown: one that has its own, or all others."""
        return self.shown if self.shown in self.sets.types else OTHERS

    @property
    def entries(self) -> Entries:
        """The fields that are shown, as entries."""
        return self.sets.of[self.product_type]

    @property
    def fields(self) -> FieldSet:
        """The fields that are shown, as they stand, valid or not."""
        return tuple(entry.field for entry in self.entries)

    @property
    def plan(self) -> Plan:
        """All of the fields as they stand, valid or not."""
        fields = {name: tuple(one.field for one in of) for name, of in self.sets.of.items()}
        types = {name: fields[name] for name in self.sets.types}
        return Plan(fields[OTHERS], self.sets.by, types)


def checked_plan(draft: Draft) -> Plan:
    """All of the fields, in the form that a job has them.

    Raises:
        FieldsError: They cannot be extracted as they stand.
    """
    return parse_plan(plan_object(draft.plan))


def begin(upload_id: str, guessed: Columns, plan: Plan, name: str) -> Draft:
    """A draft with everything guessed and the fields to begin with."""
    empty = Draft(upload_id, guessed, guessed, Sets({OTHERS: ()}), name=name)
    return replace(replaced_all(empty, plan), past=(), generation=0)


def job_name(file_name: str, now: datetime) -> str:
    """A name to suggest: the file's, with the day."""
    return f"{PurePath(file_name).stem} {now.day} {now:%b}"


def edited(draft: Draft, key: int, changed: Field) -> Draft:
    """One field changed."""
    entries = tuple(Entry(key, changed) if one.key == key else one for one in draft.entries)
    return _with_entries(draft, entries) if entries != draft.entries else draft


def removed(draft: Draft, key: int) -> Draft:
    """One field taken away."""
    return _with_entries(draft, tuple(one for one in draft.entries if one.key != key))


def added(draft: Draft, *new: Field) -> Draft:
    """Fields more, at the end."""
    grown = _with_entries(draft, (*draft.entries, *_entries(draft, new)))
    return replace(grown, next_key=draft.next_key + len(new))


def replaced(draft: Draft, fields: FieldSet) -> Draft:
    """All fields that are shown replaced, as by a template."""
    return given(draft, draft.product_type, fields)


def replaced_all(draft: Draft, plan: Plan) -> Draft:
    """Everything replaced, as by a file."""
    key, of = draft.next_key, {}
    for name, fields in {OTHERS: plan.fields, **plan.sets}.items():
        of[name] = _entries(replace(draft, next_key=key), fields)
        key += len(fields)
    return _renewed(replace(draft, shown=OTHERS), Sets(of, plan.by), key)


def given(draft: Draft, product_type: str, fields: FieldSet) -> Draft:
    """A product type with these fields of its own, which are shown from now on."""
    of = {**draft.sets.of, product_type: _entries(draft, fields)}
    next_key = draft.next_key + len(fields)
    return _renewed(replace(draft, shown=product_type), replace(draft.sets, of=of), next_key)


def alike(draft: Draft, product_type: str) -> Draft:
    """A product type without fields of its own: it has those of all others."""
    of = {name: entries for name, entries in draft.sets.of.items() if name != product_type}
    return _renewed(draft, replace(draft.sets, of=of), draft.next_key)


def divided(draft: Draft, by: str | None) -> Draft:
    """Product types told apart by a column, or not at all."""
    if by == draft.sets.by:
        return draft
    return _renewed(draft, replace(draft.sets, by=by), draft.next_key)


def undone(draft: Draft) -> Draft:
    """As it was before the last change of the fields."""
    if not draft.past:
        return draft
    back = replace(draft, sets=draft.past[-1], past=draft.past[:-1])
    return replace(back, generation=draft.generation + 1)


def _entries(draft: Draft, fields: Iterable[Field]) -> Entries:
    return tuple(Entry(key, one) for key, one in enumerate(fields, start=draft.next_key))


def _with_entries(draft: Draft, entries: Entries) -> Draft:
    of = {**draft.sets.of, draft.product_type: entries}
    return _changed(draft, replace(draft.sets, of=of))


def _renewed(draft: Draft, sets: Sets, next_key: int) -> Draft:
    """Changed by more than what was typed: every input is drawn anew."""
    changed = _changed(draft, sets)
    return replace(changed, next_key=next_key, generation=draft.generation + 1)


def _changed(draft: Draft, sets: Sets) -> Draft:
    return replace(draft, sets=sets, past=(*draft.past, draft.sets)[-MAX_UNDO:])
