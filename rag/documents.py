"""Policy documents: stored whole, and how far the index knows them.

The ``documents`` table is the truth. Every change raises a document's version,
as with products. Knows nothing of the chunks in which they are searched.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from core.db import Database, upsert
from core.errors import CatalogError
from core.shop_tables import documents
from rag import reading

#: In the place of a file's name, where there was no file.
WRITTEN = "written here"
#: Leaves room for a number, within what the table holds.
NAME_CHARS = 180


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document.

    Attributes:
        name: Its id, made of its first file's name.
        text: Markdown that begins with the title.
        version: Raised by every change; 0 before it is stored.
        indexed_version: The version that the index knows.
        chunks: How many of its chunks are indexed.
        file_name: What it was read from; empty where that is not known.
        updated_at: When it was changed.
    """

    name: str
    title: str
    text: str
    version: int = 0
    indexed_version: int = 0
    chunks: int = 0
    file_name: str = ""
    deleted: bool = False
    updated_at: float = 0.0

    @property
    def indexed(self) -> bool:
        """Whether the index knows it as it is, so that it is found by its meaning, too."""
        return self.version == self.indexed_version


def publish_documents(db: Database, source: Path | Sequence[Path]) -> int:
    """Add or replace documents from a folder or from files; returns how many.

    Raises:
        CatalogError: The folder holds no documents, or a file cannot be read; nothing is changed.
    """
    found = [_read(path) for path in _files(source)]
    put(db, found)
    return len(found)


def document(file_name: str, data: bytes) -> Document:
    """A file as a document, not stored yet.

    Raises:
        CatalogError: It cannot be read; the message says what to do.
    """
    read = reading.read(file_name, data)
    return Document(_slug(Path(file_name).stem), read.title, read.text, file_name=file_name)


def written(title: str, text: str, file_name: str = WRITTEN) -> Document:
    """A text that a person has typed as a document, not stored yet.

    Raises:
        CatalogError: The title or the text is missing, or the text is too long.
    """
    read = reading.typed(title, text)
    return Document(_slug(title), read.title, read.text, file_name=file_name)


def put(db: Database, items: Sequence[Document]) -> list[str]:
    """Store documents, in place of those that came from a file of the same name.

    Returns:
        Under which name each is stored, in the same order. One whose name another
        file's document has is given another.
    """
    with db.write() as connection:
        stored = {row.name: row for row in connection.execute(documents.select())}
        files = {name: row.file_name for name, row in stored.items() if not row.deleted}
        named: dict[str, Document] = {}
        for item in items:
            name = _free_name(item, files)
            files[name] = item.file_name
            named[name] = replace(item, name=name)
        # An unchanged document keeps its version, so that it is not embedded again.
        changed = [item for item in named.values() if _differs(item, stored.get(item.name))]
        before = {name: row.version for name, row in stored.items()}
        upsert(connection, documents, [_stored(item, before.get(item.name, 0)) for item in changed])
    return list(named)


def rewrite(db: Database, item: Document, seen: int) -> bool:
    """Put a text in the place of a document's, unless it was changed since version ``seen``.

    Also brings back one that was withdrawn. Says whether it was done.
    """
    return _change(db, seen, _stored(item, seen))


def withdraw(db: Database, name: str, seen: int) -> bool:
    """Take a document out of the shop, unless it was changed since version ``seen``.

    The indexer then forgets it. Says whether it was done.
    """
    gone = {"deleted": True, "version": seen + 1, "updated_at": time.time()}
    return _change(db, seen, {"name": name, **gone})


def listing(db: Database) -> list[Document]:
    """The documents of the shop, in order of title."""
    return _select(db, documents.c.deleted.is_(False))


def get(db: Database, names: Iterable[str]) -> dict[str, Document]:
    """The documents of the shop among these names, by name."""
    found = _select(db, documents.c.name.in_(list(names)), documents.c.deleted.is_(False))
    return {item.name: item for item in found}


