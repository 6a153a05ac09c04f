"""A conversation as it is drawn: questions, answers, and what can be done under each."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.statuses import MessageStatus
from pages.parts import words
from pages.parts.answering import failure
from pages.parts.copying import copy_button
from pages.parts.entry import Shop
from pages.parts.escape import html, plain
from pages.parts.exchanges import Exchange
from pages.parts.prose import prose_html
from pages.parts.sources import sources_html
from rag import conversations, messages
from rag.exchange import Timing
from rag.messages import Message

_NEXT = "next_question"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to be answered now.

    Attributes:
        again: It is already stored, and its last answer is to be replaced.
        by_button: Asked by a click; the input then offers no way to stop.
    """

    text: str
    again: bool = False
    by_button: bool = True


def ask(asked: Asked) -> None:
    """Have a question answered by the next run of the page."""
    st.session_state[_NEXT] = asked


def next_question() -> Asked | None:
    """The question that a button asked."""
    asked: Asked | None = st.session_state.pop(_NEXT, None)
    return asked


def exchange(shop: Shop, pair: Exchange, *, last: bool = False) -> None:
    """Draw a question and its answer; the last one can be asked again."""
    question(pair.question.text)
    message = pair.answer
    if message is None:
        _again(pair, "This question was not answered.", last)
        return
    with st.container(key=f"answer-{message.id}"):
        if message.passages:
            st.html(sources_html(message.passages, pair.question.text))
        if message.text:
            st.html(prose_html(message.text, message.passages))
        _ending(shop, pair, message, last)


def question(text: str) -> None:
    """Draw a question."""
    st.html(f'<div class="sk-question"><p>{html(text)}</p></div>')


def _ending(shop: Shop, pair: Exchange, message: Message, last: bool) -> None:
    """What stands under an answer, by how it ended."""
    if message.status is MessageStatus.FAILED:
        st.error(plain(failure(message.id)), icon=":material/error:")
        _again(pair, "What was found is kept.", last)
    elif message.status is MessageStatus.STREAMING:
        _unfinished(shop, message)
    elif message.status is MessageStatus.STOPPED and not message.text:
        _again(pair, "Stopped before the first word.", last)
    else:
        _after(shop, pair, message, last)


@st.fragment(run_every="0.5s")
def _unfinished(shop: Shop, message: Message) -> None:
    """An answer that is being stopped, or written in another tab."""
    found = conversations.load(shop.db, message.conversation_id, shop.visitor)
    if all(one.status is not MessageStatus.STREAMING for one in found if one.id == message.id):
        st.rerun()
    st.caption("This answer is being finished…")


def _again(pair: Exchange, reason: str, last: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(reason)
        if last:
            st.button(
                "Try again",
                key=f"again-{pair.question.id}",
                icon=":material/refresh:",
                on_click=ask,
                args=(Asked(pair.question.text, again=True),),
            )


def _after(shop: Shop, pair: Exchange, message: Message, last: bool) -> None:
    """The timing line, copy, thumbs and, under the last answer, one more try."""
    stopped = "stopped · " if message.status is MessageStatus.STOPPED else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f'<div class="sk-quiet">{stopped}'
            f"{html(timing_line(message.timing, len(message.passages)))}</div>",
            width="content",
        )
        copy_button(message.text, key=f"copy-{message.id}")
        st.feedback(
            "thumbs",
            key=f"feedback-{message.id}",
            default={1: 1, -1: 0}.get(message.feedback),
            on_change=_judge,
            args=(shop, message.id),
        )
        if last:
            st.button(
                "Answer again",
                key=f"again-{pair.question.id}",
                icon=":material/refresh:",
                type="tertiary",
                on_click=ask,
                args=(Asked(pair.question.text, again=True),),
            )


def _judge(shop: Shop, message_id: str) -> None:
    thumb: int | None = st.session_state.get(f"feedback-{message_id}")
    verdict = 0 if thumb is None else (1 if thumb else -1)
    messages.judge(shop.db, message_id, shop.visitor, verdict)


def timing_line(timing: Timing, sources: int) -> str:
    """``facts 0.1 s · first word 1.2 s · 4 sources``; unknown parts are left out."""
    parts = [f"facts {words.waited(timing.retrieve_ms)}"]
    if timing.first_token_ms is not None:
        parts.append(f"first word {words.waited(timing.first_token_ms)}")
    if timing.total_ms is not None and timing.first_token_ms is not None:
        parts.append(f"all {words.waited(timing.total_ms)}")
    parts.append(words.several(sources, "source") if sources else "no source")
    return " · ".join(parts)
