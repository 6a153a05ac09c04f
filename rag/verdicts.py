"""An answer in the hands of the visitor who was given it: read again, and judged.

What is here is asked for from outside the page, so it checks whose answer it is.
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.chat_tables import conversations, messages
from core.db import Database
from core.errors import NotFoundError
from rag.exchange import Role
from rag.messages import Message, message_of

#: Longest reason that is kept.
REASON_CHARS = 500


def answer(db: Database, message_id: str, visitor: str) -> Message:
    """An answer that a visitor was given.

    Raises:
        NotFoundError: There is no such answer, or it is another visitor's.
    """
    with db.read() as connection:
        return _theirs(connection, message_id, visitor)


def judge(db: Database, message_id: str, visitor: str, feedback: int, reason: str = "") -> str:
    """Note a reader's verdict on an answer, in place of an earlier one.

    Args:
        feedback: 1 thumbs up, -1 thumbs down, 0 none.
        reason: Why, in the reader's words.

    Returns:
        The question that was answered.

    Raises:
        NotFoundError: There is no such answer, or it is another visitor's.
    """
    with db.write() as connection:
        judged = _theirs(connection, message_id, visitor)
        same = messages.c.id == message_id
        connection.execute(
            messages.update()
            .where(same)
            .values(feedback=feedback, feedback_reason=reason.strip()[:REASON_CHARS])
        )
        here = sa.select(messages.c.position).where(same).scalar_subquery()
        asked: str = connection.execute(
            sa.select(messages.c.text)
            .where(
                messages.c.conversation_id == judged.conversation_id,
                messages.c.role == Role.USER,
                messages.c.position < here,
            )
            .order_by(messages.c.position.desc())
            .limit(1)
        ).scalar_one()
        return asked


def _theirs(connection: Connection, message_id: str, visitor: str) -> Message:
    found = connection.execute(
        messages.select()
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .where(
            messages.c.id == message_id,
            messages.c.role == Role.ASSISTANT,
            conversations.c.visitor == visitor,
        )
    ).mappings()
    row = found.one_or_none()
    if row is None:
        raise NotFoundError("This answer is not there any more.")
    return message_of(row, time.time())
