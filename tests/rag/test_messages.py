"""Questions, answers and verdicts as they are stored."""

from __future__ import annotations

import time

import pytest

from core.db import Database
from core.errors import NotFoundError
from core.facts import IN_STOCK, Filter
from core.statuses import MessageStatus
from rag import conversations, messages, verdicts
from rag.exchange import Comparison, Details, Timing
from rag.query import Query
from tests.conftest import on_both
from tests.rag.test_conversations import PASSAGES, answered

CHEAP = Filter("price", high=150.0, unit="USD", label="under $150")
DETAILS = Details(
    queries=(Query("a tent under $150 in stock", "tent", filters=(CHEAP, IN_STOCK)),),
    comparison=Comparison((1, 2), (("Price", ("$10", "")),)),
    near=True,
    suggestions=("And in blue?",),
)


def test_abandoned_answer_is_shown_as_stopped(db: Database) -> None:
    conversation = conversations.create(db, "ann")
    messages.start_answer(db, conversation.id)
    assert conversations.load(db, conversation.id, "ann")[0].status is MessageStatus.STREAMING
    later = time.time() + messages.ABANDONED_AFTER_S + 1
    (message,) = conversations.load(db, conversation.id, "ann", now=later)
    assert message.status is MessageStatus.STOPPED


@on_both
def test_what_was_drawn_with_an_answer_comes_back(db: Database) -> None:
    mine = answered(db)
    named = messages.new_id()
    message = messages.start_answer(db, mine, message_id=named, passages=PASSAGES, details=DETAILS)
    assert message.id == named
    assert verdicts.answer(db, message.id, "ann").passages == PASSAGES
    messages.finish_answer(
        db,
        message.id,
        text="Two.",
        status=MessageStatus.DONE,
        passages=PASSAGES,
        timing=Timing(),
        details=DETAILS,
    )
    found = verdicts.answer(db, message.id, "ann")
    assert (found.text, found.details) == ("Two.", DETAILS)
    assert found.details.queries[0].filters[0].label == "under $150"


@on_both
def test_a_changed_question_keeps_what_was_before_it(db: Database) -> None:
    mine = answered(db)
    messages.add_question(db, mine, "A cheaper one?")
    messages.start_answer(db, mine)
    question = conversations.load(db, mine, "ann")[2]
    messages.change_question(db, question, "A lighter one?", [CHEAP])
    found = conversations.load(db, mine, "ann")
    assert [one.text for one in found] == ["Which tent?", "This one [1].", "A lighter one?"]
    assert found[2].removed == (CHEAP,)
    assert conversations.get(db, mine, "ann").title == "Which tent?"
    messages.change_question(db, found[0], "Which boots?")
    assert [one.text for one in conversations.load(db, mine, "ann")] == ["Which boots?"]
    assert conversations.get(db, mine, "ann").title == "Which boots?"
    conversations.delete(db, mine, "ann")
    with pytest.raises(NotFoundError):
        messages.change_question(db, question, "Which hat?")
