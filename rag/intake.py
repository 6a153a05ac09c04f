"""What is made of a question before anybody reads it: its words, without what is none of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.orders import without_orders
from rag.exchange import Role, Turn
from rag.markup import plain
from rag.phrases import Phrase

#: A question longer than this is none, unless a setting says otherwise: it is refused before
#: anything is done with it.
QUESTION_CHARS = 1_000
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Intake:
    """A question as it is taken in.

    Attributes:
        question: Plain text on one line, without markup and without orders to the model.
        refusal: Why it is not answered; None if it is.
    """

    question: str
    refusal: Phrase | None = None


def taken_in(question: str, most: int = QUESTION_CHARS) -> Intake:
    """A shopper's words, ready to be understood.

    Args:
        question: As it was asked.
        most: Its longest length.
    """
    if not question.strip():
        return Intake("", Phrase.EMPTY)
    if len(question) > most:
        return Intake("", Phrase.LONG)
    if not _speaks(question):
        return Intake("", Phrase.WORDLESS)
    words = readable(question)
    if not _speaks(words):
        return Intake("", Phrase.ORDERS)
    return Intake(words)


def readable(text: str) -> str:
    """A text on one line, without markup, invisible characters and orders to the model."""
    return plain(_INVISIBLE.sub("", without_orders(text)))


def earlier(history: Sequence[Turn], most: int = QUESTION_CHARS) -> tuple[Turn, ...]:
    """The turns before, with the shopper's own taken in likewise."""
    return tuple(
        replace(turn, text=readable(turn.text[:most])) if turn.role is Role.USER else turn
        for turn in history
    )


def _speaks(text: str) -> bool:
    return any(sign.isalnum() for sign in text)
