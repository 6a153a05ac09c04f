from __future__ import annotations

from decimal import Decimal

import pytest

from core.db import Database
from core.errors import NotFoundError
from core.products import Product
from core.statuses import MessageStatus
from core.values import Origin, Value
from rag import conversations, messages
from rag.exchange import Kind, Passage, Role, Timing, Turn

TENT = Product(
    "t1",
    "Tent",
    price=Decimal("289.00"),
    values={"colour": Value("green", Origin.STATED, "d", 3, 8)},
)
PASSAGES = (
    Passage(1, "product:t1", Kind.PRODUCT, "Tent", "", "A tent.", 0.5, TENT),
    Passage(2, "policy:returns#1", Kind.POLICY, "Returns", "Refunds", "60 days.", 0.4),
)
TIMING = Timing(
    retrieve_ms=20.5, first_token_ms=900.0, total_ms=1500.0, tokens=12, prompt_tokens=90
)


def answered(db: Database, visitor: str = "ann") -> str:
    conversation = conversations.create(db, visitor)
    messages.add_question(db, conversation.id, "Which tent?")
    message = messages.start_answer(db, conversation.id)
    messages.finish_answer(
        db,
        message.id,
        text="This one [1].",
        status=MessageStatus.DONE,
        passages=PASSAGES,
        timing=TIMING,
    )
    return conversation.id


def test_conversation_comes_back_as_it_was(db: Database) -> None:
    question, answer = conversations.load(db, answered(db), "ann")
    assert (question.role, question.text) == (Role.USER, "Which tent?")
    assert question.status is MessageStatus.DONE
    assert (answer.role, answer.text) == (Role.ASSISTANT, "This one [1].")
    assert answer.passages == PASSAGES
    assert answer.timing == TIMING
    assert answer.turn == Turn(Role.ASSISTANT, "This one [1].")


def test_first_question_is_the_title(db: Database) -> None:
    conversation = conversations.create(db, "ann")
    assert conversations.listing(db, "ann") == []
    messages.add_question(db, conversation.id, "  Which\n tent " + "x" * 100)
    messages.add_question(db, conversation.id, "And?")
    (listed,) = conversations.listing(db, "ann")
    assert listed.title.startswith("Which tent xxx")
    assert listed.title.endswith("…")
    assert len(listed.title) <= 60


def test_given_title_is_kept(db: Database) -> None:
    conversation = conversations.create(db, "ann", "Mine")
    messages.add_question(db, conversation.id, "Which tent?")
    assert conversations.listing(db, "ann")[0].title == "Mine"


def test_latest_used_is_listed_first(db: Database) -> None:
    first, second = answered(db), answered(db)
    assert [item.id for item in conversations.listing(db, "ann")] == [second, first]
    messages.add_question(db, first, "And?")
    assert [item.id for item in conversations.listing(db, "ann")] == [first, second]


def test_other_visitors_neither_see_nor_delete(db: Database) -> None:
    mine = answered(db)
    assert conversations.listing(db, "bob") == []
    with pytest.raises(NotFoundError):
        conversations.load(db, mine, "bob")
    with pytest.raises(NotFoundError):
        conversations.delete(db, mine, "bob")
    with pytest.raises(NotFoundError):
        conversations.load(db, "unknown", "ann")
    assert len(conversations.load(db, mine, "ann")) == 2


def test_delete_takes_the_messages_along(db: Database) -> None:
    mine = answered(db)
    message = messages.start_answer(db, mine)
    conversations.delete(db, mine, "ann")
    with pytest.raises(NotFoundError):
        conversations.load(db, mine, "ann")
    with pytest.raises(NotFoundError):
        messages.add_question(db, mine, "Still there?")
    messages.finish_answer(
        db, message.id, text="", status=MessageStatus.STOPPED, passages=(), timing=Timing()
    )


def test_words_find_the_conversations_in_which_they_were_said(db: Database) -> None:
    tents, other = answered(db), conversations.create(db, "ann")
    messages.add_question(db, other.id, "Is 50% off really 50%_off?")
    assert [one.id for one in conversations.listing(db, "ann", words="this TENT")] == [tents]
    assert [one.id for one in conversations.listing(db, "ann", words="50%_")] == [other.id]
    assert conversations.listing(db, "ann", words="%") != []
    assert conversations.listing(db, "ann", words="tent 50%") == []
    assert conversations.listing(db, "bob", words="tent") == []


def test_everything_that_a_visitor_asked_is_deleted_and_nothing_else(db: Database) -> None:
    answered(db), answered(db)
    theirs = answered(db, "bob")
    assert conversations.delete_all(db, "ann") == 2
    assert conversations.listing(db, "ann") == []
    assert len(conversations.load(db, theirs, "bob")) == 2
