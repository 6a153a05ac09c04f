"""The counter: questions, cited answers, conversations, and what goes wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from core import products, progress
from core.db import Database
from core.products import Product
from core.settings import Settings
from core.statuses import MessageStatus
from core.values import Value
from pages.parts.entry import Shop
from pages.parts.prose import prose_html
from pages.parts.sources import matching_values, sources_html
from rag import conversations, messages
from rag.exchange import Kind, Passage, Timing
from tests.pages.conftest import FakeCounter, Open, button, keyed, policy, texts

TENT = Product(
    "t1",
    "Halden <b>4</b> tent",
    "Sleeps four.",
    Decimal("289"),
    "USD",
    0,
    "Outdoor",
    values={"brand": Value("Tarnwick"), "sleeps": Value(4.0), "waterproof": Value(True)},
)


@pytest.fixture
def chat(page: Open, db: Database) -> AppTest:
    products.publish(db, [TENT])
    products.mark_indexed(db, products.pending(db))
    return page("pages/chat.py")


def ask(app: AppTest, question: str) -> AppTest:
    return app.chat_input[0].set_value(question).run()


def test_the_empty_page_offers_six_questions(chat: AppTest) -> None:
    assert len([one for one in chat.button if one.key and one.key.startswith("example")]) == 6


def test_an_empty_shop_leads_to_the_upload(page: Open) -> None:
    assert "shelves are empty" in texts(page("pages/chat.py"))


def test_progress_is_shown_while_the_shelves_are_filled(page: Open, settings: Settings) -> None:
    progress.report(settings, "Filling the shelves", 120, 276)
    app = page("pages/chat.py")
    assert app.get("progress")[0].proto.text == "Filling the shelves: 120 of 276"


def test_a_question_is_answered_with_sources_and_kept(chat: AppTest, db: Database) -> None:
    ask(chat, "Is shipping free?")
    assert not chat.exception
    shown = texts(chat)
    assert "Is shipping free?" in shown
    assert 'class="sk-cite"' in shown
    assert "Free over $75." in shown
    assert "first word 1.2 s" in shown
    visitor = chat.session_state["visitor"]
    (kept,) = conversations.listing(db, visitor)
    assert chat.query_params["c"] == kept.id
    _, answer = conversations.load(db, kept.id, visitor)
    assert (answer.text, answer.status) == ("Free over $75 [1].", MessageStatus.DONE)


def test_an_example_is_asked_by_a_click(chat: AppTest, counter: FakeCounter) -> None:
    button(chat, "Which tents").click().run()
    assert counter.asked[0][0] == "Which tents sleep four people?"


def test_the_next_question_knows_what_was_said(chat: AppTest, counter: FakeCounter) -> None:
    ask(chat, "Is shipping free?")
    ask(chat, "And returns?")
    _, said = counter.asked[1]
    assert [turn.text for turn in said] == ["Is shipping free?", "Free over $75 [1]."]


def test_a_model_error_keeps_the_sources_and_offers_another_try(
    chat: AppTest, counter: FakeCounter, db: Database
) -> None:
    counter.broken = True
    ask(chat, "Is shipping free?")
    assert "did not answer in time" in chat.error[0].value
    assert "sk-policy" in texts(chat)
    counter.broken = False
    button(chat, "Try again").click().run()
    assert not chat.error
    assert texts(chat).count('class="sk-question"') == 1
    conversation = conversations.listing(db, chat.session_state["visitor"])[0]
    roles = [str(one.role) for one in conversations.load(db, conversation.id, conversation.visitor)]
    assert roles == ["user", "assistant", "assistant"]


def test_nothing_found_is_said_without_sources(chat: AppTest, counter: FakeCounter) -> None:
    counter.passages, counter.words = [], ["I could not find that in our shop."]
    ask(chat, "Who won the cup?")
    assert "could not find" in texts(chat)
    assert "no source" in texts(chat)


def test_a_thumb_is_kept(chat: AppTest, db: Database) -> None:
    ask(chat, "Is shipping free?")
    chat.feedback[0].set_value(1).run()
    conversation = conversations.listing(db, chat.session_state["visitor"])[0]
    assert conversations.load(db, conversation.id, conversation.visitor)[1].feedback == 1


def test_a_conversation_is_deleted_after_a_question(chat: AppTest, db: Database) -> None:
    ask(chat, "Is shipping free?")
    visitor = chat.session_state["visitor"]
    keyed(chat, "delete-").click().run()
    assert conversations.listing(db, visitor)
    keyed(chat, "confirm-delete").click().run()
    assert not conversations.listing(db, visitor)
    assert "c" not in chat.query_params


def test_another_visitors_conversation_is_not_shown(chat: AppTest, db: Database) -> None:
    other = conversations.create(db, "somebody else")
    messages.add_question(db, other.id, "My secret question")
    chat.query_params["c"] = other.id
    chat.run()
    assert "My secret question" not in texts(chat)
    assert "not there any more" in texts(chat)


def test_an_unfinished_answer_is_told(chat: AppTest, db: Database) -> None:
    mine = conversations.create(db, chat.session_state["visitor"])
    messages.add_question(db, mine.id, "Hello?")
    message = messages.start_answer(db, mine.id)
    chat.query_params["c"] = mine.id
    chat.run()
    assert "being finished" in texts(chat)
    messages.finish_answer(
        db, message.id, text="", status=MessageStatus.STOPPED, passages=(), timing=Timing()
    )
    chat.run()
    assert "Stopped before the first word" in texts(chat)


def test_a_card_shows_money_stock_and_what_was_asked_for() -> None:
    passage = Passage(1, "product:t1", Kind.PRODUCT, TENT.title, "", "Sleeps four.", 0.8, TENT)
    drawn = sources_html([passage], "a waterproof tent")
    assert "$289.00" in drawn
    assert "Out of stock" in drawn
    assert "Halden &lt;b&gt;4&lt;/b&gt; tent" in drawn
    assert matching_values(TENT, "a waterproof tent")[0] == ("waterproof", "waterproof: yes")


def test_what_a_model_writes_stays_text() -> None:
    written = '<img src=x onerror=alert(1)> ![a](http://evil/a.png) **bold** $5 [1] [7] "q"'
    drawn = prose_html(written, [policy(1, 'A "title"', "<script>")])
    assert "<img" not in drawn
    assert "<script" not in drawn
    assert "![a](http://evil/a.png)" in drawn
    assert "<strong>bold</strong>" in drawn
    assert drawn.count("sk-cite") == 1
    assert "[7]" not in drawn


def test_half_a_citation_waits_for_its_other_half() -> None:
    assert "[1" not in prose_html("Free [1", [], writing=True)
    assert "[1" in prose_html("Free [1", [])


def test_lists_are_lists() -> None:
    assert prose_html("One:\n- a\n- b\n\n1. c", []) == (
        '<div class="sk-prose"><p>One:</p><ul><li>a</li><li>b</li></ul><ol><li>c</li></ol></div>'
    )


def test_a_shop_is_a_frozen_value(shop: Shop) -> None:
    with pytest.raises(AttributeError):
        shop.visitor = "x"  # type: ignore[misc]
