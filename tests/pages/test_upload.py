"""The way from a file to a job: four steps, nothing lost on the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from batch import jobs, rows, stored_rows
from batch.budget import Budget
from batch.columns import Columns
from batch.extract import Outcome
from batch.fields import Field, FieldType
from batch.flags import Flag
from batch.inputs import Inputs
from batch.plan import Plan
from core.chat_lane import ChatLane
from core.db import Database
from core.endpoints import Endpoint
from core.errors import EndpointError
from core.people import ANYBODY, Person
from core.roles import Role
from core.roster import configured
from core.settings import Settings
from core.statuses import RowStatus
from core.usage import Tokens
from core.values import Origin, Value
from pages.parts import draft as drafts
from pages.parts import outlook, try_it
from pages.parts.draft_problems import WHOLE, problems
from pages.parts.entry import open_shop_database
from pages.parts.marked_text import letter
from tests.object_store import ObjectStore
from tests.pages.conftest import Open, button, keyed, texts

CSV = "sku;name;text;price\nA1;Tent <b>x</b>;Sleeps four;10,50\nA1;Mat;Blue;5\nA3;Pot;;7\n"
BRAND = Field(name="brand", description="The maker.")


@pytest.fixture
def upload(page: Open) -> AppTest:
    return page("pages/upload.py")


@pytest.fixture
def with_file(upload: AppTest) -> AppTest:
    upload.file_uploader[0].upload("shop.csv", CSV.encode("cp1252"), "text/csv")
    return upload.run()


def test_a_file_is_shown_as_it_was_read(with_file: AppTest) -> None:
    assert not with_file.exception
    assert "3 rows · 4 columns" in texts(with_file)
    assert "separator: semicolon" in texts(with_file)
    frame = with_file.dataframe[0].value
    assert list(frame.columns) == ["sku", "name", "text", "price"]
    assert list(frame.index) == [1, 2, 3]
    assert frame["name"][1] == "Tent <b>x</b>"


def test_the_sample_catalog_is_one_click_away(upload: AppTest) -> None:
    button(upload, "Use the sample").click().run()
    assert "274 rows" in texts(upload)


def test_a_file_that_is_no_catalog_says_why(upload: AppTest) -> None:
    upload.file_uploader[0].upload("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "text/csv")
    upload.run()
    assert "PNG image" in upload.error[0].value
    assert not upload.exception
    assert button(upload, "Use the sample")


def test_the_limit_is_told_before_a_file_is_chosen(upload: AppTest, settings: Settings) -> None:
    assert f"Up to {settings.upload_limit_mb:,} MB" in texts(upload)
    assert "SHOPKEEPER_UPLOAD_LIMIT_MB" in texts(upload)


def test_a_storage_that_cannot_be_used_is_named(
    bucket: ObjectStore, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_STORAGE", "s3://elsewhere/x")
    upload = page("pages/upload.py")
    upload.file_uploader[0].upload("shop.csv", CSV.encode(), "text/csv")
    upload.run()
    assert not upload.exception
    shown = upload.error[0].value.replace("\\", "")
    assert "there is no such bucket" in shown
    assert "SHOPKEEPER_STORAGE" in shown


def test_columns_are_guessed_and_marked_and_can_be_corrected(with_file: AppTest) -> None:
    button(with_file, "Next").click().run()
    title = next(one for one in with_file.selectbox if one.label.startswith("Title"))
    assert title.value == "name"
    assert "guessed" in title.label
    title.select("text").run()
    title = next(one for one in with_file.selectbox if one.label.startswith("Title"))
    assert title.value == "text"
    assert "guessed" not in title.label


def test_products_of_the_same_number_are_told(with_file: AppTest) -> None:
    button(with_file, "Next").click().run()
    next(one for one in with_file.selectbox if one.label == "Product number").select("sku").run()
    assert "A1" in texts(with_file)


def test_going_back_loses_nothing(with_file: AppTest) -> None:
    button(with_file, "Next").click().run()
    next(one for one in with_file.selectbox if one.label.startswith("Title")).select("text").run()
    button(with_file, "Next").click().run()
    button(with_file, "Add a field").click().run()
    button(with_file, "Back").click().run()
    title = next(one for one in with_file.selectbox if one.label.startswith("Title"))
    assert title.value == "text"
    button(with_file, "Next").click().run()
    assert "Unnamed" in str([one.label for one in with_file.expander])


def fields_step(app: AppTest) -> AppTest:
    button(app, "3\\. Fields").click().run()
    return app


def field_input(app: AppTest, label: str) -> TextInput:
    """The first card's input of this label."""
    return next(one for one in app.text_input if one.label == label)


