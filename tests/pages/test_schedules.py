"""The page of what happens by itself, as the person sees it who sets it up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from batch import destinations, field_sets, schedule_runs, schedules
from batch.choice import Choice
from batch.destination_options import DestinationKind
from batch.plan import Plan
from batch.schedule_runs import RunStatus
from batch.schedule_task import Outlet, Trigger
from batch.schedule_wanted import Wanted
from batch.schedules import Schedule
from core.db import Database
from core.settings import Settings
from tests.batch.conftest import FIELDS, new_job
from tests.batch.scheduling import BOTTLES, NIGHTLY, put
from tests.pages.conftest import Open, button, keyed, texts

PATH = "pages/schedules.py"


@pytest.fixture
def nightly(db: Database) -> Schedule:
    return schedules.create(db, NIGHTLY)


def form(page: Open) -> AppTest:
    return button(page(PATH), "New schedule").click().run()


def chosen(app: AppTest, label: str) -> object:
    return next(one for one in app.selectbox if one.label == label).value


def typed(app: AppTest, label: str, text: str) -> AppTest:
    return next(one for one in app.text_input if one.label == label).set_value(text).run()


def selected(app: AppTest, label: str, value: object) -> AppTest:
    return next(one for one in app.selectbox if one.label == label).set_value(value).run()


def test_without_schedules_the_page_says_what_one_is(page: Open) -> None:
    shown = texts(page(PATH))
    assert "Nothing happens by itself yet" in shown
    assert "every night at 02:00 take this CSV" in shown


def test_without_a_job_or_a_field_set_the_form_says_what_comes_first(page: Open) -> None:
    shown = texts(form(page))
    assert "Run a job by hand first" in shown


def test_a_nightly_schedule_is_set_up_in_a_few_words(
    page: Open, settings: Settings, db: Database
) -> None:
    new_job(settings, db, 2)
    to = destinations.add(settings, db, "ERP", DestinationKind.FILE, {"folder": "out"})
    chat = destinations.add(settings, db, "Shelves", DestinationKind.CHAT, {})
    app = typed(form(page), "Name", "Every night")
    app = typed(app, "Catalog", "bottles.csv")
    app = selected(app, "Time zone", "Europe/Berlin")
    assert "Every night at 02\\:00 \\(Europe/Berlin\\)" in texts(app)
    app.multiselect[0].set_value([to.id, chat.id]).run()
    offered = {one.label: one.options for one in app.selectbox}
    assert "All rows" in offered["Rows for “ERP”"]
    assert "All rows" not in offered["Rows for “Shelves”"]
    app.multiselect[0].set_value([to.id]).run()
    app = selected(app, "Rows for “ERP”", Choice.APPROVED)
    app = button(app, "Save").click().run()
    (made,) = schedules.listing(db)
    assert (made.name, made.trigger, made.task.place) == ("Every night", "time", "bottles.csv")
    assert made.timing is not None
    assert (made.timing.cron, made.timing.zone) == ("0 2 * * *", "Europe/Berlin")
    assert made.task.extraction is not None
    assert made.task.extraction.like == "Bottles"
    assert made.task.outlets == (Outlet(destination_id=to.id, choice=Choice.APPROVED),)
    shown = texts(app)
    assert "as in “Bottles”" in shown
    assert "delivers approved rows to “ERP”" in shown
    assert "next run" in shown


def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    page: Open, settings: Settings, db: Database
) -> None:
    new_job(settings, db, 2)
    app = typed(form(page), "Name", "Every night")
    app = button(app, "Save").click().run()
    assert "Say which catalog it takes" in texts(app)
    assert schedules.listing(db) == []
    assert next(one for one in app.text_input if one.label == "Name").value == "Every night"


def test_a_rhythm_of_ones_own_is_checked_while_it_is_typed(
    page: Open, settings: Settings, db: Database
) -> None:
    new_job(settings, db, 2)
    app = selected(form(page), "How often", "Another rhythm (cron)")
    app = typed(app, "Minute, hour, day, month, weekday", "0 2 * *")
    assert "It takes five fields" in texts(app)
    app = typed(app, "Minute, hour, day, month, weekday", "15 4,16 * * *")
    assert "At 04\\:15 and 16\\:15" in texts(app)


def test_the_form_tells_what_is_at_the_place_that_was_typed(
    page: Open, settings: Settings, db: Database
) -> None:
    new_job(settings, db, 2)
    app = typed(form(page), "Catalog", "*.csv")
    assert f"from {settings.imports}" in texts(app).replace("\\", "")
    assert "SHOPKEEPER_" not in texts(app)
    assert "There is no" in texts(button(app, "See what is there").click().run())
    put(settings, 1, name="spring.csv")
    assert "spring\\.csv, changed today" in texts(button(app, "See what is there").click().run())
    app = typed(app, "Catalog", "../secret.csv")
    assert "Catalogs are taken from" in texts(button(app, "See what is there").click().run())


def test_a_watch_and_a_schedule_after_jobs_ask_only_for_what_they_need(
    page: Open, settings: Settings, db: Database
) -> None:
    field_sets.save(db, "Spring", Plan(FIELDS))
    app = typed(form(page), "Name", "Watch")
    app = app.radio[0].set_value(Trigger.CATALOG).run()
    app = typed(app, "Catalog", "*.csv")
    app = button(app, "Save").click().run()
    (watch,) = schedules.listing(db)
    assert watch.timing is not None
    assert watch.timing.cron == "*/5 * * * *"
    assert watch.task.extraction is not None
    assert watch.task.extraction.saved_set == "Spring"
    assert "looks every 5 minutes" in texts(app)
    app = typed(button(app, "New schedule").click().run(), "Name", "After")
    app = app.radio[0].set_value(Trigger.JOB_DONE).run()
    assert not [one for one in app.selectbox if one.label in ("What is extracted", "How often")]
    app = typed(app, "Of which catalogs", "shoes*.csv")
    app.toggle[0].set_value(True).run()
    app = button(app, "Save").click().run()
    assert "When a job over shoes\\*\\.csv has ended" in texts(app)


def test_a_schedule_is_changed_and_keeps_what_was_not_touched(
    page: Open, db: Database, nightly: Schedule
) -> None:
    app = keyed(page(PATH), "edit-").click().run()
    assert chosen(app, "Time zone") == "Europe/Berlin"
    app = typed(app, "Name", "Renamed")
    app = button(app, "Save").click().run()
    (found,) = schedules.listing(db)
    assert (found.name, found.task, found.timing) == ("Renamed", nightly.task, nightly.timing)


def test_somebody_elses_change_meanwhile_is_told_and_not_overwritten(
    page: Open, db: Database, nightly: Schedule
) -> None:
    app = keyed(page(PATH), "edit-").click().run()
    schedules.change(db, nightly, replace(NIGHTLY, name="Theirs"))
    app = button(typed(app, "Name", "Ours"), "Save").click().run()
    assert "was changed or deleted by somebody else" in texts(app)
    assert schedules.get(db, nightly.id).name == "Theirs"


def test_pause_switch_on_run_now_and_history(page: Open, db: Database, nightly: Schedule) -> None:
    app = keyed(page(PATH), "pause-").click().run()
    assert not schedules.get(db, nightly.id).enabled
    assert "nothing starts while it is paused" in texts(app)
    app = keyed(app, "resume-").click().run()
    assert schedules.get(db, nightly.id).enabled
    app = keyed(app, "run-").click().run()
    (run,) = schedule_runs.history(db, nightly.id)
    schedule_runs.move(db, run, RunStatus.FAILED, "There is <b>no</b> file.", job_id="a1")
    app = keyed(app.run(), "history-").click().run()
    assert texts(app).count("There is \\<b\\>no\\</b\\> file\\.") == 2
    links = [one.proto for one in app.get("page_link") if one.proto.label == "Its job"]
    assert [one.query_string for one in links] == ["job=a1"] * 2


def test_it_is_deleted_after_a_question(page: Open, db: Database, nightly: Schedule) -> None:
    app = keyed(page(PATH), "delete-").click().run()
    assert schedules.listing(db) == [nightly]
    app = keyed(app, "confirm-schedule").click().run()
    assert schedules.listing(db) == []
    assert "Nothing happens by itself yet" in texts(app)


def test_a_destination_that_is_gone_and_hostile_names_are_shown_as_text(
    page: Open, db: Database
) -> None:
    task = BOTTLES.model_copy(update={"outlets": (Outlet(destination_id="gone"),)})
    schedules.create(db, replace(NIGHTLY, name="<script>x</script> **n**", task=task))
    schedules.create(
        db,
        Wanted(
            "Watch",
            Trigger.CATALOG,
            BOTTLES.model_copy(update={"place": "https://x/c.csv?token=s3cret"}),
            "*/5 * * * *",
        ),
    )
    shown = texts(page(PATH))
    assert "a destination that is gone" in shown
    assert "\\<script\\>" in shown
    assert "s3cret" not in shown
