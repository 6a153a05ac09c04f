"""The way from a file to a job: four steps, nothing lost on the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from batch import jobs, rows
from batch.columns import Columns
from batch.extract import Outcome
from batch.fields import Field, FieldType
from batch.inputs import Inputs
from batch.plan import Plan
from core.chat_lane import ChatLane
from core.db import Database
from core.errors import EndpointError
from core.roster import configured
from core.schema import RowStatus
from core.settings import Settings
from core.usage import Tokens
from core.values import Origin, Value
from pages.parts import draft as drafts
from pages.parts import start_step
from pages.parts.draft_problems import WHOLE, problems
from pages.parts.entry import open_shop_database
from tests.object_store import ObjectStore
from tests.pages.conftest import Open, button, texts

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
) -> Iterator[Outcome]:
    stated = Value("four", Origin.STATED, "text", 7, 11)
    yield Outcome(2, RowStatus.FAILED, error="No <b>answer</b>.")
    yield Outcome(1, RowStatus.DONE, values={"size": stated}, total_ms=900.0)


def test_a_trial_shows_values_beside_the_text(
    with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_step, "try_rows", scripted_try)
    button(with_file, "4\\. Try").click().run()
    button(with_file, "Try it on 3 rows").click().run()
    shown = texts(with_file)
    assert "Sleeps four" in shown
    assert "<dd>four</dd>" in shown
    assert "No &lt;b&gt;answer&lt;/b&gt;." in shown
    assert "3 rows take" in shown


def test_a_trial_that_cannot_begin_says_why(
    with_file: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Iterator[Outcome]:
        raise EndpointError("The key was refused.")

    monkeypatch.setattr(start_step, "try_rows", refuse)
    button(with_file, "4\\. Try").click().run()
    button(with_file, "Try it").click().run()
    assert "The key was refused" in with_file.error[0].value
    assert button(with_file, "Start with 3 rows")


def test_start_records_a_job_and_shows_it(with_file: AppTest, db: Database) -> None:
    button(with_file, "4\\. Try").click().run()
    with_file.text_input[0].set_value("Spring $5 <b>").run()
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
    monkeypatch.setattr(start_step, "try_rows", costly_try)
    button(with_file, "4\\. Try").click().run()
    (choice,) = with_file.radio
    assert choice.value == ""
    assert [label.partition(":")[0] for label in choice.options] == [
        "**In the background",
        "**Cheapest",
    ]
    assert "at about half the price (far\\_away)" in choice.options[1]
    button(with_file, "Try it on 3 rows").click().run()
    with_file.radio[0].set_value("far_away").run()
    shown = texts(with_file)
    assert "within 24 hours" in shown
    # 300,000 tokens at 10 a million for each of 3 rows, half of that in batches.
    assert "about \\$4\\.50, in the background about \\$9\\.00" in shown
    button(with_file, "3\\. Fields").click().run()
    button(with_file, "4\\. Try").click().run()
    assert with_file.radio[0].value == "far_away", "going back loses nothing"
    button(with_file, "Start with 3 rows").click().run()
    assert not with_file.exception
    (job,) = jobs.listing(open_shop_database())
    assert job.provider == "far_away"


def costly_try(*_: object) -> Iterator[Outcome]:
    yield Outcome(1, RowStatus.DONE, tokens=Tokens(prompt=300_000))


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
        for cells in rows.page(settings, db, first, row_no, 1)
    ]
    rows.record(db, first.id, 0, outcomes, 1)
    again = with_file.switch_page("pages/upload.py").run()
    again.query_params["upload"] = first.upload_id
    button(again.run(), "4\\. Try").click().run()
    assert "2 unchanged, 1 to extract" in texts(again)
    again.checkbox(key="fresh").check().run()
    button(again, "Start with 3 rows").click().run()
    assert [job.fresh for job in jobs.listing(db)] == [True, False]