def test_a_field_without_a_name_is_told_on_its_card_and_stops_the_way(with_file: AppTest) -> None:
    fields_step(with_file)
    button(with_file, "Add a field").click().run()
    assert "Field 9 has no name" in with_file.warning[0].value
    assert button(with_file, "Next").disabled
    with_file.text_input[-1].set_value("weight").run()
    assert not with_file.warning
    assert not button(with_file, "Next").disabled


def test_a_removed_field_comes_back_by_undo(with_file: AppTest) -> None:
    fields_step(with_file)
    count = len(with_file.text_input)
    button(with_file, "Remove").click().run()
    assert len(with_file.text_input) == count - 1
    button(with_file, "Undo").click().run()
    assert len(with_file.text_input) == count
    assert button(with_file, "Undo").disabled


def test_undo_takes_back_an_edit_in_the_input_too(with_file: AppTest) -> None:
    fields_step(with_file)
    field_input(with_file, "Name").set_value("maker").run()
    assert with_file.session_state["draft"].fields[0].name == "maker"
    button(with_file, "Undo").click().run()
    assert field_input(with_file, "Name").value == "brand"


def test_another_kind_of_value_drops_choices_that_do_not_fit(with_file: AppTest) -> None:
    fields_step(with_file)
    kinds = [one for one in with_file.selectbox if one.label == "Kind of value"]
    choice = next(one for one in kinds if one.value is FieldType.CHOICE)
    choice.select(FieldType.TEXT).run()
    assert not with_file.warning
    assert all(
        not field.choices or field.type in (FieldType.CHOICE, FieldType.LIST)
        for field in with_file.session_state["draft"].fields
    )


def scripted_try(
    db: Database,
    lane: ChatLane,
    columns: Columns,
    plan: Plan,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    **_: object,
) -> Iterator[Outcome | None]:
    stated = Value("four", Origin.STATED, "text", 7, 11, confidence=0.97)
    doubt = Flag("material", "Not written in the row", "nylon")
    values = {"color": stated, "material": Value("nylon")}
    tokens = Tokens(210, 30)
    for number, _row in rows:
        yield None
        if number == 1:
            yield Outcome(1, RowStatus.DONE, values, flags=(doubt,), total_ms=900.0, tokens=tokens)
        else:
            yield Outcome(number, RowStatus.FAILED, error="No <b>answer</b>.")


def test_a_trial_shows_values_beside_the_text(
    with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_it, "try_rows", scripted_try)
    button(with_file, "4\\. Try").click().run()
    button(with_file, "Try it on 3 rows").click().run()
    assert not with_file.exception
    shown = texts(with_file)
    number = [one.field.name for one in with_file.session_state["draft"].entries].index("color")
    sign = letter(number)
    assert f'Sleeps <mark class="sk-h{number % 8}" data-field="{sign}">four<sup>{sign}' in shown
    assert f'data-value="{sign}" aria-label="color: four"' in shown
    assert "in text" in shown and "97% sure" in shown
    assert "concluded, not written there" in shown
    assert "? Not written in the row <i>nylon</i>" in shown
    assert "0.9 s · 210 tokens read, 30 written" in shown
    assert "No &lt;b&gt;answer&lt;/b&gt;." in shown


