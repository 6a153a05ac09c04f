"""What shoppers asked in vain, and what has to be answered rightly, as a merchandiser sees it."""

from __future__ import annotations

import pytest

from batch.jobs import Job
from core import products
from core.db import Database
from core.products import Product
from core.settings import SAMPLE
from core.statuses import GapKind, GapStatus
from pages.parts import check_questions
from rag import documents, gaps, golden
from rag.gaps import Gap
from rag.golden import Expected
from tests.pages.conftest import FakeCounter, Open, button, keyed, policy, texts
from tests.pages.test_jobs import finished, job

__all__ = ["job"]
PATH = "pages/questions.py"


@pytest.fixture
def missed(db: Database) -> dict[str, Gap]:
    """Three questions in vain, one of them asked thrice."""
    products.publish(db, [Product("t1", "Halden $4 Tent")])
    near = ["product:t1"]
    for _ in range(3):
        gaps.record(
            db, "Is the tent fireproof?", GapKind.NO_FACT, missing="fireproof", nearest=near
        )
    gaps.record(db, "Do you wrap gifts?", GapKind.NO_POLICY, missing="gift wrapping")
    gaps.record(db, "Do you sell violins?", GapKind.NOT_SOLD)
    return {gap.question: gap for gap in gaps.listing(db)}


def test_nothing_unanswered_explains_itself(page: Open) -> None:
    shown = texts(page(PATH))
    assert "Nothing is unanswered" in shown
    assert "the question is kept here" in shown


def test_the_most_asked_comes_first_with_what_was_missing_and_nearest(
    page: Open, missed: dict[str, Gap]
) -> None:
    shown = texts(page(PATH)).replace("\\", "")
    assert shown.index("Is the tent") < shown.index("Do you wrap")
    assert "asked 3 times, last today" in shown
    assert "Missing: fireproof" in shown
    assert "Nearest: Halden $4 Tent" in shown
    assert "Details that shoppers ask for and your products do not have" in shown


def test_questions_are_closed_dismissed_and_opened_again(
    page: Open, db: Database, missed: dict[str, Gap]
) -> None:
    app = page(PATH)
    keyed(app, f"dismiss-{missed['Do you sell violins?'].id}").click().run()
    keyed(app, f"close-{missed['Do you wrap gifts?'].id}").click().run()
    assert [gap.question for gap in gaps.listing(db)] == ["Is the tent fireproof?"]
    assert len(gaps.listing(db, status=GapStatus.DISMISSED)) == 1
    app.segmented_control(key="gaps-state").set_value("Closed").run()
    keyed(app, "reopen-").click().run()
    assert len(gaps.listing(db)) == 2


def test_asking_again_tells_whether_the_shop_can_answer_now(
    page: Open, counter: FakeCounter, missed: dict[str, Gap]
) -> None:
    gap = missed["Do you wrap gifts?"]
    counter.passages = []
    app = keyed(page(PATH), f"ask-{gap.id}").click().run()
    assert "still cannot answer" in texts(app)
    counter.passages = [policy(1, "Gift wrapping", "We wrap.")]
    app = keyed(app, f"ask-{gap.id}").click().run()
    assert "can answer it now, from: Gift wrapping" in texts(app)
    assert counter.asked[-1][0] == "Do you wrap gifts?"


def test_a_missing_policy_is_written_at_once(
    page: Open, db: Database, missed: dict[str, Gap]
) -> None:
    app = keyed(page(PATH), f"write-{missed['Do you wrap gifts?'].id}").click().run()
    app.switch_page("pages/policies.py").run()
    assert app.text_input(key="new-policy-title").value == "gift wrapping"
    app.text_area(key="new-policy-text").set_value("We wrap for $4.")
    button(app, "Save").click().run()
    assert [item.title for item in documents.listing(db)] == ["gift wrapping"]


def test_a_missing_detail_becomes_a_field_of_the_published_job(
    page: Open, db: Database, missed: dict[str, Gap], job: Job
) -> None:
    finished(db, job)
    app = keyed(page(PATH), "want-fireproof").click().run()
    app.switch_page("pages/upload.py").run()
    names = [one.value for one in app.text_input if one.label == "Name"]
    assert names == ["color", "fireproof"]
    assert app.session_state["draft"].version_of.id == job.id


def test_without_a_job_the_next_catalog_gets_the_field(
    page: Open, db: Database, missed: dict[str, Gap]
) -> None:
    app = keyed(page(PATH), "want-fireproof").click().run()
    app.switch_page("pages/upload.py").run()
    app.file_uploader[0].upload("shop.csv", b"sku,name\nA1,Tent\n", "text/csv").run()
    assert "fireproof" in [one.field.name for one in app.session_state["draft"].entries]


def test_a_question_becomes_a_check_with_what_it_has_to_show(
    page: Open, db: Database, missed: dict[str, Gap]
) -> None:
    documents.publish_documents(db, SAMPLE / "policies" / "returns.md")
    app = keyed(page(PATH), f"check-{missed['Do you wrap gifts?'].id}").click().run()
    assert app.text_input(key="check-question").value == "Do you wrap gifts?"
    app = button(app, "Keep it").click().run()
    assert "what the answer has to show" in app.error[0].value
    app.multiselect(key="check-documents").set_value(["returns"])
    app.text_input(key="check-words").set_value("60 days; free")
    button(app, "Keep it").click().run()
    (one,) = golden.listing(db)
    assert one.question == "Do you wrap gifts?"
    assert one.expected == Expected(documents=("returns",), words=("60 days", "free"))


def test_check_questions_are_asked_now_and_told_apart(
    page: Open, db: Database, counter: FakeCounter
) -> None:
    documents.publish_documents(db, SAMPLE / "policies" / "returns.md")
    golden.add(db, "Until when can I return?", Expected(documents=("returns",)))
    golden.add(db, "What is free?", Expected(words=("over $75",)))
    app = page(PATH)
    app.session_state[check_questions.WANTED] = True
    app.run()
    assert r"Has to show\: Returns and Exchanges" in texts(app)
    app = keyed(app, "run-checks").click().run()
    assert r"1 of 2 questions answered wrongly" in texts(app)
    assert "“Returns and Exchanges” is not shown" in texts(app)
    app.toggle[0].set_value(False).run()
    assert golden.count(db) == 1
    keyed(app, "remove-").click().run()
    assert len(golden.listing(db)) == 1
