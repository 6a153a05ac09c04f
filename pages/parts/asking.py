"""What is to be answered by the next run of the page, whoever asked it: the input or a button."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.facts import Filter

#: Names the field for questions; what stands in the session by this name was just sent.
INPUT = "ask"
_NEXT = "next_question"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to be answered now.

    Attributes:
        again: It takes the place of the last question, and its answer that of the last answer.
        fresh: Its words are to be written anew, not taken from an earlier answer.
        removed: Conditions in it that the shopper took away.
        by_button: Asked by a click; the input then offers no way to stop.
    """

    text: str
    again: bool = False
    fresh: bool = False
    removed: tuple[Filter, ...] = ()
    by_button: bool = True


def ask(asked: Asked) -> None:
    """Have a question answered by the next run of the page."""
    st.session_state[_NEXT] = asked


def next_question() -> Asked | None:
    """The question that a button asked."""
    asked: Asked | None = st.session_state.pop(_NEXT, None)
    return asked


def typed() -> Asked | None:
    """The question that was typed and sent; to be asked for before the field is drawn."""
    text = st.session_state.get(INPUT)
    return Asked(text, by_button=False) if isinstance(text, str) and text.strip() else None


def give_back(asked: Asked, most: int) -> None:
    """Put a question that was not let in into the field again, before that is drawn.

    Args:
        asked: The question.
        most: Its longest length; of a longer one there is enough to see what to leave out.
    """
    st.session_state[INPUT] = asked.text[: 2 * most]
