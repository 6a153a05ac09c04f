"""The fields step: product types, templates, saved sets, suggestions and advice."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from batch import field_sets, jobs
from batch.columns import Columns
from batch.field_templates import template
from batch.fields import Field, FieldType, Manner
from batch.plan import Plan
from batch.suggest import Suggestion, Suggestions
from core.db import Database
from pages.parts import draft as drafts
from pages.parts import field_suggestions
from pages.parts.draft import OTHERS, Draft
from pages.parts.draft_problems import problems
from tests.pages.conftest import Open, button, texts

CSV = "sku,name,kind\n" + "".join(
    f"A{n},Thing {n},{kind}\n"
    for n, kind in enumerate(["Tents", "Shoes", "Tents", "Mats", "Shoes"])
)
BRAND, COLOR = Field(name="brand", description="The maker."), Field(name="color")


@pytest.fixture
def step(page: Open) -> AppTest:
    upload = page("pages/upload.py")
    upload.file_uploader[0].upload("shop.csv", CSV.encode(), "text/csv")
    button(upload.run(), "3\\. Fields").click().run()
    return upload


def draft(app: AppTest) -> Draft:
    found = app.session_state["draft"]
    assert isinstance(found, Draft)
    return found


def names(app: AppTest) -> list[str]:
    return [field.name for field in draft(app).fields]


def choose(app: AppTest, label: str, value: str) -> AppTest:
    next(one for one in app.selectbox if one.label == label).select(value)
    return app.run()


def by_type(app: AppTest) -> AppTest:
    next(one for one in app.toggle if one.label.startswith("Different fields")).set_value(True)
    return app.run()


def test_a_new_catalog_begins_with_the_general_template(step: AppTest) -> None:
    assert draft(step).plan == Plan(template("general"))
    assert not step.exception


def test_a_template_replaces_the_fields_and_undo_brings_them_back(step: AppTest) -> None:
    button(step, "Food").click().run()
    assert draft(step).fields == template("food")
    button(step, "Undo").click().run()
    assert draft(step).fields == template("general")


def test_the_kind_of_value_says_which_inputs_there_are(step: AppTest) -> None:
    button(step, "Add a field").click().run()
    step.text_input[-1].set_value("weight").run()
    kinds = [one for one in step.selectbox if one.label == "Kind of value"]
    kinds[-1].select(FieldType.NUMBER).run()
    unit = [one for one in step.text_input if one.label == "Unit"][-1]
    unit.set_value("stones of old").run()
    assert "“stones of old” is not a unit" in step.warning[0].value.replace("\\", "")
    assert button(step, "Next").disabled
    [one for one in step.text_input if one.label == "Unit"][-1].set_value("kg").run()
    assert draft(step).fields[-1] == Field(name="weight", type=FieldType.NUMBER, unit="kg")
    assert "Number \\(kg\\)" in step.expander[-1].label
    [one for one in step.selectbox if one.label == "Kind of value"][-1].select(FieldType.TEXT).run()
    assert draft(step).fields[-1].unit == ""
    assert not step.warning


def test_a_text_is_copied_or_written(step: AppTest) -> None:
    button(step, "Add a field").click().run()
    step.text_input[-1].set_value("blurb").run()
    manner = step.segmented_control[-1]
    assert manner.value is Manner.COPY
    manner.set_value(Manner.WRITE).run()
    assert draft(step).fields[-1].manner is Manner.WRITE


def test_each_product_type_can_have_its_own_fields(step: AppTest, db: Database) -> None:
    by_type(step)
    assert draft(step).sets.by == "kind"
    whose = next(one for one in step.selectbox if one.label == "Show the fields of")
    assert whose.options == ["All other products · 5", "Tents · 2", "Shoes · 2", "Mats · 1"]
    choose(step, "Show the fields of", "Tents")
    assert "“Tents” (2 products) has the fields of all other products" in texts(step)
    assert button(step, "Suggest").disabled
    choose(step, "Begin its own with", "Template: Apparel")
    button(step, "Give it its own fields").click().run()
    assert names(step) == [field.name for field in template("apparel")]
    button(step, "Remove").click().run()
    assert draft(step).plan.sets["Tents"] == template("apparel")[1:]
    assert draft(step).plan.fields == template("general")
    choose(step, "Show the fields of", "Shoes")
    choose(step, "Begin its own with", "The fields of Tents")
    button(step, "Give it its own fields").click().run()
    assert draft(step).fields == template("apparel")[1:]
    choose(step, "Show the fields of", OTHERS)
    assert draft(step).fields == template("general")
    plan = draft(step).plan
    button(step, "4\\. Try").click().run()
    button(step, "Start with 5 rows").click().run()
    assert not step.exception
    (job,) = jobs.listing(db)
    assert job.plan == plan
    button(step.switch_page("pages/jobs.py").run(), "Open").click().run()
    button(step, "Change fields").click().run()
    assert draft(step).plan == plan, "the next version begins with all of them"


def test_a_type_can_go_back_to_the_fields_of_all_others(step: AppTest) -> None:
    choose(by_type(step), "Show the fields of", "Tents")
    button(step, "Give it its own fields").click().run()
    assert list(draft(step).plan.sets) == ["Tents"]
    button(step, "Same as all others").click().run()
    assert draft(step).plan.sets == {}
    button(step, "Undo").click().run()
    assert list(draft(step).plan.sets) == ["Tents"]


def test_switching_types_off_is_undone_with_all_their_fields(step: AppTest) -> None:
    choose(by_type(step), "Show the fields of", "Tents")
    button(step, "Give it its own fields").click().run()
    before = draft(step).plan
    next(one for one in step.toggle if one.label.startswith("Different")).set_value(False).run()
    assert draft(step).plan == Plan(template("general"))
    button(step, "Undo").click().run()
    assert draft(step).plan == before


def test_a_problem_of_a_type_that_is_not_shown_is_told_with_its_type(step: AppTest) -> None:
    choose(by_type(step), "Show the fields of", "Tents")
    button(step, "Give it its own fields").click().run()
    button(step, "Add a field").click().run()
    choose(step, "Show the fields of", OTHERS)
    assert "Tents: Field 9 has no name" in step.warning[0].value.replace("\\", "")
    assert button(step, "Next").disabled


def test_saving_under_a_name_makes_versions_that_can_be_used_again(
    step: AppTest, db: Database
) -> None:
    name = next(one for one in step.text_input if one.label == "Name of the field set")
    name.set_value("Spring <b>").run()
    button(step, "Save").click().run()
    button(step, "Remove").click().run()
    button(step, "Save").click().run()
    assert [one.version for one in field_sets.versions(db, "Spring <b>")] == [2, 1]
    version = next(one for one in step.selectbox if one.label == "Version")
    assert [option.partition(" ·")[0] for option in version.options] == ["Version 2", "Version 1"]
    version.select_index(1).run()
    button(step, "Use it").click().run()
    assert draft(step).fields == template("general")
    button(step, "Delete…").click().run()
    assert "its 2 versions" in texts(step)
    button(step, "Keep it").click().run()
    assert field_sets.listing(db)
    button(step, "Delete…").click().run()
    button(step, "Delete it").click().run()
    assert field_sets.listing(db) == []
    assert "Nothing is saved yet" in texts(step)


def test_fields_without_a_name_for_the_set_are_not_saved(step: AppTest, db: Database) -> None:
    button(step, "Save").click().run()
    assert "Give the field set a name" in step.error[0].value
    assert field_sets.listing(db) == []


def load_file(app: AppTest, plan: object) -> AppTest:
    app.file_uploader[0].upload("f.json", json.dumps(plan).encode(), "application/json")
    return app.run()


def test_a_file_with_types_brings_them_all(step: AppTest) -> None:
    types = {"Tents": [{"name": "persons", "type": "number"}]}
    load_file(step, {"by": "kind", "fields": [{"name": "brand"}], "types": types})
    assert list(draft(step).plan.sets) == ["Tents"]
    assert names(step) == ["brand"]


def test_a_file_for_another_catalog_is_refused_with_the_column(step: AppTest) -> None:
    load_file(step, {"by": "Warengruppe", "fields": [{"name": "brand"}]})
    assert "column “Warengruppe”" in step.error[0].value
    assert draft(step).fields == template("general")


def test_a_list_from_a_file_replaces_only_the_type_that_is_shown(step: AppTest) -> None:
    choose(by_type(step), "Show the fields of", "Tents")
    button(step, "Give it its own fields").click().run()
    load_file(step, [{"name": "persons"}])
    assert [field.name for field in draft(step).plan.sets["Tents"]] == ["persons"]
    assert draft(step).plan.fields == template("general")


SUGGESTED = Suggestions(
    (
        Suggestion(Field(name="weight", type=FieldType.NUMBER, unit="kg"), 4, 5, ("2 kg", "$3")),
        Suggestion(COLOR, 2, 5, ("red",)),
    ),
    "The model gave <no> answer.",
)


def test_suggestions_are_added_only_when_ticked_and_undone_at_once(
    step: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(field_suggestions, "suggest", lambda *_: SUGGESTED)
    button(step, "Suggest").click().run()
    shown = texts(step)
    assert "guessed" in shown
    assert "In 4 of 5 products: “2 kg” · “\\$3”" in shown
    assert "The model gave \\<no\\> answer" in shown
    assert draft(step).fields == template("general"), "nothing is added by itself"
    assert button(step, "Add").disabled
    step.checkbox(key="suggestion-weight").check().run()
    button(step, "Add 1 field").click().run()
    assert names(step)[-1] == "weight"
    assert "guessed" not in texts(step)
    button(step, "Undo").click().run()
    assert draft(step).fields == template("general")


def test_no_suggestions_say_so(step: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_suggestions, "suggest", lambda *_: Suggestions(()))
    button(step, "Suggest").click().run()
    assert "Nothing was found that your fields do not cover already" in texts(step)
    button(step, "Close").click().run()
    assert "Nothing was found" not in texts(step)


def test_suggestions_work_without_a_model(step: AppTest) -> None:
    button(step, "Suggest").click().run()
    assert not step.exception
    assert "The model did not help" in texts(step)


def test_advice_is_told_under_the_fields_and_does_not_stand_in_the_way(step: AppTest) -> None:
    assert "to improve" not in texts(step)
    button(step, "Add a field").click().run()
    step.text_input[-1].set_value("colour").run()
    shown = texts(step).replace("\\", "")
    assert "2 things to improve before the start" in shown
    assert "“color” and “colour” seem to mean the same" in shown
    assert not button(step, "Next").disabled


def test_a_file_without_a_column_of_types_cannot_be_divided(page: Open) -> None:
    upload = page("pages/upload.py")
    data = "sku,name\n" + "".join(f"A{n},Thing {n}\n" for n in range(9))
    upload.file_uploader[0].upload("shop.csv", data.encode(), "text/csv")
    button(upload.run(), "3\\. Fields").click().run()
    toggle = next(one for one in upload.toggle if one.label.startswith("Different"))
    assert toggle.disabled
    assert "no column with few enough values" in toggle.help


def a_draft() -> Draft:
    return drafts.begin("u1", Columns(), Plan((BRAND,), "kind", {"Tents": (BRAND, COLOR)}), "x")


def test_a_draft_has_the_whole_plan_of_the_job_it_was_begun_with() -> None:
    plan = Plan((BRAND,), "kind", {"Tents": (BRAND, COLOR)})
    assert drafts.checked_plan(a_draft()) == plan
    keys = [entry.key for entries in a_draft().sets.of.values() for entry in entries]
    assert len(set(keys)) == 3
    assert not a_draft().past


def test_the_same_name_of_another_kind_in_another_type_is_a_problem() -> None:
    draft = drafts.given(a_draft(), "Mats", (Field(name="brand", type=FieldType.NUMBER),))
    (message,) = problems(draft).values()
    assert "“brand” is a number in “Mats” but a text in all other products" in message


def test_another_column_keeps_the_types_so_that_nothing_is_lost() -> None:
    draft = drafts.divided(a_draft(), "group")
    assert draft.plan.by == "group"
    assert list(draft.plan.sets) == ["Tents"]
    assert drafts.divided(draft, "group") is draft
