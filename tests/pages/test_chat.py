"""The counter: questions, cited answers, conversations, and what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from core import products, progress
from core.db import Database
from core.errors import SettingError
from core.facts import IN_STOCK, Filter
from core.products import Product
from core.settings import PROJECT, Settings, load_settings
from core.statuses import MessageStatus
from core.values import Value
from pages.parts.cards import matching_values
from pages.parts.comparison import comparison_html
from pages.parts.conversation import timing_line
from pages.parts.entry import Shop
from pages.parts.prose import prose_html
from pages.parts.sources import NEAR, sources_html
from rag import conversations, messages
from rag.exchange import Comparison, Details, Kind, Passage, Timing
from rag.query import Query
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
    counter.broken, counter.words = True, []
    ask(chat, "Is shipping free?")
    assert "did not answer in time" in chat.error[0].value
    assert "sk-policy" in texts(chat)
    counter.broken, counter.words = False, ["Yes."]
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


def test_a_conversation_is_deleted_after_a_question(chat: AppTest, db: Database) -> None:
    ask(chat, "Is shipping free?")
    visitor = chat.session_state["visitor"]
    keyed(chat, "delete-").click().run()
    assert conversations.listing(db, visitor)
    keyed(chat, "confirm-conversation").click().run()
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


def test_half_a_bold_word_is_bold_already() -> None:
    assert "<strong>Hal</strong>" in prose_html("The **Hal", [], writing=True)
    assert "*" not in prose_html("The **", [], writing=True)
    assert "<strong>Halden</strong>" in prose_html("The **Halden*", [], writing=True)


def test_lists_are_lists() -> None:
    assert prose_html("One:\n- a\n- b\n\n1. c", []) == (
        '<div class="sk-prose"><p dir="auto">One:</p><ul dir="auto"><li dir="auto">a</li>'
        '<li dir="auto">b</li></ul><ol dir="auto"><li dir="auto">c</li></ol></div>'
    )


def test_a_shop_is_a_frozen_value(shop: Shop) -> None:
    with pytest.raises(AttributeError):
        shop.visitor = "x"  # type: ignore[misc]


def test_conditions_are_taken_away_and_put_back(
    chat: AppTest, counter: FakeCounter, db: Database
) -> None:
    cheap = Filter("price", high=150.0, label="under $150")
    counter.details = Details(queries=(Query("x", "x", filters=(cheap, IN_STOCK)),))
    ask(chat, "Tents in stock under $150?")
    assert [one.label for one in chips(chat)] == [r"under \$150", "in stock"]
    chips(chat)[0].click().run()
    assert counter.removed == (cheap,)
    assert [one.label for one in chips(chat)] == ["in stock", r"~~under \$150~~ removed"]
    assert len(counter.asked) == 2
    assert texts(chat).count('class="sk-question"') == 1
    reopened = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    reopened.session_state["visitor"] = chat.session_state["visitor"]
    reopened.query_params["c"] = chat.query_params["c"]
    reopened.run()
    assert [one.label for one in chips(reopened)] == ["in stock", r"~~under \$150~~ removed"]
    chips(reopened)[1].click().run()
    assert not counter.removed
    assert [one.label for one in chips(reopened)] == [r"under \$150", "in stock"]


def test_answering_again_keeps_what_was_taken_away(chat: AppTest, counter: FakeCounter) -> None:
    counter.details = Details(queries=(Query("x", "x", filters=(IN_STOCK,)),))
    ask(chat, "Tents in stock?")
    chips(chat)[0].click().run()
    assert not counter.fresh
    button(chat, "Answer again").click().run()
    assert counter.removed == (IN_STOCK,)
    assert counter.fresh, "the same words again would be no other answer"


def test_a_follow_up_is_asked_with_how_the_question_before_was_understood(
    chat: AppTest, counter: FakeCounter
) -> None:
    understood = Query("tents", "tents", filters=(IN_STOCK,))
    counter.details = Details(queries=(understood,), suggestions=("And in *blue*?",))
    ask(chat, "Tents in stock?")
    keyed(chat, "suggestion-").click().run()
    assert counter.asked[1][0] == "And in *blue*?"
    assert counter.before == (understood,)
    assert "sk-filters" in texts(chat), "those of the question before are read only"


def test_the_last_question_is_changed_in_place(
    chat: AppTest, counter: FakeCounter, db: Database
) -> None:
    ask(chat, "Is shipping free?")
    ask(chat, "And returns?")
    keyed(chat, "edit-").click().run()
    assert chat.text_area[0].value == "And returns?"
    chat.text_area[0].set_value("And repairs?")
    button(chat, "Ask this instead").click().run()
    question, said = counter.asked[-1]
    assert question == "And repairs?"
    assert [turn.text for turn in said] == ["Is shipping free?", "Free over $75 [1]."]
    shown = texts(chat)
    assert "And repairs?" in shown
    assert "And returns?" not in shown
    (thread,) = conversations.listing(db, chat.session_state["visitor"])
    kept = conversations.load(db, thread.id, thread.visitor)
    assert [one.text for one in kept][::2] == ["Is shipping free?", "And repairs?"]
    assert len(kept) == 4


def test_a_change_can_be_thought_better_of(chat: AppTest, counter: FakeCounter) -> None:
    ask(chat, "Is shipping free?")
    keyed(chat, "edit-").click().run()
    button(chat, "Cancel").click().run()
    assert not chat.text_area
    keyed(chat, "edit-").click().run()
    chat.text_area[0].set_value("   ")
    button(chat, "Ask this instead").click().run()
    assert "Is shipping free?" in texts(chat)
    assert len(counter.asked) == 1


def test_what_is_only_near_and_what_does_not_work_are_told_as_such(
    chat: AppTest, counter: FakeCounter
) -> None:
    counter.details = Details(near=True, refused=True, notice="Found by words only just now.")
    ask(chat, "Do you sell bicycles?")
    shown = texts(chat)
    assert NEAR in shown
    assert "Found by words only just now." in shown
    assert shown.index(NEAR) < shown.index('class="sk-policy"')


def test_an_answer_from_before_is_labelled_in_the_timing_line(
    chat: AppTest, counter: FakeCounter
) -> None:
    counter.details = Details(cached=True)
    ask(chat, "Is shipping free?")
    assert "answered before · 2.0 s · 1 source" in texts(chat)
    line = timing_line(Timing(12.0, None, 41.0), 2, Details(cached=True))
    assert line == "answered before · 0.04 s · 2 sources"


def test_words_that_were_corrected_are_shown_corrected(chat: AppTest, counter: FakeCounter) -> None:
    counter.corrected = "Free over $90 [1]."
    ask(chat, "Is shipping free?")
    assert "Free over $90" in texts(chat)
    assert "Free over $75 <" not in texts(chat)


def test_a_comparison_is_a_table_in_which_differences_are_marked() -> None:
    passages = [product(1, TENT), product(2, replace(TENT, id="t2", title="Halden 2"))]
    rows = (("price", ("$289.00", "$199.00")), ("brand", ("Tarnwick", "tarnwick")), ("x", ("1",)))
    drawn = comparison_html(Comparison((1, 2, 9), rows), passages, "m")
    assert drawn.count('<th scope="col"') == 3, "what is not among the sources has no column"
    assert drawn.count("sk-differs") == 2
    assert "The shop does not say" in drawn
    assert 'data-source="m/2"' in drawn
    assert comparison_html(Comparison((9,), ()), passages) == ""


def test_what_fits_stands_first_on_a_card_and_is_ticked() -> None:
    drawn = sources_html([product(1, TENT, "sleeps: 4", "under $300")], "tent for four under $300")
    fits = [drawn.index("sleeps: 4"), drawn.index("under $300"), drawn.index("Tarnwick")]
    assert fits == sorted(fits)
    assert drawn.count("sk-fits") == 2
    assert "Mentions" not in drawn
    told = replace(product(1, TENT), text="Sleeps four people.")
    assert "Mentions sleeps, four, people" in sources_html(
        [told], "What sleeps four people and what not?"
    )


def test_pictures_come_only_from_servers_that_were_named() -> None:
    def drawn(address: str, *hosts: str) -> str:
        return sources_html([product(1, replace(TENT, image=address))], hosts=hosts)

    good = "https://cdn.example/a.png"
    assert "<img" not in drawn(good)
    assert f'<img src="{good}" alt="" loading="lazy"' in drawn(good, "cdn.example")
    for bad in (
        "http://cdn.example/a.png",
        "https://cdn.example.evil/a.png",
        "https://cdn.example@evil/a.png",
        "https://cdn.example:8443/a.png",
        "https://[",
        "javascript:alert(1)",
    ):
        assert "<img" not in drawn(bad, "cdn.example")
    assert 'a.png" onerror' not in drawn('https://cdn.example/a.png" onerror="x', "cdn.example")


def test_servers_of_pictures_are_a_setting() -> None:
    assert load_settings().picture_hosts == frozenset()
    named = load_settings(image_hosts=" CDN.example , img.example ")
    assert named.picture_hosts == {"cdn.example", "img.example"}
    with pytest.raises(SettingError, match="SHOPKEEPER_IMAGE_HOSTS"):
        load_settings(image_hosts="https://cdn.example/")


def test_a_title_leads_to_the_product_only_on_the_web() -> None:
    safe = sources_html([product(1, replace(TENT, url="https://shop.example/t?a=1&b=2"))])
    assert '<a href="https://shop.example/t?a=1&amp;b=2" target="_blank" rel="noopener' in safe
    for bad in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "https://[", ""):
        assert "<a " not in sources_html([product(1, replace(TENT, url=bad))])


MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_nobodys_markup_runs_wherever_it_stands(chat: AppTest, counter: FakeCounter) -> None:
    evil = replace(
        TENT,
        title=MARKUP,
        description=MARKUP,
        department=MARKUP,
        currency=MARKUP,
        url=f"https://x.example/{MARKUP}",
        image=f"https://x.example/{MARKUP}",
        values={MARKUP: Value(MARKUP), "n": Value(1.0, unit=MARKUP)},
    )
    counter.passages = [product(1, evil, MARKUP), policy(2, MARKUP, MARKUP)]
    counter.words = [MARKUP, " [1] [2] **", MARKUP, "**"]
    condition = Filter("x", ("y",), label=MARKUP)
    counter.details = Details(
        queries=(Query(MARKUP, MARKUP, filters=(condition,)),),
        comparison=Comparison((1, 2), ((MARKUP, (MARKUP, "")),)),
        near=True,
        suggestions=(MARKUP,),
        notice=MARKUP,
    )
    ask(chat, MARKUP)
    chips(chat)[0].click().run()
    ask(chat, "And?")
    assert not chat.exception
    drawn = "".join(one.proto.body for one in chat.get("html"))
    assert "&lt;script&gt;" in drawn
    assert "<script" not in drawn
    assert "<img" not in drawn
    labels = [one.label for one in chat.button if "script" in one.label]
    assert len(labels) >= 2
    assert all(r"\<script\>" in one for one in labels)


def test_conversations_are_found_by_words_once_there_are_many(chat: AppTest, db: Database) -> None:
    visitor = chat.session_state["visitor"]
    for number in range(12):
        thread = conversations.create(db, visitor)
        messages.add_question(db, thread.id, f"Question {number} about kettles")
    chat.run()
    chat.text_input[0].set_value("7 kettles").run()
    assert opened(chat) == ["Question 7 about kettles"]
    chat.text_input[0].set_value("bicycles").run()
    assert "Nothing like that was said" in texts(chat)


def test_all_conversations_are_deleted_after_a_question(chat: AppTest, db: Database) -> None:
    other = conversations.create(db, "somebody else")
    messages.add_question(db, other.id, "Mine")
    ask(chat, "Is shipping free?")
    keyed(chat, "delete-all").click().run()
    assert conversations.listing(db, chat.session_state["visitor"])
    keyed(chat, "confirm-all").click().run()
    assert not conversations.listing(db, chat.session_state["visitor"])
    assert conversations.listing(db, "somebody else")
    assert "c" not in chat.query_params


def chips(app: AppTest) -> list[Button]:
    return [one for one in app.button if (one.key or "").startswith("chip-")]


def product(number: int, item: Product, *matched: str) -> Passage:
    id = f"product:{item.id}"
    return Passage(number, id, Kind.PRODUCT, item.title, "", "", 0.8, item, matched)


def test_earlier_conversations_are_shown_on_request(chat: AppTest, db: Database) -> None:
    for number in range(33):
        thread = conversations.create(db, chat.session_state["visitor"])
        messages.add_question(db, thread.id, f"Question {number}")
    chat.run()
    assert len(opened(chat)) == 30
    keyed(chat, "show-earlier").click().run()
    assert len(opened(chat)) == 33
    assert not [one for one in chat.button if one.key == "show-earlier"]


def opened(app: AppTest) -> list[str]:
    return [one.label for one in app.button if (one.key or "").startswith("open-")]