def versions(db: Database) -> dict[str, int]:
    """The version of every document of the shop, by name; cheap enough for every search."""
    with db.read() as connection:
        found = connection.execute(
            sa.select(documents.c.name, documents.c.version).where(documents.c.deleted.is_(False))
        )
        return {row.name: row.version for row in found}


def titles(db: Database) -> dict[str, str]:
    """The title of every document of the shop, by name, in order of title."""
    columns = sa.select(documents.c.name, documents.c.title).where(documents.c.deleted.is_(False))
    with db.read() as connection:
        found = connection.execute(columns.order_by(documents.c.title))
        return {row.name: row.title for row in found}


def pending(db: Database, limit: int) -> list[Document]:
    """Documents that the index does not know yet in this version, deleted ones included."""
    return _select(db, documents.c.version != documents.c.indexed_version)[:limit]


def count_pending(db: Database) -> int:
    """How many documents the index does not know yet."""
    with db.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).where(documents.c.version != documents.c.indexed_version)
        ).scalar_one()


def count_indexed_chunks(db: Database) -> int:
    """How many chunks the index holds, as far as the table knows."""
    total = sa.select(sa.func.coalesce(sa.func.sum(documents.c.chunks), 0))
    with db.read() as connection:
        return int(connection.execute(total).scalar_one())


def mark_indexed(db: Database, item: Document, chunks: int) -> None:
    """Note that the index holds this version in so many chunks; forgets a deleted one's text."""
    ours = documents.update().where(documents.c.name == item.name)
    same = ours.where(documents.c.version == item.version)
    # Its row stays: were it to come back, its versions must not begin again from 1.
    forgotten = {"text": ""} if item.deleted else {}
    with db.write() as connection:
        # The chunks are in the index even when the text has changed meanwhile.
        connection.execute(ours.values(chunks=chunks))
        connection.execute(same.values(indexed_version=item.version, **forgotten))


def reindex_all(db: Database) -> None:
    """Make every document pending, as after the loss of the index."""
    with db.write() as connection:
        connection.execute(documents.update().values(indexed_version=0, chunks=0))


def _files(source: Path | Sequence[Path]) -> list[Path]:
    if not isinstance(source, Path):
        return list(source)
    if source.is_file():
        return [source]
    files = sorted(path for path in source.glob("*") if path.suffix.lower() in reading.SUFFIXES)
    if not files:
        raise CatalogError(f"{source} holds no policy documents ({reading.FORMATS}).")
    return files


def _read(path: Path) -> Document:
    try:
        return document(path.name, path.read_bytes())
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error


def _slug(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:NAME_CHARS] or "document"


def _free_name(item: Document, files: Mapping[str, str]) -> str:
    """The name of the document that came from the same file; else one that nobody has."""
    if item.file_name != WRITTEN:
        same = (name for name, file in files.items() if file and file == item.file_name)
        if found := next(same, None):
            return found
        if files.get(item.name) == "":  # of which nobody knows the file
            return item.name
    wanted = (item.name, *(f"{item.name}-{number}" for number in range(2, len(files) + 3)))
    return next(name for name in wanted if name not in files)


def _differs(item: Document, row: sa.Row[Any] | None) -> bool:
    if row is None or row.deleted:
        return True
    return bool((row.text, row.title, row.file_name) != (item.text, item.title, item.file_name))


def _change(db: Database, seen: int, values: Mapping[str, object]) -> bool:
    same = (documents.c.name == values["name"]) & (documents.c.version == seen)
    with db.write() as connection:
        return connection.execute(documents.update().where(same).values(values)).rowcount == 1


def _select(db: Database, *conditions: sa.ColumnElement[bool]) -> list[Document]:
    with db.read() as connection:
        found = connection.execute(
            documents.select().where(*conditions).order_by(documents.c.title)
        ).mappings()
        return [_document(row) for row in found]


def _stored(item: Document, version: int) -> dict[str, object]:
    return {
        "name": item.name,
        "title": item.title,
        "text": item.text,
        "file_name": item.file_name,
        "version": version + 1,
        "deleted": False,
        "updated_at": time.time(),
    }


def _document(row: RowMapping) -> Document:
    return Document(**{name: row[name] for name in Document.__dataclass_fields__})
