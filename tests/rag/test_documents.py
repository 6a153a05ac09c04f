from __future__ import annotations

from pathlib import Path

import pytest

from core.db import Database
from core.errors import CatalogError
from rag import document_changes, documents
from rag.chunking import CHUNK_CHARS, split
from rag.documents import Document
from tests.conftest import on_both

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
    assert (new.text, new.chunks) == ("# A\n\ntwo\n", 3)


def test_withdrawn_document_can_come_back(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("one")
    documents.publish_documents(db, path)
    assert documents.withdraw(db, "a", 1)
    assert not documents.withdraw(db, "a", 1)
    assert documents.get(db, ["a"]) == {}
    documents.publish_documents(db, path)
    assert documents.versions(db) == {"a": 3}


def test_versions_go_on_after_the_index_has_forgotten_a_document(
    db: Database, tmp_path: Path
) -> None:
    path = tmp_path / "a.md"
    path.write_text("one")
    documents.publish_documents(db, path)
    documents.withdraw(db, "a", 1)
    (gone,) = documents.pending(db, 10)
    documents.mark_indexed(db, gone, 0)
    assert documents.count_pending(db) == 0
    path.write_text("two")
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


def file(name: str, text: str) -> Document:
    return documents.document(name, text.encode())


def test_files_of_one_stem_do_not_overwrite_each_other(db: Database) -> None:
    names = documents.put(db, [file("returns.md", "# A\n\none"), file("Returns.txt", "two")])
    assert names == ["returns", "returns-2"]
    assert documents.put(db, [file("Returns.txt", "three")]) == ["returns-2"]
    assert [item.title for item in documents.listing(db)] == ["A", "Returns"]
    assert documents.document("Rückgabe & Versand.md", b"x").name == "ruckgabe-versand"


@on_both
def test_additions_replacements_and_deletions_are_undone(db: Database) -> None:
    added = document_changes.add(db, [file("a.md", "# A\n\none"), file("b.md", "# B\n\none")])
    assert [change.before for change in added] == [None, None]
    replaced = document_changes.add(db, [file("a.md", "# A\n\ntwo"), file("b.md", "# B\n\none")])
    assert [change.name for change in replaced] == ["a"]
    assert document_changes.undo(db, replaced) == 1
    assert documents.get(db, ["a"])["a"].text == "# A\n\none\n"
    deleted = document_changes.delete(db, documents.get(db, ["b"])["b"])
    assert set(documents.versions(db)) == {"a"}
    assert document_changes.undo(db, [deleted]) == 1
    assert set(documents.versions(db)) == {"a", "b"}


def test_undo_leaves_alone_what_somebody_has_changed_since(db: Database) -> None:
    added = document_changes.add(db, [file("a.md", "# A\n\none"), file("b.md", "# B\n\none")])
    documents.put(db, [file("a.md", "# A\n\ntheirs")])
    assert document_changes.undo(db, added) == 1
    assert [item.text for item in documents.listing(db)] == ["# A\n\ntheirs\n"]


def test_chapters_of_the_titles_rank_keep_their_headings() -> None:
    titled = documents.document(
        "p.md", b"# Policy\n\n# Returns\n\nx\n\n## Cost\n\ny\n\n# Gifts\n\nz"
    )
    assert [chunk.heading for chunk in split("p", titled.text)] == [
        "Returns",
        "Returns > Cost",
        "Gifts",
    ]
    assert {chunk.title for chunk in split("p", titled.text)} == {"Policy"}
    untitled = documents.document("my_policy.md", b"Returns\n===\n\nx\n\nGifts\n===\n\nz")
    assert untitled.title == "My policy"
    assert [chunk.heading for chunk in split("p", untitled.text)] == ["Returns", "Gifts"]


def test_signs_that_markdown_was_told_to_leave_alone_are_read_without_the_telling() -> None:
    (chunk,) = split("a", "# A\n\n1\\. Pay \\$5 for \\*each\\*.")
    assert chunk.text == "1. Pay $5 for *each*."
