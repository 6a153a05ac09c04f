"""Stored conversations: who asked what, what was answered and from which sources.

Knows nothing of search or models. Only :func:`load`, :func:`listing` and
:func:`delete` face a visitor, and they check whose conversation it is.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from core.chat_tables import conversations, messages
from core.db import Database
from core.errors import NotFoundError
from core.statuses import MessageStatus
from rag.exchange import Passage, Role, Timing, Turn

TITLE_CHARS = 60
#: An answer still "streaming" after this long was left behind by a process that died.
ABANDONED_AFTER_S = 150.0
GONE = "This conversation is not there any more. Start a new one."


@dataclass(frozen=True, slots=True)
class Conversation:
    """One visitor's thread; the title is its first question. Times in epoch seconds."""

    id: str
    visitor: str
    title: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer.

    Attributes:
        passages: What an answer was written from, as it was then.
        feedback: 1 for thumbs up, -1 for thumbs down, 0 for neither.
    """

    id: str
    conversation_id: str
    role: Role
    text: str
    status: MessageStatus
    passages: tuple[Passage, ...]
    timing: Timing
    feedback: int
    created_at: float

    @property
    def turn(self) -> Turn:
        """The message as the history of a next question."""
        return Turn(role=self.role, text=self.text)


def create(db: Database, visitor: str, title: str = "") -> Conversation:
    """Start a conversation for a visitor."""
    now = time.time()
    conversation = Conversation(
        id=secrets.token_hex(8), visitor=visitor, title=title, created_at=now, updated_at=now
    )
    stored = {name: getattr(conversation, name) for name in Conversation.__dataclass_fields__}
    with db.write() as connection:
        connection.execute(conversations.insert().values(stored))
    return conversation


def listing(db: Database, visitor: str, *, limit: int = 200) -> list[Conversation]:
    """A visitor's conversations in which something was asked, the latest first."""
    asked = sa.exists().where(messages.c.conversation_id == conversations.c.id)
    with db.read() as connection:
        found = connection.execute(
            conversations.select()
            .where(conversations.c.visitor == visitor, asked)
            .order_by(conversations.c.updated_at.desc())
            .limit(limit)
        ).mappings()
        return [Conversation(**row) for row in found]


def load(
    db: Database, conversation_id: str, visitor: str, *, now: float | None = None
) -> list[Message]:
    """The messages of a visitor's conversation, oldest first.

    An answer left behind by a process that died is shown as stopped.

    Raises:
        NotFoundError: There is no such conversation, or it is another visitor's.
    """
    moment = time.time() if now is None else now
    with db.read() as connection:
        _owned(connection, conversation_id, visitor)
        found = connection.execute(
            messages.select()
            .where(messages.c.conversation_id == conversation_id)
            .order_by(messages.c.position)
        ).mappings()
        return [_message(row, moment) for row in found]


def add_question(db: Database, conversation_id: str, text: str) -> Message:
    """Store a question; the first one becomes the conversation's title.

    Raises:
        NotFoundError: The conversation was deleted meanwhile.
    """
    with db.write() as connection:
        message = _append(connection, conversation_id, Role.USER, text, MessageStatus.DONE)
        connection.execute(
            conversations.update()
            .where(conversations.c.id == conversation_id, conversations.c.title == "")
            .values(title=_title(text))
        )
    return message


def start_answer(db: Database, conversation_id: str) -> Message:
    """Store an empty answer that is being written, so that a crash leaves a trace.

    Raises:
        NotFoundError: The conversation was deleted meanwhile.
    """
    with db.write() as connection:
        return _append(connection, conversation_id, Role.ASSISTANT, "", MessageStatus.STREAMING)


def finish_answer(
    db: Database,
    message_id: str,
    *,
    text: str,
    status: MessageStatus,
    passages: Sequence[Passage],
    timing: Timing,
) -> None:
    """Store how an answer ended. Does nothing if its conversation was deleted meanwhile."""
    with db.write() as connection:
        connection.execute(
            messages.update()
            .where(messages.c.id == message_id)
            .values(
                text=text,
                status=status,
                passages=[passage.to_json() for passage in passages],
                timing=timing.to_json(),
            )
        )


def set_feedback(db: Database, message_id: str, feedback: int) -> None:
    """Note a reader's verdict: 1 thumbs up, -1 thumbs down, 0 none."""
    with db.write() as connection:
        connection.execute(
            messages.update().where(messages.c.id == message_id).values(feedback=feedback)
        )


def delete(db: Database, conversation_id: str, visitor: str) -> None:
    """Delete a visitor's conversation and its messages.

    Raises:
        NotFoundError: There is no such conversation, or it is another visitor's.
    """
    with db.write() as connection:
        _owned(connection, conversation_id, visitor)
        connection.execute(messages.delete().where(messages.c.conversation_id == conversation_id))
        connection.execute(conversations.delete().where(conversations.c.id == conversation_id))


def _owned(connection: Connection, conversation_id: str, visitor: str) -> None:
    owner = connection.execute(
        sa.select(conversations.c.visitor).where(conversations.c.id == conversation_id)
    ).scalar_one_or_none()
    if owner != visitor:
        raise NotFoundError(GONE)


def _append(
    connection: Connection, conversation_id: str, role: Role, text: str, status: MessageStatus
) -> Message:
    now = time.time()
    touched = connection.execute(
        conversations.update().where(conversations.c.id == conversation_id).values(updated_at=now)
    )
    if touched.rowcount != 1:
        raise NotFoundError(GONE)
    before = sa.select(sa.func.coalesce(sa.func.max(messages.c.position), 0)).where(
        messages.c.conversation_id == conversation_id
    )
    row: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "conversation_id": conversation_id,
        "position": connection.execute(before).scalar_one() + 1,
        "role": role,
        "text": text,
        "status": status,
        "passages": [],
        "timing": {},
        "feedback": 0,
        "created_at": now,
    }
    connection.execute(messages.insert().values(row))
    return _message(row, now)


def _message(row: RowMapping | dict[str, Any], now: float) -> Message:
    status = MessageStatus(row["status"])
    if status is MessageStatus.STREAMING and now - row["created_at"] > ABANDONED_AFTER_S:
        status = MessageStatus.STOPPED
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        role=Role(row["role"]),
        text=row["text"],
        status=status,
        passages=tuple(Passage.from_json(stored) for stored in row["passages"]),
        timing=Timing.from_json(row["timing"]),
        feedback=row["feedback"],
        created_at=row["created_at"],
    )


def _title(question: str) -> str:
    words = " ".join(question.split())
    return words if len(words) <= TITLE_CHARS else words[: TITLE_CHARS - 1].rstrip() + "…"
