"""What is to be answered by the next run of the page, whoever asked it: the input or a button."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.facts import Filter

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
