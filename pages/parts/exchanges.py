"""A stored conversation as pairs: each question with the latest answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.statuses import MessageStatus
from rag.exchange import Role, Turn
from rag.messages import Message
from rag.query import Query


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it; no answer yet where the process died in between."""

    question: Message
    answer: Message | None = None


def exchanges(messages: Sequence[Message]) -> list[Exchange]:
    """Pair the messages; an answer that was asked for again replaces the one before."""
    pairs: list[Exchange] = []
    for message in messages:
        if message.role is Role.USER:
            pairs.append(Exchange(message))
        elif pairs:
            pairs[-1] = replace(pairs[-1], answer=message)
    return pairs


def history(pairs: Sequence[Exchange]) -> list[Turn]:
    """What was said so far, for a next question: only questions that got an answer."""
    said: list[Turn] = []
    for pair in pairs:
        answer = pair.answer
        if answer and answer.text and answer.status is not MessageStatus.FAILED:
            said += [pair.question.turn, answer.turn]
    return said


def understood(pairs: Sequence[Exchange]) -> tuple[Query, ...]:
    """How the last question was understood, which a follow-up carries on."""
    last = pairs[-1].answer if pairs else None
    return last.details.queries if last else ()
