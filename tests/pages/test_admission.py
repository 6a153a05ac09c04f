"""What a shopper sees who asks too often, too much at once or at too great a length."""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from core import products
from core.db import Database
from core.line import Line
from core.products import Product
from pages.parts import answering
from pages.parts.entry import open_settings, open_shop_database, open_turnstile
from rag import conversations
from tests.pages.conftest import FakeCounter, Open, texts

QUESTION = "Is shipping free?"
LAMP = Product("l1", "Fenwick lamp", "A bedside lamp.", Decimal("39"), "USD", 3)


def ask(app: AppTest, question: str = QUESTION) -> AppTest:
    return app.chat_input[0].set_value(question).run()


def given_back(app: AppTest) -> str:
    """What stands in the field for questions without having been typed."""
    proto = app.chat_input[0].proto
    return str(proto.value) if proto.set_value else ""


@pytest.fixture(autouse=True)
def _something_on_the_shelves(_page_settings: None) -> None:
    products.publish(open_shop_database(), [LAMP])
    products.mark_indexed(open_shop_database(), products.pending(open_shop_database()))


@pytest.fixture
def once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_QUESTIONS_A_MINUTE", "1")
    open_turnstile.clear()
    open_settings.clear()


def test_who_asks_too_often_is_told_when_to_ask_again_and_loses_nothing(
    once_a_minute: None, page: Open, counter: FakeCounter, db: Database
) -> None:
    app = ask(page("pages/chat.py"))
    assert not app.info
    ask(app, "And returns?")
    assert "1 questions within a minute" in app.info[0].value
    assert "Please ask again in" in app.info[0].value
    assert given_back(app) == "And returns?"
    assert len(counter.asked) == 1
    assert "Free over $75." in texts(app), "what was answered before stays"
    (kept,) = conversations.listing(db, app.session_state["visitor"])
    assert len(conversations.load(db, kept.id, kept.visitor)) == 2, "nothing of it is stored"


def test_another_visitor_is_answered_meanwhile(
    once_a_minute: None, page: Open, counter: FakeCounter
) -> None:
    ask(ask(page("pages/chat.py")))
    ask(page("pages/chat.py"))
    assert len(counter.asked) == 2


def test_the_note_goes_with_the_next_thing_that_is_done(once_a_minute: None, page: Open) -> None:
    app = ask(ask(page("pages/chat.py")))
    assert app.info
    assert not app.run().info
    assert not given_back(app)


def test_a_click_on_an_example_is_refused_likewise(once_a_minute: None, page: Open) -> None:
    app = ask(page("pages/chat.py"))
    next(one for one in app.button if one.key == "new-chat").click().run()
    next(one for one in app.button if one.key == "example-0").click().run()
    assert "within a minute" in app.info[0].value
    assert given_back(app) == "Which tents sleep four people?"


def test_a_question_that_is_too_long_comes_back_to_be_shortened(
    page: Open, counter: FakeCounter, db: Database
) -> None:
    app = ask(page("pages/chat.py"), "tents " * 200)
    assert "1,200 characters, and 1,000 can be read" in app.info[0].value
    assert given_back(app) == "tents " * 200
    assert not counter.asked
    assert not conversations.listing(db, app.session_state["visitor"])
    ask(app, "x" * 5_000_000)
    assert len(given_back(app)) == 2_000, "of a flood of letters only a beginning comes back"


def test_beyond_the_line_a_question_is_refused_before_anything_is_done_for_it(
    page: Open, counter: FakeCounter, db: Database
) -> None:
    app = page("pages/chat.py")
    with ExitStack() as others:
        line = open_turnstile().line
        for _ in range(line.places + open_turnstile().limits.waiting):
            others.enter_context(line.enter())
        ask(app)
        assert "Very many people ask at the same time" in app.info[0].value
        assert given_back(app) == QUESTION
        assert not counter.asked
        assert not conversations.listing(db, app.session_state["visitor"])
    ask(app)
    assert len(counter.asked) == 1


def test_who_waits_is_told_how_many_are_before_them(
    page: Open, counter: FakeCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/chat.py")
    line = open_turnstile().line = Line(1, 10, 60.0)
    served, waiting = line.enter(), [line.enter() for _ in range(3)]
    monkeypatch.setattr(answering, "LOOK_S", 0.01)
    told: list[str] = []

    def in_line(before: int) -> str:
        told.append(real(before))
        (waiting.pop(0) if waiting else served).leave()
        return told[-1]

    real = answering._in_line
    monkeypatch.setattr(answering, "_in_line", in_line)
    ask(app)
    assert told == [
        ":shimmer[3 shoppers before you…]",
        ":shimmer[2 shoppers before you…]",
        ":shimmer[1 shopper before you…]",
        ":shimmer[You are next…]",
    ]
    assert len(counter.asked) == 1
    assert "before you" not in texts(app)


def test_patience_has_an_end_and_the_question_can_be_asked_again(
    page: Open, counter: FakeCounter
) -> None:
    app = page("pages/chat.py")
    line = open_turnstile().line = Line(1, 10, -1.0)
    with line.enter():
        ask(app)
        assert "Very many people ask at the same time" in app.error[0].value
    next(one for one in app.button if one.label == "Try again").click().run()
    assert len(counter.asked) == 1
    assert not app.error
