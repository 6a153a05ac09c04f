from __future__ import annotations

from pathlib import Path

import pytest

from core.db import Database
from core.errors import CatalogError
from rag import documents
from rag.documents import CHUNK_CHARS, split

TEXT = """# Returns and more

You have **60 days**.

## Refunds

See [the form](https://example.com/form).

### Cards

| Card | Days |
|---|---|
| Visa | 5 |
"""


def test_chunks_keep_title_and_heading_path() -> None:
    chunks = split("returns", TEXT)
    assert [chunk.id for chunk in chunks] == [f"policy:returns#{n}" for n in (1, 2, 3)]
    assert {chunk.title for chunk in chunks} == {"Returns and more"}
    assert [chunk.heading for chunk in chunks] == ["", "Refunds", "Refunds > Cards"]
    assert [chunk.text for chunk in chunks] == [
        "You have 60 days.",
        "See the form.",
        "Card | Days\nVisa | 5",
    ]


def test_long_sections_are_cut_further() -> None:
    chunks = split("long", "# Long\n\n" + "A sentence of some words. " * 200)
    assert len(chunks) > 3
    assert max(len(chunk.text) for chunk in chunks) <= CHUNK_CHARS


def test_text_without_headings_is_a_chunk() -> None:
    (chunk,) = split("gift-cards", "They never expire.")
    assert (chunk.title, chunk.heading) == ("Gift cards", "")


def test_only_changed_documents_are_pending_again(db: Database, tmp_path: Path) -> None:
    (tmp_path / "Re turns.md").write_text(TEXT)
    (tmp_path / "b.txt").write_text("Plain.")
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    assert documents.publish_documents(db, tmp_path) == 2
    assert [item.name for item in documents.listing(db)] == ["b", "re-turns"]
    for item in documents.pending(db, 10):
        documents.mark_indexed(db, item, 1)
    documents.publish_documents(db, tmp_path)
    assert documents.count_pending(db) == 0
    (tmp_path / "b.txt").write_text("Plainer.")
    documents.publish_documents(db, [tmp_path / "b.txt"])
    assert [item.name for item in documents.pending(db, 10)] == ["b"]
    assert documents.count_indexed_chunks(db) == 2


def test_change_during_indexing_stays_pending(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("one")
    documents.publish_documents(db, path)
    (old,) = documents.pending(db, 10)
    path.write_text("two")
    documents.publish_documents(db, path)
    documents.mark_indexed(db, old, 3)
    (new,) = documents.pending(db, 10)
    assert (new.text, new.chunks) == ("two", 3)


def test_withdrawn_document_can_come_back(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("one")
    documents.publish_documents(db, path)
    assert documents.withdraw_documents(db, ["a", "b"]) == 1
    assert documents.get(db, ["a"]) == {}
    documents.publish_documents(db, path)
    assert documents.versions(db) == {"a": 3}


def test_bad_folders_and_files_are_told(db: Database, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no policy documents"):
        documents.publish_documents(db, tmp_path)
    with pytest.raises(CatalogError, match="cannot be read"):
        documents.publish_documents(db, [tmp_path / "gone.md"])
    (tmp_path / "latin.md").write_bytes(b"caf\xe9")
    with pytest.raises(CatalogError, match="UTF-8"):
        documents.publish_documents(db, tmp_path)
