"""Policy documents: stored whole, searched in chunks cut at their headings.

The ``documents`` table is the truth; a chunk is computed from it whenever it
is needed, so a chunk's id always leads back to its text. Every change raises a
document's version, as with products.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter
from sqlalchemy.engine import RowMapping

from core.db import Database, upsert
from core.errors import CatalogError
from core.shop_tables import documents
from rag.markup import plain_markdown

SUFFIXES = frozenset({".md", ".markdown", ".txt"})
HEADINGS = [("#", "1"), ("##", "2"), ("###", "3"), ("####", "4")]
#: About 220 tokens: the embedding reads 256, and three must fit in a small model's prompt.
CHUNK_CHARS = 800
OVERLAP_CHARS = 80


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document; ``chunks`` is how many of its chunks are indexed."""

    name: str
    title: str
    text: str
    version: int = 0
    chunks: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document under one heading.

    Attributes:
        id: ``policy:<document>#<number>``, numbered from 1 in reading order.
        title: The document's title.
        heading: Headings that lead to it below the title, joined by ``>``; may be empty.
        text: Plain text.
    """

    id: str
    title: str
    heading: str
    text: str


def publish_documents(db: Database, source: Path | Sequence[Path]) -> int:
    """Add or replace documents from a folder or from files; returns how many.

    Raises:
        CatalogError: The folder holds no documents, or a file is not UTF-8 text.
    """
    found = [_read(path) for path in _files(source)]
    with db.write() as connection:
        stored = {row.name: row for row in connection.execute(documents.select())}
        # An unchanged document keeps its version, so that it is not embedded again.
        changed = [
            item
            for item in found
            if (row := stored.get(item.name)) is None or row.deleted or row.text != item.text
        ]
        before = {name: row.version for name, row in stored.items()}
        upsert(connection, documents, [_stored(item, before.get(item.name, 0)) for item in changed])
    return len(found)


def withdraw_documents(db: Database, names: Sequence[str]) -> int:
    """Take documents out of the shop; the indexer then forgets them. Returns how many."""
    with db.write() as connection:
        result = connection.execute(
            documents.update()
            .where(documents.c.name.in_(names), documents.c.deleted.is_(False))
            .values(deleted=True, version=documents.c.version + 1, updated_at=time.time())
        )
        return result.rowcount


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
    """Note that the index holds this version in so many chunks; forgets a deleted one."""
    same = (documents.c.name == item.name) & (documents.c.version == item.version)
    with db.write() as connection:
        if item.deleted:
            connection.execute(documents.delete().where(same))
        else:
            # The chunks are in the index even when the text has changed meanwhile.
            connection.execute(
                documents.update().where(documents.c.name == item.name).values(chunks=chunks)
            )
            connection.execute(documents.update().where(same).values(indexed_version=item.version))


def reindex_all(db: Database) -> None:
    """Make every document pending, as after the loss of the index."""
    with db.write() as connection:
        connection.execute(documents.update().values(indexed_version=0, chunks=0))


@lru_cache(maxsize=512)
def split(name: str, text: str) -> tuple[Chunk, ...]:
    """Cut a Markdown text at its headings, and long sections further."""
    sections = MarkdownHeaderTextSplitter(HEADINGS, strip_headers=True).split_text(text)
    sizes = RecursiveCharacterTextSplitter(chunk_size=CHUNK_CHARS, chunk_overlap=OVERLAP_CHARS)
    title = _title(name, text)
    parts = [
        (_path(section.metadata), part)
        for section in sections
        for part in sizes.split_text(plain_markdown(section.page_content))
    ]
    return tuple(
        Chunk(id=f"policy:{name}#{number}", title=title, heading=heading, text=part)
        for number, (heading, part) in enumerate(parts, start=1)
    )


def _path(headings: Mapping[str, str]) -> str:
    return " > ".join(headings[level] for level in "234" if level in headings)


def _files(source: Path | Sequence[Path]) -> list[Path]:
    if not isinstance(source, Path):
        return list(source)
    if source.is_file():
        return [source]
    files = sorted(path for path in source.glob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise CatalogError(f"{source} holds no policy documents (.md or .txt files).")
    return files


def _read(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "document"
    return Document(name=name, title=_title(name, text), text=text)


def _title(name: str, text: str) -> str:
    heading = re.search(r"^#\s+(.+?)\s*#*\s*$", text, re.MULTILINE)
    return heading[1] if heading else name.replace("-", " ").capitalize()


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
        "version": version + 1,
        "deleted": False,
        "updated_at": time.time(),
    }


def _document(row: RowMapping) -> Document:
    return Document(**{name: row[name] for name in Document.__dataclass_fields__})
