"""The examples that the model learns from, as people see them."""

from __future__ import annotations

import io

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from batch import demonstration_list, demonstrations, uploads
from batch.demonstration_list import Choice
from batch.demonstrations import Product
from batch.uploads import Upload
from core.db import Database
from core.settings import Settings
from pages.parts import example_list
from pages.parts.example_list import product_name, right_values, value_text
from tests.pages.conftest import Open, button, keyed, texts

PATH = "pages/examples.py"


@pytest.fixture
def taught(db: Database) -> None:
    """Sixty examples of tea, and one of paint."""
    tea = [Product(f"title: Tea {at}\nNice.", "Tea", {"brand": f"B{at}"}) for at in range(60)]
    paint = Product("title: Wall $paint", "Paint", {"brand": "Farbwerk", "color": None})
    with db.write() as connection:
        demonstrations.add(connection, tea)
    # Changed last, and so shown first.
    with db.write() as connection:
        demonstrations.add(connection, [paint])


def choose(monkeypatch: pytest.MonkeyPatch, *ids: str) -> None:
    """Rows of the table are chosen, which AppTest cannot do."""
    chosen = set(ids)
    monkeypatch.setattr(
        example_list, "_table", lambda found: [one for one in found if one.id in chosen]
    )


def test_no_examples_yet_teaches(page: Open) -> None:
    shown = texts(page(PATH))
    assert "No examples yet" in shown
    assert "approve what is right" in shown


def test_counts_say_what_they_are_for(page: Open, db: Database, taught: None) -> None:
    app = page(PATH)
    counts = {one.label: int(one.value) for one in app.metric}
    assert counts["Shown to the model"] + counts["Kept aside to measure"] == 61
    assert "the model never sees it" in texts(app)
    (types, _) = app.dataframe
    assert list(types.value["Product type"]) == ["Paint", "Tea"]


def test_examples_are_found_by_words_type_and_use(page: Open, db: Database, taught: None) -> None:
    app = page(PATH)
    assert len(app.dataframe[1].value) == 50
    app.text_input(key="examples-search").set_value("farbwerk").run()
    (row,) = app.dataframe[1].value.to_dict("records")
    assert (row["Product"], row["Type"], row["Right values"]) == (
        "Wall $paint",
        "Paint",
        "brand: Farbwerk",
    )
    app.text_input(key="examples-search").set_value("nothing like it").run()
    assert "No example is like that" in texts(app)
    app.text_input(key="examples-search").set_value("").run()
    app.selectbox(key="examples-type").set_value("Paint").run()
    assert len(app.dataframe[1].value) == 1


def test_a_chosen_example_is_shown_whole_and_switched_off_and_on(
    page: Open, db: Database, taught: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = demonstration_list.listing(db, Choice(search="paint"))
    choose(monkeypatch, one.id)
    app = page(PATH)
    assert "color: **–**" in texts(app)
    button(app, "Switch 1 example off").click().run()
    assert not demonstration_list.get(db, one.id).enabled
    assert any(metric.label == "Switched off" for metric in app.metric)
    button(app, "Switch 1 example on").click().run()
    assert demonstration_list.get(db, one.id).enabled


def test_deleting_asks_first(
    page: Open, db: Database, taught: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = demonstration_list.listing(db, Choice(search="paint"))
    choose(monkeypatch, one.id)
    app = page(PATH)
    keyed(app, "examples-delete").click().run()
    assert "does not learn from this example" in texts(app)
    assert demonstration_list.count(db) == 61
    keyed(app, "confirm-examples").click().run()
    assert demonstration_list.count(db) == 60


def told(app: AppTest) -> str:
    """What is told now, or with the next redraw: a dialog redraws itself before the page."""
    waiting = [app.session_state["to_tell"][0]] if "to_tell" in app.session_state else []
    return " ".join([*(toast.value for toast in app.toast), *waiting])


def test_what_somebody_else_has_deleted_is_told(
    page: Open, db: Database, taught: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = demonstration_list.listing(db, Choice(search="paint"))
    choose(monkeypatch, one.id)
    app = page(PATH)
    keyed(app, "examples-delete").click().run()
    demonstrations.remove(db, [one.id])
    keyed(app, "confirm-examples").click().run()
    assert "may have been deleted" in told(app)


def test_values_and_products_are_written_as_people_do(db: Database, taught: None) -> None:
    assert [value_text(one) for one in (None, True, 2, ["a", "b"])] == ["–", "yes", "2", "a, b"]
    (one,) = demonstration_list.listing(db, Choice(search="paint"))
    assert (product_name(one), right_values(one)) == ("Wall $paint", "brand: Farbwerk")


CSV = b"sku,name,kind\nA1,Green,Tea\nA2,Black,tea\n"


@pytest.fixture
def upload(settings: Settings, db: Database) -> Upload:
    return uploads.store(settings, db, "tea.csv", io.BytesIO(CSV))


def chooser(upload_id: str) -> None:
    import streamlit as st

    from batch.columns import Columns
    from batch.fields import Field
    from batch.plan import Plan
    from core.people import ANYBODY
    from pages.parts import learning_choice
    from pages.parts.entry import Shop, open_settings, open_shop_database

    shop = Shop(open_settings(), open_shop_database(), "0" * 32, ANYBODY)
    columns = Columns(id="sku", title="name", department="kind", text=("name",))
    learns = learning_choice.draw(shop, upload_id, columns, Plan((Field(name="brand"),)))
    st.write(f"learns: {learns}")


def test_whether_a_job_learns_is_chosen_and_the_fitting_examples_are_counted(
    db: Database, upload: Upload
) -> None:
    st.cache_data.clear()
    app = AppTest.from_function(chooser, args=(upload.id,), default_timeout=30).run()
    assert "no examples yet for the products of this file" in texts(app)
    assert "learns: True" in texts(app)
    with db.write() as connection:
        tea = [Product(f"Tea {at}", "TEA", {"brand": "B"}) for at in range(60)]
        demonstrations.add(connection, [*tea, Product("Paint", "Paint", {"brand": "F"})])
    shown = demonstration_list.of_types(db, ["tea"]).shown
    assert 30 < shown < 60
    app.run()
    assert f"{shown} examples fit the products of this file" in texts(app)
    app.toggle(key="learns").set_value(False).run()
    assert "learns: False" in texts(app)
    assert "the model will see none" in texts(app)
