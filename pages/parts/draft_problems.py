"""What keeps a draft's fields from being extracted, told at the field that is to blame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from batch.field_keys import read_item
from batch.fields import parse_fields
from core.errors import FieldsError
from pages.parts.draft import OTHERS, Draft, Entries, checked_plan

#: Stands for what no single field is to blame for.
WHOLE = -1


def problems(draft: Draft) -> Mapping[int, str]:
    """Messages by the key of the entry, or :data:`WHOLE`; those that are not shown say whose."""
    found: dict[int, str] = {}
    for name in (OTHERS, *draft.sets.types):
        where = "" if name == draft.product_type else f"{name or 'All other products'}: "
        for key, message in _of_set(draft.sets.of[name]):
            found.setdefault(key, where + message)
    return found or _of_all(draft)


def _of_set(entries: Entries) -> Iterator[tuple[int, str]]:
    sound = True
    for position, entry in enumerate(entries, start=1):
        try:
            read_item(position, entry.field.model_dump(mode="json"))
        except FieldsError as error:
            sound = False
            yield entry.key, error.message
    if sound:
        yield from _twin(entries)


def _twin(entries: Entries) -> Iterator[tuple[int, str]]:
    """Fields that are fine one by one may still be no set: two of one name, or none at all."""
    try:
        parse_fields([entry.field.model_dump(mode="json") for entry in entries])
    except FieldsError as error:
        names = [" ".join(one.field.name.split()).casefold() for one in entries]
        twins = [at for at, name in enumerate(names) if name in names[:at]]
        yield (entries[twins[0]].key if twins else WHOLE), error.message


def _of_all(draft: Draft) -> Mapping[int, str]:
    """Sets that are fine one by one may still not go together."""
    try:
        checked_plan(draft)
    except FieldsError as error:
        return {WHOLE: error.message}
    return {}
