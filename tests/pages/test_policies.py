"""The policy documents, as the person who keeps them sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.db import Database
from core.settings import SAMPLE
from pages.parts import policy_list
from rag import documents
from rag.exchange import Kind
from rag.live_mirror import LiveMirror
from tests.pages.conftest import Open, button, keyed, texts
from tests.rag.asking import worded
from tests.rag.office_files import docx, pdf

PATH = "pages/policies.py"


@pytest.fixture
def kept(db: Database, tmp_path: Path) -> None:
    """Two documents, one of which the index knows."""
    documents.publish_documents(db, [SAMPLE / "policies" / "returns.md"])
    for item in documents.pending(db, 9):
        documents.mark_indexed(db, item, 7)
    other = tmp_path / "gifts.txt"
    other.write_text("We wrap for $4, with <b>ribbons</b>.")
    documents.publish_documents(db, [other])


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    for name, data in files:
        app.file_uploader[0].upload(name, data, "application/octet-stream")
    return app.run()


def one_of(page: Open, name: str) -> AppTest:
    return keyed(page(PATH), f"open-{name}").click().run()


def titles(db: Database) -> list[str]:
    return [item.title for item in documents.listing(db)]


def test_without_documents_the_page_says_what_they_are_for(page: Open) -> None:
    shown = texts(page(PATH))
    assert "No policies yet" in shown
    assert "as soon as a document says it" in shown


def test_several_files_are_added_at_once_and_the_unreadable_ones_named(
    page: Open, db: Database
) -> None:
    app = upload(
        page(PATH),
        ("repairs.docx", docx()),
        ("opening.pdf", pdf([[(11, "We open at nine.")]])),
        ("scan.pdf", pdf([[]])),
    )
    assert titles(db) == ["Opening", "Repairs"]
    assert "2 documents added" in texts(app)
    (error,) = app.error
    assert "scan" in error.value
    assert "text recognition" in error.value
    keyed(app, "refused-seen").click().run()
    assert not app.error
    keyed(app, "undo-policies").click().run()
    assert titles(db) == []


def test_the_list_says_what_each_is_and_whether_it_can_be_found(page: Open, kept: None) -> None:
    shown = texts(page(PATH))
    assert r"returns\.md · 7 sections · 271 words · changed today" in shown
    assert "Can be found" in shown
    assert "Being indexed" in shown


def test_the_same_file_again_replaces_its_document_and_undo_brings_it_back(
    page: Open, db: Database, kept: None
) -> None:
    before = documents.get(db, ["gifts"])["gifts"].text
    app = upload(page(PATH), ("gifts.txt", b"# Gifts\n\nWrapping is free."))
    assert r"“Gifts” replaced" in texts(app)
    assert titles(db) == ["Gifts", "Returns and Exchanges"]
    keyed(app, "undo-policies").click().run()
    assert documents.get(db, ["gifts"])["gifts"].text == before


def test_the_same_words_again_change_nothing(page: Open, db: Database, kept: None) -> None:
    before = documents.versions(db)
    app = upload(page(PATH), ("returns.md", (SAMPLE / "policies/returns.md").read_bytes()))
    assert documents.versions(db) == before
    assert "nothing was changed" in app.session_state["to_tell"][0]


def test_a_document_is_shown_as_the_chat_sees_it(page: Open, kept: None) -> None:
    shown = texts(one_of(page, "returns"))
    assert "This is how the chat sees it" in shown
    assert "**What cannot be returned**" in shown
    assert r"You have 60 days from the delivery date" in shown
    assert r"We wrap for \$4, with ribbons\." in texts(one_of(page, "gifts"))


def test_a_document_is_edited_in_place(page: Open, db: Database, kept: None) -> None:
    app = keyed(one_of(page, "gifts"), "edit-policy").click().run()
    app.text_area[0].set_value("# Gift wrapping\n\nIt costs $5.")
    app = button(app, "Save").click().run()
    assert titles(db) == ["Gift wrapping", "Returns and Exchanges"]
    assert r"It costs \$5\." in texts(app)


def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(
    page: Open, db: Database, kept: None
) -> None:
    app = keyed(one_of(page, "gifts"), "edit-policy").click().run()
    app.text_area[0].set_value("# Mine\n\nIt costs $5.")
    theirs = documents.get(db, ["gifts"])["gifts"]
    documents.rewrite(db, documents.written("Theirs", "It costs $6.", "gifts.txt"), 99)
    assert documents.withdraw(db, "gifts", theirs.version)
    app = button(app, "Save").click().run()
    assert "no longer here" in app.error[0].value
    assert titles(db) == ["Returns and Exchanges"]


def test_another_file_takes_a_documents_place(page: Open, db: Database, kept: None) -> None:
    app = one_of(page, "gifts")
    app.file_uploader[0].upload("new.pdf", pdf([[(11, "Wrapping is free.")]]), "application/pdf")
    app.run()
    assert documents.get(db, ["gifts"])["gifts"].file_name == "new.pdf"
    assert "Wrapping is free" in documents.get(db, ["gifts"])["gifts"].text


def test_deleting_asks_first_and_can_be_undone(page: Open, db: Database, kept: None) -> None:
    app = keyed(one_of(page, "returns"), "delete-policy").click().run()
    assert "no longer answers from" in texts(app)
    assert len(titles(db)) == 2
    app = keyed(app, "confirm-policy").click().run()
    assert titles(db) == ["Gifts"]
    # The index has forgotten it meanwhile.
    for item in documents.pending(db, 9):
        documents.mark_indexed(db, item, 0)
    app.run()
    keyed(app, "undo-policies").click().run()
    assert titles(db) == ["Gifts", "Returns and Exchanges"]
    assert "60 days" in documents.get(db, ["returns"])["returns"].text


def test_a_policy_is_written_on_the_page(page: Open, db: Database, kept: None) -> None:
    app = button(page(PATH), "Write one here").click().run()
    app = button(app, "Save").click().run()
    assert "The title is missing" in app.error[0].value.replace("\\", "")
    app.text_input(key="new-policy-title").set_value("Gifts")
    app.text_area(key="new-policy-text").set_value("We wrap nothing.")
    button(app, "Save").click().run()
    (mine,) = [one for one in documents.listing(db) if one.file_name == documents.WRITTEN]
    assert mine.name == "gifts-2", "what was uploaded under this name is not overwritten"


def test_a_long_list_is_searched_by_words(
    page: Open, kept: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_list, "SEARCHED_FROM", 2)
    app = page(PATH)
    app.text_input(key="policies-search").set_value("RIBBONS").run()
    opened = [one.key for one in app.button if (one.key or "").startswith("open-")]
    assert opened == ["open-gifts"]
    app.text_input(key="policies-search").set_value("nowhere").run()
    assert "No document says that" in texts(app)


def test_an_unknown_document_leads_back_to_the_list(page: Open, kept: None) -> None:
    app = page(PATH)
    app.query_params["document"] = "gone"
    app.run()
    assert "no longer here" in app.error[0].value
    assert keyed(app, "open-returns")


def test_what_is_uploaded_is_found_by_its_words_at_the_next_question(
    page: Open, db: Database, kept: None
) -> None:
    mirror = LiveMirror(db)
    mirror.refresh(now=0)
    assert worded(mirror, "Who mends zips and poles?", Kind.POLICY) == set()
    app = upload(page(PATH), ("repairs.docx", docx()))
    mirror.refresh(now=2)
    assert "policy:repairs#1" in worded(mirror, "Do you repair zips and poles?", Kind.POLICY)
    keyed(app, "undo-policies").click().run()
    mirror.refresh(now=4)
    assert worded(mirror, "Do you repair zips and poles?", Kind.POLICY) == set()
