"""Answers in words, given again at once to the same question about the same facts.

Exact, never by similarity: no measure of likeness tells "under $100" from "over
$100". The key holds everything an answer depends on, every source with its
version, so that what is published empties the cache by itself. Knows nothing of
how an answer is made.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.chat_tables import answers
from core.db import Database, upsert
from core.errors import DatabaseAway
from rag.exchange import Kind, Passage, Turn
from rag.query import Query
from rag.sameness import same_form

logger = logging.getLogger(__name__)

MOST = 5_000
MOST_AGE_S = 7 * 86_400.0
#: An answer's last use is noted only so often: a question should not wait for a write.
USE_NOTED_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer depends on besides its sources.

    Attributes:
        question: In the shopper's words.
        queries: How it was understood.
        history: The earlier turns that the model is shown.
        model: Names the models that may answer.
        prompt: Names the wording of the prompt.
        given: What else the answer was made from, such as exact facts.
    """

    question: str
    queries: tuple[Query, ...]
    history: tuple[Turn, ...] = ()
    model: str = ""
    prompt: str = ""
    given: str = ""


def key(asked: Asked, passages: Sequence[Passage], documents: Mapping[str, int]) -> bytes:
    """The name of an answer: equal only if everything that it depends on is equal.

    Args:
        asked: The question and what belongs to it.
        passages: The sources, as they are numbered.
        documents: The version of every policy document, by name.
    """
    parts = {
        "question": same_form(asked.question),
        "filters": [
            [json.dumps(one.to_json(), sort_keys=True) for one in query.filters]
            for query in asked.queries
        ],
        "orders": [query.to_json()["order"] for query in asked.queries],
        "languages": [query.language for query in asked.queries],
        "history": [[turn.role, same_form(turn.text)] for turn in asked.history],
        "made by": [asked.model, asked.prompt],
        "given": asked.given,
        "sources": [[one.id, _version(one, documents)] for one in passages],
    }
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=32).digest()


def find(db: Database, name: bytes, *, now: float | None = None) -> str | None:
    """The answer of this name, if there is one that is not too old."""
    moment = time.time() if now is None else now
    with db.read() as connection:
        row = connection.execute(
            answers.select().where(
                answers.c.key == name, answers.c.created_at > moment - MOST_AGE_S
            )
        ).one_or_none()
    if row is None:
        return None
    if moment - row.used_at > USE_NOTED_S:
        with db.write(durable=False) as connection:
            used = answers.update().where(answers.c.key == name).values(used_at=moment)
            connection.execute(used)
    return str(row.text)


def store(db: Database, name: bytes, text: str, *, now: float | None = None) -> None:
    """Keep an answer; the oldest and the least recently used make room for it.

    A database that is busy or away loses it: the shopper has the answer already.
    """
    moment = time.time() if now is None else now
    row = {"key": name, "text": text, "created_at": moment, "used_at": moment}
    try:
        with db.write(durable=False) as connection:
            upsert(connection, answers, [row])
            connection.execute(answers.delete().where(answers.c.created_at <= moment - MOST_AGE_S))
            number = connection.execute(
                sa.select(sa.func.count()).select_from(answers)
            ).scalar_one()
            if number > MOST:
                kept = sa.select(answers.c.key).order_by(answers.c.used_at.desc()).limit(MOST)
                connection.execute(answers.delete().where(answers.c.key.not_in(kept)))
    except (DatabaseAway, sa.exc.OperationalError) as error:
        logger.warning("an answer is not kept: %s", type(error).__name__)


def _version(passage: Passage, documents: Mapping[str, int]) -> int | None:
    if passage.kind is Kind.PRODUCT:
        return passage.product.version if passage.product else None
    return documents.get(passage.id.removeprefix("policy:").rpartition("#")[0])
