"""Jobs as people see them: progress, decisions, results, publishing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from batch import budget, control, jobs, rows, runs, sent, uploads
from batch.budget import Budget
from batch.extract import Outcome
from batch.fields import Field
from batch.jobs import Job
from batch.pace import Sample
from batch.plan import Plan
from batch.submission import submit
from core import products, releases
from core.db import Database
from core.errors import JobError
from core.people import Person
from core.products import Product
from core.remote_batch import RemoteBatch
from core.roles import Role
from core.schema import jobs as jobs_table
from core.settings import Settings
from core.statuses import JobStatus, Lane, RowStatus
from core.usage import Call, Tokens
from core.values import Value
from pages.parts.entry import open_settings
from pages.parts.job_card import counts_html
from pages.parts.speed import sparkline_html, speed_chart, speeds
from pages.parts.words import zone
from rag import checks, golden
from rag.checks import Compared
from rag.golden import Expected
from tests.pages.conftest import Open, button, keyed, texts

CSV = b"sku,name,text\nA1,Tent,Sleeps four\nA2,Mat,Blue\nA3,Pot,Steel\n"


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    upload = uploads.store(settings, db, "shop.csv", io.BytesIO(CSV))
    columns = uploads.guess(settings, upload)
    return submit(db, upload.id, columns, Plan((Field(name="color"),)), "Spring $5 <b>")


def ended(db: Database, job: Job, outcomes: Sequence[Outcome], **changes: Any) -> None:
    """Store results as the worker would, and how the job stands."""
    if outcomes:
        rows.record(db, job.id, 0, outcomes, job.run)
    with db.write() as connection:
        connection.execute(sa.update(jobs_table).where(jobs_table.c.id == job.id).values(changes))


def finished(db: Database, job: Job) -> None:
    done = [
        Outcome(1, RowStatus.DONE, {"color": Value("green")}, tokens=Tokens(10, 2)),
        Outcome(2, RowStatus.DONE, {"color": Value("blue")}, tokens=Tokens(10, 2)),
        Outcome(3, RowStatus.FAILED, error="The model's answer was not valid JSON."),
    ]
    ended(db, job, done, status=JobStatus.DONE, started_at=1000.0, finished_at=1200.0)


def details(page: Open, job: Job) -> AppTest:
    app = page("pages/jobs.py")
    app.query_params["job"] = job.id
    return app.run()


def test_no_jobs_yet_teaches(page: Open) -> None:
    assert "No jobs yet" in texts(page("pages/jobs.py"))


def test_a_card_says_where_a_job_stands(page: Open, job: Job, db: Database) -> None:
    finished(db, job)
    shown = texts(page("pages/jobs.py"))
    assert "Spring \\$5 \\<b\\>" in shown
    assert "Finished" in shown
    assert "<b>2</b> of 3 rows done" in shown
    assert "<b>1</b> failed" in shown
    assert "took 3 min 20 s" in shown
    assert "24 tokens" in shown


@pytest.fixture
def sent_job(settings: Settings, db: Database) -> Job:
    """A job of which a provider has two batches."""
    upload = uploads.store(settings, db, "shop.csv", io.BytesIO(CSV))
    columns = uploads.guess(settings, upload)
    job = submit(db, upload.id, columns, Plan((Field(name="color"),)), "Far", provider="far_away")
    runs.begin(db, job.id, job.run)
    for row_nos, answered in (([1, 2], 2), ([3], 0)):
        batch = sent.begin(db, job, "far_away", row_nos)
        assert batch is not None
        remote = RemoteBatch(f"batch_{row_nos[0]}", "in_progress", answered, "f", None, None)
        sent.mark_sent(db, batch, remote)
        (known,) = (one for one in sent.open_batches(db, job.id) if one.id == batch.id)
        sent.note(db, known, remote)
    return job


def test_a_job_at_a_provider_says_how_far_it_is_there(
    page: Open, sent_job: Job, db: Database
) -> None:
    shown = texts(page("pages/jobs.py"))
    assert "Sent to far\\_away in 2 batches · 2 of 3 answered there" in shown
    assert "warming up" not in shown
    runs.tell(db, sent_job.id, sent_job.run, "far_away cannot be reached.")
    app = page("pages/jobs.py")
    assert "cannot be reached" in app.warning[0].value
    button(app, "Pause").click().run()
    assert "Being cancelled at far\\_away" in texts(app)


def test_pause_and_resume(page: Open, job: Job, db: Database) -> None:
    app = page("pages/jobs.py")
    button(app, "Pause").click().run()
    assert jobs.get(db, job.id).status is JobStatus.PAUSED
    button(app, "Resume").click().run()
    assert jobs.get(db, job.id).status is JobStatus.QUEUED
    assert not app.exception


def test_cancel_is_confirmed_first(page: Open, job: Job, db: Database) -> None:
    app = page("pages/jobs.py")
    button(app, "Cancel").click().run()
    assert jobs.get(db, job.id).status is JobStatus.QUEUED
    keyed(app, "confirm-job").click().run()
    assert jobs.get(db, job.id).status is JobStatus.CANCELLED


def test_delete_is_confirmed_first(page: Open, job: Job, db: Database) -> None:
    finished(db, job)
    app = details(page, job)
    button(app, "Delete").click().run()
    assert jobs.listing(db)
    keyed(app, "confirm-job").click().run()
    assert not jobs.listing(db)
    assert "No jobs yet" in texts(app)


def test_failed_rows_are_retried(page: Open, job: Job, db: Database) -> None:
    finished(db, job)
    app = page("pages/jobs.py")
    button(app, "Retry 1 failed").click().run()
    again = jobs.get(db, job.id)
    assert (again.status, again.run, again.failed) == (JobStatus.QUEUED, 2, 0)


def test_a_decision_that_came_too_late_is_told(
    page: Open, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(db: Database, job_id: str) -> None:
        raise JobError("“Spring” is not running, so it cannot pause.")

    monkeypatch.setattr(control, "pause", pause)
    app = page("pages/jobs.py")
    button(app, "Pause").click().run()
    assert not app.exception
    assert "cannot pause" in app.session_state["to_tell"][0]


def test_what_is_to_be_told_outlives_a_redraw_and_is_told_once() -> None:
    def script() -> None:
        import streamlit as st

        from pages.parts.telling import show_told, tell

        show_told()
        if st.button("Do it"):
            tell("Too *late*.", problem=True)
            st.rerun()

    app = AppTest.from_function(script).run()
    app.button[0].click().run()
    assert app.toast[0].value == "Too \\*late\\*\\."
    assert not app.run().toast


def test_results_are_a_table(page: Open, job: Job, db: Database) -> None:
    finished(db, job)
    app = details(page, job)
    table = app.dataframe[0].value
    assert list(table.index) == [1, 2, 3]
    assert list(table["color"]) == ["green", "blue", ""]
    assert list(table["State"]) == ["✓ done", "✓ done", "✕ failed"]
    assert "not valid JSON" in table["Notes"][3]


def test_any_row_of_a_long_table_is_one_step_away(
    page: Open, settings: Settings, db: Database
) -> None:
    lines = [f"A{number},Tent {number}" for number in range(1, 1_001)]
    upload = uploads.store(
        settings, db, "x.csv", io.BytesIO("\n".join(["sku,name", *lines]).encode())
    )
    long = submit(db, upload.id, uploads.guess(settings, upload), Plan((Field(name="x"),)), "Long")
    app = details(page, long)
    assert list(app.dataframe[0].value.index) == list(range(1, 101))
    app.number_input[0].set_value(634).run()
    assert not app.exception
    assert list(app.dataframe[0].value.index) == list(range(601, 701))
    assert list(app.dataframe[0].value["sku"])[33] == "A634"


def test_failed_rows_show_their_reason(page: Open, job: Job, db: Database) -> None:
    finished(db, job)
    app = details(page, job)
    app.radio[0].set_value("Failed (1)").run()
    table = app.dataframe[0].value
    assert list(table.index) == [3]
    assert "not valid JSON" in table["Reason"][3]


def test_waiting_rows_are_in_the_table_too(page: Open, job: Job) -> None:
    app = details(page, job)
    assert set(app.dataframe[0].value["State"]) == {"… waiting"}


def test_publishing_puts_products_on_their_way_to_the_chat(
    page: Open, job: Job, db: Database
) -> None:
    finished(db, job)
    app = details(page, job)
    button(app, "Publish to chat (2 products)").click().run()
    assert not app.exception
    assert products.count(db) == 2
    assert products.get(db, ["A1"])["A1"].values["color"].value == "green"
    assert app.get("progress")[-1].proto.text == "Filling the shelves: 2 to go"
    assert button(app, "Publish again")


def test_what_was_published_is_taken_back_after_a_question(
    page: Open, job: Job, db: Database
) -> None:
    finished(db, job)
    app = details(page, job)
    button(app, "Publish to chat").click().run()
    assert "Published today" in texts(app)
    keyed(app, "undo-release-").click().run()
    assert "become what they were before" in texts(app)
    assert products.count(db) == 2
    keyed(app, "confirm-release").click().run()
    assert products.count(db) == 0
    assert jobs.get(db, job.id).published_at is None
    assert button(app.run(), "Publish to chat")


def test_what_would_change_is_seen_before_anybody_sees_it(
    page: Open, job: Job, db: Database
) -> None:
    products.publish(
        db, [Product("A1", "Tent 1", values={"color": Value("red")}), Product("Z", "Z")]
    )
    finished(db, job)
    app = details(page, job)
    keyed(app, "look-").click().run()
    counts = {one.label: one.value for one in app.metric}
    assert (counts["New"], counts["Changed"], counts["Stay the same"]) == ("1", "1", "0")
    changed = next(one.value for one in app.dataframe if "What" in one.value)
    assert "color: red → green" in changed["What"][0]
    assert products.get(db, ["A1"])["A1"].values["color"].value == "red"
    next(one for one in app.checkbox if (one.key or "").startswith("alone-")).check().run()
    counts = {one.label: one.value for one in app.metric}
    assert counts["Leave the shelves"] == "1"
    keyed(app, "switch-").click().run()
    assert set(products.get(db, ["A1", "A2", "Z"])) == {"A1", "A2"}


def test_a_look_can_be_left_without_any_trace(page: Open, job: Job, db: Database) -> None:
    finished(db, job)
    app = details(page, job)
    keyed(app, "look-").click().run()
    keyed(app, "discard-").click().run()
    assert products.count(db) == 0
    assert button(app, "Publish to chat")


def test_check_questions_are_asked_before_a_publication(
    page: Open, job: Job, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden.add(db, "Any tents?", Expected(products=("A1",)))
    golden.add(db, "Any boats?", Expected(refusal=True))
    found = [
        Compared("Any tents?", True, False, ("“Tent 1” is not shown.",), ("Tent 1",), ()),
        Compared("Any boats?", True, True, (), (), ()),
    ]

    def compare(db: Database, counter: object, release_id: str, show: object) -> list[Compared]:
        releases.note(db, release_id, {checks.CHECKS: [one.to_json() for one in found]})
        return found

    monkeypatch.setattr(checks, "compare", compare)
    finished(db, job)
    app = details(page, job)
    assert "2 check questions will be asked first" in texts(app)
    button(app, "Publish to chat").click().run()
    assert products.count(db) == 0, "first it shows what would change"
    assert "**1 check question** answered rightly now would be answered wrongly" in texts(app)
    table = next(one.value for one in app.dataframe if "Check question" in one.value)
    assert table.to_dict("records")[0]["After"] == "✕ wrong"
    assert table.to_dict("records")[0]["Why"] == "“Tent 1” is not shown."
    keyed(app, "switch-").click().run()
    assert products.count(db) == 2


def test_a_job_that_is_gone_is_told_above_the_others(page: Open, job: Job) -> None:
    app = page("pages/jobs.py")
    app.query_params["job"] = "gone"
    app.run()
    assert "There is no job gone" in app.error[0].value
    assert button(app, "Open")


def test_the_reason_of_a_stopped_job_is_text(page: Open, job: Job, db: Database) -> None:
    ended(db, job, [], status=JobStatus.FAILED, reason="The key [x](http://y) was refused.")
    app = page("pages/jobs.py")
    assert "\\[x\\]" in app.error[0].value


def samples(*counts: int) -> list[Sample]:
    return [Sample(100.0 + at, done, 0, done, Tokens()) for at, done in enumerate(counts)]


def test_speed_is_what_was_added_a_second() -> None:
    assert speeds(samples(0, 5, 15)) == [(101.0, 5.0), (102.0, 10.0)]


def test_retried_rows_are_no_negative_speed() -> None:
    assert [rate for _, rate in speeds(samples(0, 5, 2))] == [5.0, 0]


def test_a_long_history_is_thinned() -> None:
    assert len(speeds(samples(*range(1000)))) <= 120


def test_a_history_that_was_thinned_is_drawn_evenly_in_time() -> None:
    early = [Sample(100.0 + at, at, 0, at, Tokens()) for at in range(100)]
    late = [Sample(200.0 + 100 * at, 100 * at, 0, at, Tokens()) for at in range(10)]
    moments = [at for at, _ in speeds([*early, *late], at_most=11)]
    gaps = [after - before for before, after in pairwise(moments)]
    assert all(90 <= gap <= 110 for gap in gaps)


def test_plots_wait_for_something_to_show() -> None:
    assert sparkline_html(samples(0, 1)) == ""
    assert speed_chart(samples(0, 1), zone("UTC")) is None
    assert "<i style" in sparkline_html(samples(0, 5, 15))
    assert speed_chart(samples(0, 5, 15), zone("UTC")) is not None


def test_counts_speak_of_what_is_there(job: Job) -> None:
    assert counts_html(job) == ("<span><b>0</b> of 3 rows done</span> · <span>3 left</span>")


def broken(db: Database, job: Job) -> None:
    cut = "The model's answer was cut off before its end."
    odd = "No value for the required color."
    failures = [
        Outcome(1, RowStatus.FAILED, error=cut, reason=cut, raw='{"color": "gr'),
        Outcome(2, RowStatus.FAILED, error=cut, reason=cut),
        Outcome(3, RowStatus.FAILED, error=odd, reason=odd),
    ]
    ended(db, job, failures, status=JobStatus.DONE, started_at=1000.0, finished_at=1200.0)


def test_failed_rows_are_grouped_by_reason_and_retried_with_more_room(
    page: Open, job: Job, db: Database
) -> None:
    broken(db, job)
    app = details(page, job)
    app.radio(key=f"view-{job.id}").set_value("Failed (3)").run()
    reasons = app.radio(key=f"reason-{job.id}")
    assert [line.split("**")[1] for line in reasons.options] == ["3", "2", "1"]
    assert app.code[0].value == '{"color": "gr'
    reasons.set_value("The model's answer was cut off before its end.").run()
    app.select_slider(key=f"room-failed-{job.id}").set_value("Four times").run()
    button(app, "Retry these 2 rows").click().run()
    assert not app.exception
    again = jobs.get(db, job.id)
    assert (again.run, again.failed, again.patience) == (2, 1, 4.0)


def test_fields_can_be_changed_and_run_again_as_a_new_version(
    page: Open, job: Job, db: Database
) -> None:
    finished(db, job)
    app = details(page, job)
    button(app, "Change fields and run again").click().run()
    assert app.title[0].value == "Find product details"
    assert app.session_state["upload_step"] == "FIELDS"
    app.switch_page("pages/upload.py").run()
    button(app, "4\\. Try").click().run()
    assert "version 1 is kept" in texts(app)
    button(app, "Start with 3 rows").click().run()
    assert not app.exception
    second, first = jobs.listing(db)
    assert (second.version, first.version, first.done) == (2, 1, 2)
    app = details(page, second)
    assert "This is version 2" in texts(app)
    button(app, "Version 1: finished").click().run()
    assert app.query_params["job"] in (job.id, [job.id])


def test_a_job_whose_budget_is_used_up_goes_on_with_a_larger_one(
    page: Open, job: Job, db: Database
) -> None:
    control.pause(db, job.id)
    control.resume(db, job.id, Budget(0.5, "USD"))
    call = Call(Lane.BATCH, "priced", "m", Tokens(10, 2), 1.0, cost=0.5)
    runs.begin(db, job.id, 2)
    rows.record(db, job.id, 0, [Outcome(1, RowStatus.DONE, calls=(call,))], 2)
    app = page("pages/jobs.py")
    assert "$0.50 of $0.50 spent" in texts(app)
    budget.stop(db, job.id, 2)
    app.run()
    shown = texts(app)
    assert "1 row is done, 2 left" in shown
    assert not [one for one in app.button if one.label == "Resume"], "it would be refused"
    assert app.number_input[0].value == 1.0
    app.number_input[0].set_value(0.25)
    button(app, "Raise and resume (2 rows left)").click().run()
    assert jobs.get(db, job.id).status is JobStatus.PAUSED, "less than what is spent"
    app.number_input[0].set_value(2.0)
    button(app, "Raise and resume").click().run()
    assert not app.exception
    again = jobs.get(db, job.id)
    assert (again.status, again.budget) == (JobStatus.QUEUED, Budget(2.0, "USD"))
    assert "$0.50 of $2.00 spent" in texts(app)


def test_who_may_not_spend_more_is_told_who_can_raise_the_budget(
    page: Open, job: Job, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    mia = Person("mia", "Mia", Role.MERCHANDISER)
    monkeypatch.setattr("pages.parts.entry.person_here", lambda settings, db: mia)
    monkeypatch.setenv("SHOPKEEPER_JOB_BUDGET", "1")
    open_settings.clear()
    control.pause(db, job.id)
    control.resume(db, job.id, Budget(0.5, "USD"))
    call = Call(Lane.BATCH, "priced", "m", Tokens(10, 2), 1.0, cost=0.5)
    runs.begin(db, job.id, 2)
    rows.record(db, job.id, 0, [Outcome(1, RowStatus.DONE, calls=(call,))], 2)
    budget.stop(db, job.id, 2)
    app = page("pages/jobs.py")
    assert (app.number_input[0].value, app.number_input[0].max) == (1.0, 1.0)
    button(app, "Raise and resume").click().run()
    assert jobs.get(db, job.id).budget == Budget(1.0, "USD")
    rows.record(db, job.id, 0, [Outcome(2, RowStatus.DONE, calls=(call,))], 3)
    budget.stop(db, job.id, 3)
    app.run()
    assert "Ask an administrator to raise the budget" in texts(app)
    assert not [one for one in app.button if one.label.startswith("Raise and resume")]


def test_rows_that_are_read_again_count_against_what_a_job_may_cost(
    page: Open, job: Job, db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mia = Person("mia", "Mia", Role.MERCHANDISER)
    monkeypatch.setattr("pages.parts.entry.person_here", lambda settings, db: mia)
    endpoint = '[[endpoint]]\nname = "dear"\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
    (tmp_path / "priced.toml").write_text(f"{endpoint}slots = 2\ninput_price = 1.0\n")
    monkeypatch.setenv("SHOPKEEPER_ENDPOINTS", str(tmp_path / "priced.toml"))
    monkeypatch.setenv("SHOPKEEPER_JOB_BUDGET", "1")
    open_settings.clear()
    rows.record(db, job.id, 0, [Outcome(1, RowStatus.FAILED, error="No.", reason="No.")], 1)
    runs.settle(db, job.id, 1)
    control.pause(db, job.id)
    button(page("pages/jobs.py"), "Retry 1 failed").click().run()
    again = jobs.get(db, job.id)
    assert (again.status, again.budget) == (JobStatus.QUEUED, Budget(1.0, "USD"))
