"""Who reads an answer again and judges it."""

from __future__ import annotations

import pytest

from core.db import Database
from core.errors import NotFoundError
from rag import conversations, verdicts
from tests.rag.test_conversations import answered


def test_feedback_is_kept(db: Database) -> None:
    mine = answered(db)
    answer = conversations.load(db, mine, "ann")[1]
    assert answer.feedback == 0
    asked = verdicts.judge(db, answer.id, "ann", -1, "  wrong facts " + "x" * 1000)
    assert asked == "Which tent?"
    judged = conversations.load(db, mine, "ann")[1]
    assert judged.feedback == -1
    assert judged.feedback_reason.startswith("wrong facts x")
    assert len(judged.feedback_reason) == 500
    verdicts.judge(db, answer.id, "ann", 0)
    assert verdicts.answer(db, answer.id, "ann").feedback_reason == ""


def test_nobody_else_sees_or_judges_an_answer(db: Database) -> None:
    question, answer = conversations.load(db, answered(db), "ann")
    for id, visitor in ((answer.id, "bob"), ("unknown", "ann"), (question.id, "ann")):
        with pytest.raises(NotFoundError):
            verdicts.judge(db, id, visitor, 1)
        with pytest.raises(NotFoundError):
            verdicts.answer(db, id, visitor)
    assert verdicts.answer(db, answer.id, "ann").feedback == 0
