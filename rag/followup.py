"""Says what a short follow-up is about, from the questions before it.

By rule and not by a model, whose rewriting would cost a second and more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.exchange import Role, Turn

#: Words that make a short question lean on the one before it: at its start, or anywhere.
OPENERS = frozenset({"and", "or", "but", "what about", "how about"})
POINTERS = frozenset({"it", "its", "they", "them", "those", "these", "ones", "one", "same"})
MOST_WORDS = 8
MOST_TURNS = 3


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The words to search for: a follow-up gets the questions that it follows.

    Args:
        question: The newest question.
        history: Earlier turns, oldest first.
    """
    asked = [turn.text for turn in history if turn.role is Role.USER]
    parts = [question]
    while asked and len(parts) <= MOST_TURNS and follows(parts[0]):
        parts.insert(0, asked.pop())
    return " ".join(parts)


def follows(question: str) -> bool:
    """Whether a question makes little sense without the one before it."""
    words = re.findall(r"[\w'-]+", question.lower())
    if len(words) > MOST_WORDS:
        return False
    opens = not OPENERS.isdisjoint({" ".join(words[:1]), " ".join(words[:2])})
    starts_amid = words[:1] in (["in"], ["for"], ["with"], ["without"], ["under"])
    return opens or starts_amid or not POINTERS.isdisjoint(words)
