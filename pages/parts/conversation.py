"""A conversation as it is drawn: questions, answers, and what can be done under each."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.statuses import MessageStatus
from pages.parts import words
from pages.parts.answer_bar import answer_bar
from pages.parts.answering import failure
from pages.parts.asking import Asked, ask
from pages.parts.editing import last_question, question
from pages.parts.entry import Shop
from pages.parts.escape import html, one_line, plain
from pages.parts.exchanges import Exchange
from pages.parts.findings import findings, notice_html
from pages.parts.prose import prose_html
from rag import conversations
from rag.exchange import Details, Timing
from rag.messages import Message

_SUGGESTION_CHARACTERS = 90


def exchange(shop: Shop, pair: Exchange, *, last: bool = False) -> None:
    """Draw a question and its answer; the last one can be asked again or otherwise."""
    if last:
        last_question(pair.question)
    else:
        question(pair.question.text)
    message = pair.answer
    if message is None:
        _again(pair, "This question was not answered.", last)
        return
    with st.container(key=f"last-answer-{message.id}" if last else f"answer-{message.id}"):
        findings(shop, message.id, pair.question, message.passages, message.details, last=last)
        if message.text:
            st.html(prose_html(message.text, message.passages, message_id=message.id))
        if message.details.notice:
            st.html(notice_html(message.details.notice))
        _ending(shop, pair, message, last)
        # Emptied as soon as the next question is asked: what stood here would otherwise stay
        # until its answer has ended, and then everything below would jump up.
        place = st.empty()
        if last and message.status is MessageStatus.DONE and message.details.suggestions:
            with place.container(horizontal=True, gap="xsmall", key=f"suggestions-{message.id}"):
                _suggestions(message)


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
        _after(pair, message, last)


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
            _ask_again(pair, "Try again", "secondary")


def _after(pair: Exchange, message: Message, last: bool) -> None:
    """The timing line, what can be done with the answer and, under the last, one more try."""
    stopped = "stopped · " if message.status is MessageStatus.STOPPED else ""
    line = timing_line(message.timing, len(message.passages), message.details)
    st.html(f'<div class="sk-quiet">{stopped}{html(line)}</div>')
    with st.container(
        key=f"after-{message.id}", horizontal=True, vertical_alignment="top", gap="xxsmall"
    ):
        answer_bar(message, last=last)
        if last:
            _ask_again(pair, "Answer again", "tertiary")


def _ask_again(pair: Exchange, label: str, kind: Literal["secondary", "tertiary"]) -> None:
    asked = pair.question
    st.button(
        label,
        key=f"again-{asked.id}",
        icon=":material/refresh:",
        type=kind,
        on_click=ask,
        args=(Asked(asked.text, again=True, fresh=True, removed=asked.removed),),
    )


def _suggestions(message: Message) -> None:
    """Questions that might come next."""
    for at, suggestion in enumerate(message.details.suggestions):
        st.button(
            plain(one_line(suggestion, _SUGGESTION_CHARACTERS)),
            key=f"suggestion-{message.id}-{at}",
            wrap=True,
            on_click=ask,
            args=(Asked(suggestion),),
        )


def timing_line(timing: Timing, sources: int, details: Details) -> str:
    """``facts 0.1 s · first word 1.2 s · 4 sources``; unknown parts are left out."""
    told = words.several(sources, "source") if sources else "no source"
    if details.cached:
        whole = timing.retrieve_ms if timing.total_ms is None else timing.total_ms
        return f"answered before · {words.waited(whole)} · {told}"
    parts = [f"facts {words.waited(timing.retrieve_ms)}"]
    if timing.first_token_ms is not None:
        parts.append(f"first word {words.waited(timing.first_token_ms)}")
    if timing.total_ms is not None and timing.first_token_ms is not None:
        parts.append(f"all {words.waited(timing.total_ms)}")
    return " · ".join([*parts, told])
