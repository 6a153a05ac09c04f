"""What a merchandiser does to the policy documents: add, replace and delete, and undo it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.db import Database
from core.errors import NotFoundError
from rag import documents
from rag.documents import Document

GONE = "There is no document “{name}” any more; somebody may have deleted it."
CHANGED = "Somebody has changed or deleted “{title}” meanwhile. Look at it again."


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one document.

    Attributes:
        before: As it was; None where it was not there.
        after: As it is now; None where it was deleted.
        version: Its version after the change.
    """

    name: str
    before: Document | None
    after: Document | None
    version: int


def add(db: Database, items: Sequence[Document]) -> list[Change]:
    """Store documents; one that came from the same file before is replaced.

    Returns:
        What was changed; nothing for those that say the same as before.
    """
    before = {item.name: item for item in documents.listing(db)}
    names = documents.put(db, items)
    return _changes(db, names, before)


def change_text(db: Database, seen: Document, item: Document) -> Change:
    """Put another file's text in the place of a document's, under its name.

    Raises:
        NotFoundError: It was changed or deleted since it was seen.
    """
    after = replace(item, name=seen.name)
    if not documents.rewrite(db, after, seen.version):
        raise NotFoundError(CHANGED.format(title=seen.title))
    return Change(seen.name, seen, after, seen.version + 1)


def delete(db: Database, seen: Document) -> Change:
    """Take a document out of the shop.

    Raises:
        NotFoundError: It was changed or deleted since it was seen.
    """
    if not documents.withdraw(db, seen.name, seen.version):
        raise NotFoundError(CHANGED.format(title=seen.title))
    return Change(seen.name, seen, None, seen.version + 1)


def undo(db: Database, changes: Sequence[Change]) -> int:
    """Make documents what they were before; returns how many.

    What somebody has changed since stays as it is.
    """
    return sum(
        documents.withdraw(db, change.name, change.version)
        if change.before is None
        else documents.rewrite(db, change.before, change.version)
        for change in changes
    )


def get(db: Database, name: str) -> Document:
    """One document of the shop.

    Raises:
        NotFoundError: There is none of this name.
    """
    found = documents.get(db, [name]).get(name)
    if found is None:
        raise NotFoundError(GONE.format(name=name))
    return found


def _changes(db: Database, names: Sequence[str], before: dict[str, Document]) -> list[Change]:
    after = documents.get(db, names)
    return [
        Change(name, before.get(name), after[name], after[name].version)
        for name in dict.fromkeys(names)
        if name in after and (name not in before or before[name].version != after[name].version)
    ]