def test_a_field_is_changed_beside_the_trial_and_what_that_does_is_shown(
    with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_it, "try_rows", scripted_try)
    button(with_file, "4\\. Try").click().run()
    button(with_file, "Try it on 3 rows").click().run()
    meaning = next(one for one in with_file.text_area if one.label.endswith("color"))
    meaning.set_value("The colour, in capitals").run()
    assert "You have changed something since" in with_file.info[0].value

    def other(*_: object, **__: object) -> Iterator[Outcome]:
        yield Outcome(1, RowStatus.DONE, {"color": Value("FOUR"), "material": Value("nylon")})
        yield Outcome(2, RowStatus.FAILED, error="No.")

    monkeypatch.setattr(try_it, "try_rows", other)
    button(with_file, "Try again").click().run()
    shown = texts(with_file)
    assert "**1 value in 1 row changed** since the last try" in shown
    assert '<del title="The last time">four</del> <b class="sk-new">→ FOUR</b>' in shown
    assert not with_file.info
    button(with_file, "3\\. Fields").click().run()
    fields = {one.name: one.description for one in with_file.session_state["draft"].fields}
    assert fields["color"] == "The colour, in capitals", "the fields step has it, too"


def test_rows_can_be_looked_for_and_others_be_tried(
    with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_it, "try_rows", scripted_try)
    button(with_file, "4\\. Try").click().run()
    with_file.text_input(key="try-words").set_value("tent SLEEPS")
    button(with_file, "Try up to five").click().run()
    assert with_file.session_state["trial"].row_nos == (1,)
    with_file.text_input(key="try-words").set_value("2-3, 99")
    button(with_file, "Try up to five").click().run()
    assert with_file.session_state["trial"].row_nos == (2, 3)
    with_file.text_input(key="try-words").set_value("teapot")
    button(with_file, "Try up to five").click().run()
    assert "No row fits “teapot”" in texts(with_file)
    assert with_file.session_state["trial"].row_nos == (2, 3), "what there is stays"
    button(with_file, "Another three").click().run()
    assert with_file.session_state["trial"].row_nos == (1, 2, 3)


