"""Check questions: what a merchandiser wants answered rightly, and whether it is.

Judged without a model: by what is found and shown, by what is known exactly, and by
whether the shop says that it does not have it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from core.db import Database
from core.errors import NotFoundError, ValueRefused
from core.fold import fold
from core.shop_tables import golden_questions as table
from rag.exchange import Passage
from rag.sameness import same_form

MOST = 500
QUESTION_CHARS = 500


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answer to a check question has to show; what is empty does not matter.

    Attributes:
        products: Ids of products: all of them.
        documents: Names of documents: a passage of each.
        words: Words, or runs of words: each in the answer or in what it shows.
        refusal: The shop has to say that it does not have it.
    """

    products: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    refusal: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form stored in the database."""
        lists = {name: list(getattr(self, name)) for name in ("products", "documents", "words")}
        return lists | {"refusal": self.refusal}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Expected:
        """Rebuild it from :meth:`to_json`."""
        lists = {name: tuple(stored.get(name, ())) for name in ("products", "documents", "words")}
        return cls(refusal=bool(stored.get("refusal")), **lists)


@dataclass(frozen=True, slots=True)
class CheckQuestion:
    """A question and what is expected of its answer."""

    id: str
    question: str
    expected: Expected
    enabled: bool = True
    created_at: float = 0.0


class Answered(Protocol):
    """An answer before any model was asked; a :class:`rag.reply.Reply` is one."""

    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """What is said without a model."""

    @property
    def refused(self) -> bool:
        """Whether the shop says that it does not have it."""


#: Answers a question, without a model.
Ask = Callable[[str], Answered]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a check question is answered as expected.

    Attributes:
        why: What is wrong, in sentences; empty if nothing is.
        shown: The titles of what is shown, in order.
    """

    question: CheckQuestion
    why: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        return not self.why


def add(db: Database, question: str, expected: Expected) -> CheckQuestion:
    """Keep a check question; one of the same words is replaced.

    Raises:
        ValueRefused: The question is empty, nothing is expected, or there are too many.
    """
    asked = " ".join(question.split())[:QUESTION_CHARS]
    if not asked:
        raise ValueRefused("The question is missing.")
    if not any((expected.products, expected.documents, expected.words, expected.refusal)):
        raise ValueRefused("Say what the answer has to show: products, a document, words, or a no.")
    known = listing(db)
    same = next((one for one in known if same_form(one.question) == same_form(asked)), None)
    if same is None and len(known) >= MOST:
        raise ValueRefused(f"There are {MOST} check questions already; delete one first.")
    one = CheckQuestion(secrets.token_hex(8), asked, expected, created_at=time.time())
    row = {"id": one.id, "question": asked, "expected": expected.to_json(), "enabled": True}
    with db.write() as connection:
        if same is not None:
            connection.execute(table.delete().where(table.c.id == same.id))
        connection.execute(table.insert().values(row | {"created_at": one.created_at}))
    return one


def listing(db: Database, *, only_enabled: bool = False) -> list[CheckQuestion]:
    """The check questions, the newest first."""
    query = table.select().order_by(table.c.created_at.desc(), table.c.id)
    if only_enabled:
        query = query.where(table.c.enabled)
    with db.read() as connection:
        return [_question(row) for row in connection.execute(query).mappings()]


def count(db: Database) -> int:
    """How many check questions are asked before a publication."""
    with db.read() as connection:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.enabled)
        return int(connection.execute(query).scalar_one())


def switch(db: Database, id: str, *, enabled: bool) -> None:
    """Have a check question asked before publications, or not.

    Raises:
        NotFoundError: It is gone.
    """
    with db.write() as connection:
        change = table.update().where(table.c.id == id).values(enabled=enabled)
        if not connection.execute(change).rowcount:
            raise NotFoundError("This check question is no longer there.")


def remove(db: Database, id: str) -> None:
    """Forget a check question; harmless when it is gone."""
    with db.write() as connection:
        connection.execute(table.delete().where(table.c.id == id))


def judge(one: CheckQuestion, answered: Answered, titles: Mapping[str, str]) -> Verdict:
    """Compare an answer with what is expected of it.

    Args:
        one: The question.
        answered: Its answer.
        titles: What products and documents are called, by id or name, to speak of them.
    """
    shown = [passage.id for passage in answered.passages]
    return Verdict(
        one,
        tuple(_wrong(one.expected, answered, shown, titles)),
        tuple(passage.title for passage in answered.passages),
    )


def _wrong(
    expected: Expected, answered: Answered, shown: Sequence[str], titles: Mapping[str, str]
) -> list[str]:
    if expected.refusal:
        return [] if answered.refused else ["It answers, instead of saying that there is none."]
    wrong = ["It says that the shop does not have it."] if answered.refused else []
    for key in expected.products:
        if f"product:{key}" not in shown:
            wrong.append(f"“{titles.get(key, key)}” is not shown.")
    for name in expected.documents:
        if not any(id.startswith(f"policy:{name}#") for id in shown):
            wrong.append(f"“{titles.get(name, name)}” is not shown.")
    said = fold(
        " ".join([answered.text, *(f"{one.title} {one.text}" for one in answered.passages)])
    )
    wrong += [f"“{words}” is not said." for words in expected.words if fold(words) not in said]
    return wrong


def _question(row: RowMapping) -> CheckQuestion:
    expected = Expected.from_json(row["expected"])
    return CheckQuestion(row["id"], row["question"], expected, row["enabled"], row["created_at"])
