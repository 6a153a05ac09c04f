"""Stored conversations: a visitor's threads, found, listed and deleted.

Knows nothing of search or models; what is said in them is in rag/messages.py.
Whatever faces a visitor here checks whose conversation it is.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.chat_tables import conversations, messages
from core.db import Database
from core.errors import NotFoundError
from rag.messages import GONE, Message, message_of


@dataclass(frozen=True, slots=True)
class Conversation:
    """One visitor's thread; the title is its first question. Times in epoch seconds."""

    id: str
    visitor: str
    title: str
    created_at: float
    updated_at: float


def create(db: Database, visitor: str, title: str = "") -> Conversation:
    """Start a conversation for a visitor; durable with the first answer in it."""
    now = time.time()
    conversation = Conversation(
        id=secrets.token_hex(8), visitor=visitor, title=title, created_at=now, updated_at=now
    )
    stored = {name: getattr(conversation, name) for name in Conversation.__dataclass_fields__}
    with db.write(durable=False) as connection:
        connection.execute(conversations.insert().values(stored))
    return conversation


def get(db: Database, conversation_id: str, visitor: str) -> Conversation:
    """A visitor's conversation.

    Raises:
        NotFoundError: There is no such conversation, or it is another visitor's.
    """
    with db.read() as connection:
        return _owned(connection, conversation_id, visitor)


def listing(db: Database, visitor: str, *, words: str = "", limit: int = 200) -> list[Conversation]:
    """A visitor's conversations in which something was asked, the latest first.

    Args:
        words: Only those in whose questions or answers all of these words stand.
        limit: Most conversations to give.
    """
    said = messages.c.conversation_id == conversations.c.id
    wanted = [sa.exists().where(said)]
    wanted += [
        sa.exists().where(said, messages.c.text.icontains(word, autoescape=True))
        for word in words.split()
    ]
    with db.read() as connection:
        found = connection.execute(
            conversations.select()
            .where(conversations.c.visitor == visitor, *wanted)
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
        return [message_of(row, moment) for row in found]


def delete(db: Database, conversation_id: str, visitor: str) -> None:
    """Delete a visitor's conversation and its messages.

    Raises:
        NotFoundError: There is no such conversation, or it is another visitor's.
    """
    with db.write() as connection:
        _owned(connection, conversation_id, visitor)
        connection.execute(messages.delete().where(messages.c.conversation_id == conversation_id))
        connection.execute(conversations.delete().where(conversations.c.id == conversation_id))


def delete_all(db: Database, visitor: str) -> int:
    """Delete everything that a visitor has asked; returns how many conversations that were."""
    theirs = conversations.c.visitor == visitor
    with db.write() as connection:
        ids = sa.select(conversations.c.id).where(theirs)
        connection.execute(messages.delete().where(messages.c.conversation_id.in_(ids)))
        return connection.execute(conversations.delete().where(theirs)).rowcount


def _owned(connection: Connection, conversation_id: str, visitor: str) -> Conversation:
    found = connection.execute(
        conversations.select().where(conversations.c.id == conversation_id)
    ).mappings()
    row = found.one_or_none()
    if row is None or row["visitor"] != visitor:
        raise NotFoundError(GONE)
    return Conversation(**row)