def test_a_trial_that_cannot_begin_says_why(
    with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Iterator[Outcome]:
        raise EndpointError("The key was refused.")
        yield

    monkeypatch.setattr(try_it, "try_rows", refuse)
    button(with_file, "4\\. Try").click().run()
    button(with_file, "Try it").click().run()
    assert "The key was refused" in with_file.error[0].value
    assert button(with_file, "Try again")
    assert button(with_file, "Start with 3 rows")


def scripted_sample(
    db: Database,
    lane: ChatLane,
    upload_id: str,
    columns: Columns,
    plan: Plan,
    numbers: Sequence[int],
    **_: object,
) -> Iterator[Outcome | None]:
    yield None
    for number in numbers:
        flags = (Flag("color", "Not written in the row"),) if number == 2 else ()
        tokens = Tokens(300_000, 10)
        yield Outcome(number, RowStatus.DONE, flags=flags, tokens=tokens, total_ms=500, attempts=0)


def test_an_estimate_tells_tokens_time_and_what_is_to_be_looked_at(
    with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook, "read_sample", scripted_sample)
    button(with_file, "4\\. Try").click().run()
    assert "The job does not pay for them again" in texts(with_file)
    keyed(with_file, "estimate").click().run()
    assert not with_file.exception
    shown = texts(with_file)
    assert "free, on this machine" in shown
    assert "In the background <span" in shown, "the one recommended"
    assert shown.count("Recommended") == 1
    assert "no model offers it" in shown
    assert "1 of 3 need a look, so 6% to 79% of all" in shown
    assert "About 900,030 tokens" in shown.replace("\\", "")
    assert keyed(with_file, "estimate").label == "Estimate again"


def test_start_records_a_job_and_shows_it(with_file: AppTest, db: Database) -> None:
    button(with_file, "4\\. Try").click().run()
    with_file.text_input(key="job-name").set_value("Spring $5 <b>").run()
    button(with_file, "Start with 3 rows").click().run()
    assert not with_file.exception
    (job,) = jobs.listing(db)
    assert (job.name, job.rows) == ("Spring $5 <b>", 3)
    assert len(job.fields) == 8
    assert with_file.title[0].value == "Jobs"
    assert "Waiting to start" in texts(with_file)
    assert "draft" not in with_file.session_state


@pytest.fixture
def with_provider(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint whose provider takes batches, beside the usual one."""
    entry = '[[endpoint]]\nname = "{}"\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "{}"\n'
    more = 'input_price = 10.0\nsupports = ["json_schema", "provider_batch"]\n'
    path = settings.home / "endpoints.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(entry.format("here", "m1") + entry.format("far_away", "m2") + more)
    monkeypatch.setenv("SHOPKEEPER_ENDPOINTS", str(path))
    st.cache_resource.clear()


def test_cheapest_is_offered_only_where_an_endpoint_offers_it(with_file: AppTest) -> None:
    button(with_file, "4\\. Try").click().run()
    assert not with_file.radio


def test_a_job_can_be_sent_to_a_provider_and_what_it_costs_is_told(
    with_provider: None, with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook, "read_sample", scripted_sample)
    button(with_file, "4\\. Try").click().run()
    (choice,) = with_file.radio
    assert choice.value == ""
    assert [label.partition(":")[0] for label in choice.options] == [
        "**In the background",
        "**Cheapest",
    ]
    assert "at about half the price (far\\_away)" in choice.options[1]
    with_file.radio[0].set_value("far_away").run()
    keyed(with_file, "estimate").click().run()
    shown = texts(with_file)
    assert "within 24 hours" in shown
    # 300,000 tokens at 10 a million for each of 3 rows, half of that in batches. Which of the
    # two endpoints answers otherwise is not known, and one of them has no price.
    assert "<td>within 24 hours</td><td>about $4.50</td>" in shown
    assert "about $4.50<small>$0.00 to $9.00</small>" in shown
    button(with_file, "3\\. Fields").click().run()
    button(with_file, "4\\. Try").click().run()
    assert with_file.radio[0].value == "far_away", "going back loses nothing"
    assert with_file.number_input(key="job-budget").label == "Budget in USD"
    with_file.number_input(key="job-budget").set_value(2.5).run()
    button(with_file, "Start with 3 rows").click().run()
    assert not with_file.exception
    (job,) = jobs.listing(open_shop_database())
    assert (job.provider, job.budget) == ("far_away", Budget(2.5, "USD"))


def test_an_upload_named_in_the_address_is_found_again(with_file: AppTest, page: Open) -> None:
    upload_id = with_file.query_params["upload"]
    again = page("pages/upload.py")
    again.query_params["upload"] = upload_id
    again.run()
    assert "3 rows · 4 columns" in texts(again)


def test_an_upload_that_is_gone_leads_back_to_the_first_step(upload: AppTest) -> None:
    upload.query_params["upload"] = "nothing"
    upload.run()
    assert "no longer there" in upload.error[0].value
    assert upload.file_uploader


def a_draft(*fields: Field) -> drafts.Draft:
    return drafts.begin("u1", Columns(), Plan(fields), "name")


def test_problems_name_the_field_in_its_place() -> None:
    draft = a_draft(BRAND, Field(name="audience", type=FieldType.CHOICE))
    assert list(problems(draft)) == [1]
    assert "Field 2 (“audience”)" in problems(draft)[1]


def test_two_fields_of_one_name_are_told_at_the_second() -> None:
    assert list(problems(a_draft(BRAND, Field(name=" Brand ")))) == [1]


def test_no_field_at_all_is_a_problem_of_the_set() -> None:
    assert list(problems(a_draft())) == [WHOLE]


def test_undo_remembers_only_so_much() -> None:
    draft = a_draft()
    for _ in range(drafts.MAX_UNDO + 5):
        draft = drafts.added(draft, BRAND)
    assert len(draft.past) == drafts.MAX_UNDO


def test_an_edit_that_changes_nothing_is_nothing_to_undo() -> None:
    draft = a_draft(BRAND)
    assert drafts.edited(draft, 0, BRAND) is draft


def test_a_fields_file_replaces_the_fields(with_file: AppTest) -> None:
    fields_step(with_file)
    data = json.dumps([{"name": "voltage", "type": "number"}])
    with_file.file_uploader[0].upload("f.json", data.encode(), "application/json").run()
    assert [one.name for one in with_file.session_state["draft"].fields] == ["voltage"]


def test_rows_that_were_read_before_are_told_before_the_start(
    with_file: AppTest, settings: Settings, db: Database
) -> None:
    button(with_file, "4\\. Try").click().run()
    button(with_file, "Start with 3 rows").click().run()
    (first,) = jobs.listing(db)
    model = configured(settings)[0].model
    inputs = Inputs(first.columns, first.plan)
    outcomes = [
        Outcome(row_no, RowStatus.DONE, key=inputs.of(row_no, cells.original).key, model=model)
        for row_no in (1, 2)
        for cells in stored_rows.page(settings, db, first, row_no, 1)
    ]
    rows.record(db, first.id, 0, outcomes, 1)
    again = with_file.switch_page("pages/upload.py").run()
    again.query_params["upload"] = first.upload_id
    button(again.run(), "4\\. Try").click().run()
    assert "2 unchanged, 1 to extract" in texts(again)
    again.checkbox(key="fresh").check().run()
    button(again, "Start with 3 rows").click().run()
    assert [job.fresh for job in jobs.listing(db)] == [True, False]


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A merchandiser is in front of the screen, whose jobs may have 2 rows and cost $5."""
    mia = Person("mia", "Mia", Role.MERCHANDISER)
    monkeypatch.setattr("pages.parts.entry.person_here", lambda settings, db: mia)
    monkeypatch.setenv("SHOPKEEPER_JOB_ROWS", "2")
    monkeypatch.setenv("SHOPKEEPER_JOB_BUDGET", "5")


def to_the_start(upload: AppTest, rows: int) -> AppTest:
    lines = [f"A{number};Tent {number};Sleeps four" for number in range(rows)]
    text = "\n".join(["sku;name;text", *lines])
    upload.file_uploader[0].upload("shop.csv", text.encode(), "text/csv")
    upload.run()
    for _ in range(3):
        button(upload, "Next").click().run()
    return upload


def test_a_job_that_is_too_large_is_told_before_it_could_be_started(
    limited: None, page: Open
) -> None:
    app = to_the_start(page("pages/upload.py"), 3)
    assert "3 rows, and a job that you start may have 2" in app.warning[0].value
    assert button(app, "Start with 3 rows").disabled


def test_a_job_that_fits_gets_the_largest_budget_where_none_is_chosen(
    limited: None, page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    priced = Endpoint("priced", "http://127.0.0.1:9/v1", "m", slots=1, input_price=1.0)
    monkeypatch.setattr("pages.parts.when.endpoints", lambda: (priced,))
    app = to_the_start(page("pages/upload.py"), 2)
    assert app.number_input(key="job-budget").max == 5.0
    button(app, "Start with 2 rows").click().run()
    (job,) = jobs.listing(db)
    assert job.budget == Budget(5.0, "USD")


def test_an_administrator_starts_what_they_like(
    limited: None, page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.entry.person_here", lambda settings, db: ANYBODY)
    app = to_the_start(page("pages/upload.py"), 3)
    assert not app.warning
    button(app, "Start with 3 rows").click().run()
    assert jobs.listing(db)[0].budget is None
