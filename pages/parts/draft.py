"""A job in the making: what was chosen so far on the upload page.

Plain values and pure changes; each change of the fields remembers what was
before it, so that it can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath

from batch.columns import Columns
from batch.fields import Field, FieldSet, parse_fields
from batch.jobs import Job
from core.errors import FieldsError

MAX_UNDO = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A field being edited; ``key`` stays the same however the fields change."""

    key: int
    field: Field


@dataclass(frozen=True, slots=True)
class Draft:
    """What was chosen so far.

    Attributes:
        guessed: The columns as they were guessed, to mark what is still a guess.
        past: Earlier states of the entries, the latest last.
        generation: Raised whenever widgets must forget what they show.
        version_of: The job that is to be done again with changes.
        provider: The endpoint whose provider is to do the rows; empty: in the background.
    """

    upload_id: str
    columns: Columns
    guessed: Columns
    entries: tuple[Entry, ...]
    past: tuple[tuple[Entry, ...], ...] = field(default=(), repr=False)
    next_key: int = 0
    generation: int = 0
    name: str = ""
    version_of: Job | None = field(default=None, repr=False)
    provider: str = ""

    @property
    def fields(self) -> FieldSet:
        """The fields as they stand, valid or not."""
        return tuple(entry.field for entry in self.entries)


def begin(upload_id: str, guessed: Columns, fields: FieldSet, name: str) -> Draft:
    """A draft with everything guessed and the starter fields."""
    entries = tuple(Entry(key, one) for key, one in enumerate(fields))
    return Draft(upload_id, guessed, guessed, entries, next_key=len(entries), name=name)


def job_name(file_name: str, now: datetime) -> str:
    """A name to suggest: the file's, with the day."""
    return f"{PurePath(file_name).stem} {now.day} {now:%b}"


def edited(draft: Draft, key: int, changed: Field) -> Draft:
    """One field changed."""
    entries = tuple(Entry(key, changed) if one.key == key else one for one in draft.entries)
    return _changed(draft, entries) if entries != draft.entries else draft


def removed(draft: Draft, key: int) -> Draft:
    """One field taken away."""
    return _changed(draft, tuple(one for one in draft.entries if one.key != key))


def added(draft: Draft, new: Field) -> Draft:
    """One field more, at the end."""
    grown = _changed(draft, (*draft.entries, Entry(draft.next_key, new)))
    return replace(grown, next_key=draft.next_key + 1)


def replaced(draft: Draft, fields: FieldSet) -> Draft:
    """All fields replaced, as by a file."""
    first = draft.next_key
    entries = tuple(Entry(first + at, one) for at, one in enumerate(fields))
    changed = _changed(draft, entries)
    return replace(changed, next_key=first + len(entries), generation=draft.generation + 1)


def undone(draft: Draft) -> Draft:
    """As it was before the last change of the fields."""
    if not draft.past:
        return draft
    return replace(
        draft,
        entries=draft.past[-1],
        past=draft.past[:-1],
        generation=draft.generation + 1,
    )


def problems(draft: Draft) -> dict[int, str]:
    """What keeps each field from being extracted, by the field's key."""
    found: dict[int, str] = {}
    for place, entry in enumerate(draft.entries):
        # Stand-ins before it: the message then names the field's own place.
        before: list[object] = [{"name": f"\0{number}"} for number in range(place)]
        try:
            parse_fields([*before, entry.field.model_dump(mode="json")])
        except FieldsError as error:
            found[entry.key] = error.message
    return found or _twin(draft)


def _twin(draft: Draft) -> dict[int, str]:
    """Fields that are fine one by one may still be no set: two of one name, or none at all."""
    try:
        parse_fields([entry.field.model_dump(mode="json") for entry in draft.entries])
    except FieldsError as error:
        names = [" ".join(one.field.name.split()).casefold() for one in draft.entries]
        twins = [at for at, name in enumerate(names) if name in names[:at]]
        return {draft.entries[twins[0]].key if twins else -1: error.message}
    return {}


def _changed(draft: Draft, entries: tuple[Entry, ...]) -> Draft:
    past = (*draft.past, draft.entries)[-MAX_UNDO:]
    return replace(draft, entries=entries, past=past)
