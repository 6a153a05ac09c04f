"""Reviewing as a person does it: correct in place, approve, undo, find, replace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from batch import review, undoing
from batch.columns import Columns
from batch.flags import Flag
from batch.jobs import Job
from batch.review import Reviewer
from batch.review_rows import load
from batch.reviewed import ReviewRow
from core.db import Database
from core.settings import Settings
from core.values import Origin, Value
from pages.parts.job_accuracy import accuracy_chart
from pages.parts.marked_text import Span, marked, read_html
from pages.parts.review_html import why_html
from tests.batch.reviewing import FIELDS, NOT_THERE, reviewed_job, reviewer, tent, value
from tests.batch.reviewing import texts as values
from tests.pages.conftest import Open, button, keyed, texts

FLAG = Flag("color", NOT_THERE, "NAVY & <b>")


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    """Twelve tents; the fifth and the sixth are flagged."""
    outcomes = [tent(number) for number in range(1, 13)]
    outcomes[4], outcomes[5] = tent(5, FLAG), tent(6, Flag(None, "The text speaks to the model"))
    return reviewed_job(settings, db, outcomes)


@pytest.fixture
def other(settings: Settings, db: Database, job: Job) -> Reviewer:
    """Somebody else."""
    return reviewer(settings, db, job, "somebody else")


def opened(page: Open, job: Job) -> AppTest:
    app = page("pages/review.py")
    app.query_params["job"] = job.id
    return app.run()


def row(who: Reviewer, row_no: int) -> ReviewRow:
    (found,) = load(who.settings, who.db, who.job, [row_no])
    return found


def rows_of(app: AppTest) -> list[int]:
    """The rows of the page, the open one too."""
    sitting = app.session_state["review-sitting"]
    return list(sitting.row_nos)


def open_no(app: AppTest) -> int:
    return int(app.session_state["review-sitting"].open_no)


def field(app: AppTest, job: Job, row_no: int, name: str, kind: str = "text_input") -> Any:
    return getattr(app, kind)(key=f"review-{job.id}-{row_no}-{name}")


def test_nothing_to_review_yet_teaches(page: Open) -> None:
    assert "Nothing to review yet" in texts(page("pages/review.py"))


def test_jobs_to_review_are_listed_with_how_many_rows_need_a_person(page: Open, job: Job) -> None:
    app = page("pages/review.py")
    assert "2 rows to look at" in texts(app)
    keyed(app, f"review-{job.id}").click().run()
    assert "### Review Tents" in texts(app)


def test_a_job_that_is_gone_is_told(page: Open, job: Job) -> None:
    app = page("pages/review.py")
    app.query_params["job"] = "gone"
    assert "There is no job gone" in app.run().error[0].value


def test_rows_that_need_a_person_come_first_with_their_text_and_why(page: Open, job: Job) -> None:
    app = opened(page, job)
    assert not app.exception
    assert rows_of(app)[:3] == [5, 6, 1]
    shown = texts(app)
    assert "? Not written in the row <i>NAVY &amp; &lt;b&gt;</i>" in shown
    assert "Navy blue and light" in shown
    assert field(app, job, 5, "color").value == "NAVY"
    assert field(app, job, 5, "audience", "selectbox").value is None
    assert field(app, job, 5, "tags", "multiselect").value == ["tent", "camping"]


def test_a_right_row_takes_one_press(page: Open, job: Job, other: Reviewer) -> None:
    app = opened(page, job)
    keyed(app, "review-approve").click().run()
    assert not app.exception
    assert row(other, 5).approved
    assert open_no(app) == 6
    assert "Approved row 5" in texts(app)
    assert "**1** to look at · **1** approved of 12 rows" in texts(app)


def test_a_value_is_corrected_in_place_and_undone_also_after_a_reload(
    page: Open, job: Job, other: Reviewer
) -> None:
    app = opened(page, job)
    field(app, job, 5, "color").set_value("Navy").run()
    assert values(other, 5)["color"] == "Navy"
    assert "by a person" in texts(app)
    visitor = app.session_state["visitor"]
    fresh = page("pages/review.py")
    fresh.session_state["visitor"] = visitor
    fresh.query_params["job"] = job.id
    fresh.run()
    undo = keyed(fresh, "review-undo")
    assert undo.label == "Undo color of row 5, “NAVY” to “Navy”"
    undo.click().run()
    assert values(other, 5)["color"] == "NAVY"
    assert field(fresh, job, 5, "color").value == "NAVY"
    assert keyed(fresh, "review-undo").disabled


def test_a_value_that_cannot_be_kept_stays_where_it_was_typed_with_the_reason(
    page: Open, job: Job, other: Reviewer
) -> None:
    app = opened(page, job)
    field(app, job, 5, "capacity").set_value("2 or 3").run()
    assert "“capacity” takes one number" in texts(app)
    assert field(app, job, 5, "capacity").value == "2 or 3"
    keyed(app, "review-approve").click().run()
    assert not row(other, 5).approved
    assert "could not be kept" in texts(app)
    field(app, job, 5, "capacity").set_value("2,5 l").run()
    assert field(app, job, 5, "capacity").value == "2.5"
    keyed(app, "review-approve").click().run()
    assert row(other, 5).approved


def test_values_of_every_kind_are_set_and_cleared(page: Open, job: Job, other: Reviewer) -> None:
    app = opened(page, job)
    field(app, job, 5, "audience", "selectbox").set_value("kids").run()
    field(app, job, 5, "tags", "multiselect").set_value(["tent"]).run()
    field(app, job, 5, "color").set_value("").run()
    assert values(other, 5) == {
        "brand": "Tarn",
        "capacity": "2",
        "audience": "kids",
        "tags": "tent",
    }


def test_who_comes_second_sees_what_the_other_did_and_chooses(
    page: Open, job: Job, other: Reviewer
) -> None:
    app = opened(page, job)
    review.edit(other, row(other, 5), {"color": "Dark blue"})
    field(app, job, 5, "color").set_value("Navy").run()
    assert values(other, 5)["color"] == "Dark blue"
    assert "Now it is “Dark blue”" in texts(app).replace("\\", "")
    assert field(app, job, 5, "color").value == "Navy", "what was typed is not lost"
    button(app, "Keep mine").click().run()
    assert values(other, 5)["color"] == "Navy"
    review.edit(other, row(other, 5), {"color": "Black"})
    field(app, job, 5, "color").set_value("Blue").run()
    button(app, "Take theirs").click().run()
    assert field(app, job, 5, "color").value == "Black"
    assert values(other, 5)["color"] == "Black"


def test_a_row_that_changed_meanwhile_is_shown_before_it_can_be_approved(
    page: Open, job: Job, other: Reviewer
) -> None:
    app = opened(page, job)
    review.edit(other, row(other, 5), {"color": "Black"})
    keyed(app, "review-approve").click().run()
    assert not row(other, 5).approved
    assert "Somebody else has changed row 5" in texts(app)
    assert field(app, job, 5, "color").value == "Black"
    keyed(app, "review-approve").click().run()
    assert row(other, 5).approved


def test_a_page_is_approved_at_once_and_undone_at_once(
    page: Open, job: Job, other: Reviewer
) -> None:
    app = opened(page, job)
    button(app, "Approve all 10 of this page").click().run()
    assert not app.exception
    assert rows_of(app) == [11, 12]
    assert row(other, 1).approved
    button(app, "Approve all 2 of this page").click().run()
    assert "All reviewed" in texts(app)
    keyed(app, "review-undo").click().run()
    keyed(app, "review-undo").click().run()
    assert not row(other, 1).approved


def test_rows_are_skipped_and_opened_by_hand(page: Open, job: Job) -> None:
    app = opened(page, job)
    keyed(app, "review-skip").click().run()
    assert open_no(app) == 6
    keyed(app, "review-open-3").click().run()
    assert open_no(app) == 3
    button(app, "Next page").click().run()
    assert rows_of(app) == [11, 12]
    button(app, "Page before").click().run()
    assert rows_of(app)[:2] == [5, 6]


def test_an_approved_row_can_be_reviewed_again(page: Open, job: Job, other: Reviewer) -> None:
    app = opened(page, job)
    keyed(app, "review-approve").click().run()
    keyed(app, "review-open-5").click().run()
    assert "Approved by you" in texts(app)
    button(app, "Review again").click().run()
    assert not row(other, 5).approved


def test_rows_are_found_by_words_and_by_doubt(page: Open, job: Job) -> None:
    app = opened(page, job)
    app.text_input(key=f"review-words-{job.id}").set_value("tent 12").run()
    assert rows_of(app) == [12]
    app.text_input(key=f"review-words-{job.id}").set_value("zeppelin").run()
    assert "No such row" in texts(app)
    keyed(app, "review-clear").click().run()
    assert rows_of(app)[0] == 5
    doubts = app.selectbox(key=f"review-doubt-{job.id}")
    assert doubts.options == [
        "Any doubt or none",
        "color: Not written in the row (1)",
        "The text speaks to the model (1)",
    ]
    doubts.select_index(1).run()
    assert rows_of(app) == [5]


def test_a_value_is_replaced_everywhere_after_a_look_and_undone(
    page: Open, job: Job, other: Reviewer
) -> None:
    app = opened(page, job)
    keyed(app, "review-replace").click().run()
    fields = app.selectbox(key="replace-field")
    fields.select_index(1).run()
    assert app.selectbox(key="replace-old-color").options == ["NAVY (12 rows)"]
    app.text_input(key="replace-new-color").set_value("Navy").run()
    assert "“NAVY” becomes “Navy” in 12 rows" in texts(app).replace("\\", "")
    keyed(app, "replace-do").click().run()
    assert not app.exception
    assert values(other, 12)["color"] == "Navy"
    undo = keyed(app, "review-undo")
    assert undo.label == "Undo “NAVY” to “Navy” in 12 rows \\(color\\)"
    undo.click().run()
    assert values(other, 12)["color"] == "NAVY"


def test_a_job_leads_to_its_review_and_says_how_right_the_model_was(
    page: Open, job: Job, other: Reviewer
) -> None:
    review.edit(other, row(other, 5), {"color": "Navy"})
    review.approve(other, load(other.settings, other.db, job, [5, 6]))
    app = page("pages/jobs.py")
    assert button(app, "Review")
    app.query_params["job"] = job.id
    app.run()
    shown = texts(app)
    assert "How right the model was" in shown
    assert "From 2 rows that people have approved, 2 of which were flagged" in shown
    # How many of them are left is a matter of chance: some of these two may be among them.
    assert "random row" in keyed(app, "review-random").label
    keyed(app, "review-random").click().run()
    app.switch_page("pages/review.py")
    app.query_params["job"] = job.id
    app.query_params["rows"] = "random"
    app.run()
    assert not app.exception
    assert "Chosen by chance" in texts(app)


def test_a_fair_sample_is_told_as_one(page: Open, job: Job, other: Reviewer) -> None:
    review.approve(other, load(other.settings, other.db, job, list(range(1, 13))))
    app = page("pages/jobs.py")
    app.query_params["job"] = job.id
    assert "a fair sample" in texts(app.run())


def test_an_accuracy_plot_has_its_numbers_in_words(job: Job, other: Reviewer) -> None:
    from batch import accuracy

    review.approve(other, load(other.settings, other.db, job, [1, 2]))
    drawn = accuracy_chart(accuracy.of_approved(other.db, job)).to_dict()
    assert "100% (2 of 2; 34% to 100%)" in str(drawn)


def test_values_are_marked_in_the_text_without_its_html() -> None:
    cell = "<p>Navy <b>tent</b> &amp; mat</p><p>2 &lt; 3</p>"
    spans = [Span(3, 7, 0), Span(3, 16, 1)]
    assert marked(cell, spans) == (
        '<mark class="sk-h1" data-field="A B">Navy<sup>A</sup></mark>'
        '<mark class="sk-h1" data-field="B"> tent<sup>B</sup></mark> &amp; mat\n2 &lt; 3'
    )


def _read(shown: ReviewRow, columns: Columns) -> str:
    return read_html(shown.result.original, columns, shown.result.values, FIELDS)


def test_what_stands_in_catalogs_and_answers_is_shown_as_text(
    settings: Settings, db: Database
) -> None:
    evil = "<script>alert(1)</script>"
    made = reviewed_job(settings, db, [tent(1, Flag("color", evil, evil), color=value(evil))])
    shown = row(reviewer(settings, db, made), 1)
    drawn = why_html(Value(evil, Origin.STATED, evil, 0, 1, raw=evil), shown.doubts(), evil)
    columns = Columns(text=("name", "about"))
    assert "<script" not in drawn + _read(shown, columns)


def test_a_correction_is_shown_where_it_stands_in_the_text(job: Job, other: Reviewer) -> None:
    review.edit(other, row(other, 5), {"color": "Navy"})
    drawn = _read(row(other, 5), job.columns)
    assert '<mark class="sk-h1" data-field="B">Navy<sup>B</sup></mark> blue and light' in drawn


@pytest.mark.parametrize(("row_nos", "said"), [([1], "approval of row 1"), ([1, 2], "2 rows")])
def test_acts_are_described_in_a_few_words(
    job: Job, other: Reviewer, row_nos: Sequence[int], said: str
) -> None:
    from pages.parts.review_acts import described

    review.approve(other, load(other.settings, other.db, job, row_nos))
    done = undoing.last(other)
    assert done is not None
    assert said in described(done)
