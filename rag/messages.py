"""What is said in a conversation, as it is stored: questions and answers.

Knows nothing of search or models.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.chat_tables import conversations, messages
from core.db import Database
from core.errors import NotFoundError
from core.facts import Filter
from core.statuses import MessageStatus
from rag.exchange import Details, Passage, Role, Timing, Turn

TITLE_CHARS = 60
#: An answer still "streaming" after this long was left behind by a process that died.
ABANDONED_AFTER_S = 150.0
GONE = "This conversation is not there any more. Start a new one."


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer.

    Attributes:
        passages: What an answer was written from, as it was then.
        details: What is drawn with an answer besides its words and sources.
        removed: Of a question: conditions that were found in it and that the shopper took away.
        feedback: 1 for thumbs up, -1 for thumbs down, 0 for neither.
        feedback_reason: Why, in the reader's words; may be empty.
    """

    id: str
    conversation_id: str
    role: Role
    text: str
    status: MessageStatus
    passages: tuple[Passage, ...]
    details: Details
    removed: tuple[Filter, ...]
    timing: Timing
    feedback: int
    feedback_reason: str
    created_at: float

    @property
    def turn(self) -> Turn:
        """The message as the history of a next question."""
        return Turn(role=self.role, text=self.text)


def add_question(db: Database, conversation_id: str, text: str) -> Message:
    """Store a question; the first one becomes the conversation's title.

    Raises:
        NotFoundError: The conversation was deleted meanwhile.
    """
    # The shopper waits, and its answer makes it durable.
    with db.write(durable=False) as connection:
        message = _append(connection, conversation_id, Role.USER, text, MessageStatus.DONE)
        connection.execute(
            conversations.update()
            .where(conversations.c.id == conversation_id, conversations.c.title == "")
            .values(title=_title(text))
        )
    return message


def change_question(
    db: Database, question: Message, text: str, removed: Sequence[Filter] = ()
) -> None:
    """Ask a question otherwise: what followed it is forgotten, to be answered anew.

    Raises:
        NotFoundError: The conversation was deleted meanwhile.
    """
    with db.write() as connection:
        same = messages.c.id == question.id
        position = connection.execute(sa.select(messages.c.position).where(same)).scalar()
        if position is None:
            raise NotFoundError(GONE)
        thread = messages.c.conversation_id == question.conversation_id
        connection.execute(messages.delete().where(thread, messages.c.position > position))
        stored = {"removed": [one.to_json() for one in removed]}
        connection.execute(messages.update().where(same).values(text=text, details=stored))
        connection.execute(
            conversations.update()
            .where(
                conversations.c.id == question.conversation_id,
                conversations.c.title == _title(question.text),
            )
            .values(title=_title(text))
        )


def start_answer(
    db: Database,
    conversation_id: str,
    *,
    message_id: str = "",
    passages: Sequence[Passage] = (),
    details: Details | None = None,
) -> Message:
    """Store an answer that is being written, so that a crash leaves a trace.

    Args:
        db: Where the conversation is.
        conversation_id: Which it is.
        message_id: As :func:`new_id` made it, where the answer is named already.
        passages: What it is being written from, to be opened meanwhile.
        details: What is drawn with it so far.

    Raises:
        NotFoundError: The conversation was deleted meanwhile.
    """
    with db.write(durable=False) as connection:
        return _append(
            connection,
            conversation_id,
            Role.ASSISTANT,
            "",
            MessageStatus.STREAMING,
            id=message_id or new_id(),
            passages=[one.to_json() for one in passages],
            details=(details or Details()).to_json(),
        )


def new_id() -> str:
    """Names a message that is not stored yet."""
    return secrets.token_hex(8)


def finish_answer(
    db: Database,
    message_id: str,
    *,
    text: str,
    status: MessageStatus,
    passages: Sequence[Passage],
    timing: Timing,
    details: Details | None = None,
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
                details=(details or Details()).to_json(),
                timing=timing.to_json(),
            )
        )


def _append(
    connection: Connection,
    conversation_id: str,
    role: Role,
    text: str,
    status: MessageStatus,
    **more: Any,
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
        "id": new_id(),
        "conversation_id": conversation_id,
        "position": connection.execute(before).scalar_one() + 1,
        "role": role,
        "text": text,
        "status": status,
        "passages": [],
        "details": {},
        "timing": {},
        "feedback": 0,
        "feedback_reason": "",
        "created_at": now,
    } | more
    connection.execute(messages.insert().values(row))
    return message_of(row, now)


def message_of(row: Mapping[Any, Any], now: float) -> Message:
    """A stored message as it is seen at a moment (epoch seconds)."""
    status = MessageStatus(row["status"])
    if status is MessageStatus.STREAMING and now - row["created_at"] > ABANDONED_AFTER_S:
        status = MessageStatus.STOPPED
    role, details = Role(row["role"]), row["details"]
    removed = details.get("removed", ()) if role is Role.USER else ()
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        role=role,
        text=row["text"],
        status=status,
        passages=tuple(Passage.from_json(stored) for stored in row["passages"]),
        details=Details() if role is Role.USER else Details.from_json(details),
        removed=tuple(Filter.from_json(stored) for stored in removed),
        timing=Timing.from_json(row["timing"]),
        feedback=row["feedback"],
        feedback_reason=row["feedback_reason"],
        created_at=row["created_at"],
    )


def _title(question: str) -> str:
    words = " ".join(question.split())
    return words if len(words) <= TITLE_CHARS else words[: TITLE_CHARS - 1].rstrip() + "…"
