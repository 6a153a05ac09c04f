"""Answering live: sources at once, then the words as they come, and the record of it.

Whatever ends an answer (its own end, an error, Stop, another click, a closed
tab), what was written and what was found is stored.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import closing

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ServiceError, ShopkeeperError
from core.statuses import MessageStatus
from pages.parts import words
from pages.parts.entry import Shop, open_chat_lane, open_settings, open_shop_database
from pages.parts.prose import prose_html
from pages.parts.sources import sources_html
from rag import messages
from rag.chain import Counter, open_counter
from rag.exchange import Timing, Turn
from rag.reply import Reply

log = logging.getLogger(__name__)

#: Seconds between two redraws of a growing answer; more often only costs the browser.
REDRAW_S = 0.06
_FAILURES = "failed_answers"
_JUST_BEGUN = "answer_just_begun"


@st.cache_resource(show_spinner=False)
def counter() -> Counter:
    """The counter of this process."""
    return open_counter(open_settings(), open_shop_database(), open_chat_lane())


@st.cache_resource(show_spinner=False)
def _warmed() -> bool:
    counter().warm()
    return True


def warm_up() -> None:
    """Load what the first question would wait for; to be called when the page is drawn."""
    try:
        _warmed()
    except ServiceError as error:
        log.info("Not warm yet: %s", error)


def answer(
    shop: Shop,
    conversation_id: str,
    question: str,
    said: Sequence[Turn],
    *,
    stop_button: bool = False,
) -> None:
    """Answer a question on the page and store how it ended."""
    message = messages.start_answer(shop.db, conversation_id)
    st.session_state[_JUST_BEGUN] = True
    watch_for_stop()
    reply: Reply | None = None
    status = MessageStatus.STOPPED
    try:
        with st.spinner("Looking through the shop…"):
            reply = counter().ask(question, said, conversation_id)
        if reply.passages:
            st.html(sources_html(reply.passages, question))
        place = st.empty()
        if stop_button:
            st.button("Stop", icon=":material/stop_circle:", key="stop")
        _write(reply, place)
        status = MessageStatus.DONE
    except ShopkeeperError as error:
        status = MessageStatus.FAILED
        st.session_state[_FAILURES] = {message.id: error.message}
        log.warning("Answer %s failed: %s", message.id, error)
    finally:
        messages.finish_answer(
            shop.db,
            message.id,
            text=reply.text if reply else "",
            status=status,
            passages=reply.passages if reply else (),
            timing=reply.timing if reply else Timing(),
        )


def failure(message_id: str) -> str:
    """Why an answer failed, where this session saw it."""
    known: dict[str, str] = st.session_state.get(_FAILURES, {})
    return known.get(message_id, "The model gave no answer.")


def _write(reply: Reply, place: DeltaGenerator) -> None:
    """Show the words as they come."""
    if not reply.refused:
        place.caption(f":shimmer[Reading {words.several(len(reply.passages), 'source')}…]")
    written, drawn_at, waiting = "", 0.0, False
    with closing(reply.stream()) as pieces:
        for piece in pieces:
            written += piece
            if not written:
                waiting = _say_waiting(place, told=waiting)
            elif time.monotonic() - drawn_at >= REDRAW_S:
                place.html(prose_html(written, reply.passages, writing=True))
                drawn_at = time.monotonic()
    place.html(prose_html(reply.text or written, reply.passages))


def _say_waiting(place: DeltaGenerator, *, told: bool) -> bool:
    """Say that others are before this question; also where the script notices Stop."""
    if not told:
        place.caption(":shimmer[Others are being answered; you are next…]")
    return True


@st.fragment(run_every="0.5s")
def watch_for_stop() -> None:
    """Redraw the page soon after Stop.

    Stop ends the script where it is, so nothing under the answer could be
    drawn any more. A fragment's timer waits while the script runs and survives
    it: when it fires, the answer has ended.
    """
    if st.session_state.pop(_JUST_BEGUN, False):
        return
    st.rerun()
