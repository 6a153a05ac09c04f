"""Answering live: sources at once, then the words as they come, and the record of it.

Whatever ends an answer (its own end, an error, Stop, another click, a closed
tab), what was written and what was found is stored.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from contextlib import closing, suppress

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import NotFoundError, ShopkeeperError
from core.line import Spot
from core.statuses import MessageStatus
from pages.parts import words
from pages.parts.asking import Asked
from pages.parts.entry import Shop, open_chat_lane, open_settings, open_shop_database
from pages.parts.findings import findings
from pages.parts.prose import prose_html
from rag import messages
from rag.chain import Counter, open_counter
from rag.exchange import Timing, Turn
from rag.messages import Message
from rag.query import Query
from rag.reply import Reply

log = logging.getLogger(__name__)

#: Seconds between two redraws of a growing answer; more often only costs the browser.
REDRAW_S = 0.06
#: Seconds between two looks at how many are before somebody who waits.
LOOK_S = 1.0
#: Seconds without a word after which a shopper is told why.
PATIENCE_S = 3.0
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
    """Load what the first question would wait for; what cannot be had yet, the question says."""
    try:
        _warmed()
    except ShopkeeperError as error:
        log.info("Not warm yet: %s", error)


def read_ahead() -> None:
    """Take in what questions about policies would wait for; takes seconds."""
    try:
        counter().read_policies()
    except ShopkeeperError as error:
        log.info("Policies are not read yet: %s", error)


def answer(
    shop: Shop,
    question: Message,
    said: Sequence[Turn],
    before: Sequence[Query],
    asked: Asked,
    spot: Spot,
) -> None:
    """Answer a question on the page and store how it ended.

    Args:
        shop: Where to ask.
        question: As it is stored.
        said: What was said before it, oldest first.
        before: How the question before it was understood.
        asked: How it was asked.
        spot: Its place in the line of those that are searched for.
    """
    # Stored once the cards stand: until then there is nothing that could be lost.
    answer_id, stored = messages.new_id(), False
    st.session_state[_JUST_BEGUN] = True
    watch_for_stop()
    reply: Reply | None = None
    status = MessageStatus.STOPPED
    try:
        _wait(spot)
        with st.spinner("Looking through the shop…"):
            reply = counter().ask(
                question.text,
                said,
                question.conversation_id,
                before=before,
                removed=question.removed,
                fresh=asked.fresh,
            )
        spot.leave()
        findings(shop, answer_id, question, reply.passages, reply.details, last=True)
        place = st.empty()
        if asked.by_button and reply.writes:
            st.button("Stop", icon=":material/stop_circle:", key="stop")
        _store_begun(shop, question, answer_id, reply)
        stored = True
        _write(reply, place, answer_id)
        status = _ended(reply, answer_id)
    except ShopkeeperError as error:
        status = MessageStatus.FAILED
        _failed(answer_id, error)
    finally:
        if not stored:
            _store_begun(shop, question, answer_id, reply)
        messages.finish_answer(
            shop.db,
            answer_id,
            text=reply.text if reply else "",
            status=status,
            passages=reply.passages if reply else (),
            timing=reply.timing if reply else Timing(),
            details=reply.details if reply else None,
        )


def _wait(spot: Spot) -> None:
    """Wait for a question's turn, and say how many are before it."""
    if spot.wait(0):
        return
    place = st.empty()
    place.caption(_in_line(spot.before))
    while not spot.wait(LOOK_S):
        place.caption(_in_line(spot.before))
    place.empty()


def _in_line(before: int) -> str:
    shoppers = words.several(before, "shopper")
    return f":shimmer[{shoppers} before you…]" if before else ":shimmer[You are next…]"


def _store_begun(shop: Shop, question: Message, answer_id: str, reply: Reply | None) -> None:
    # Deleted meanwhile, in another tab: then there is nothing to keep.
    with suppress(NotFoundError):
        messages.start_answer(
            shop.db,
            question.conversation_id,
            message_id=answer_id,
            passages=reply.passages if reply else (),
            details=reply.details if reply else None,
        )


def _ended(reply: Reply, message_id: str) -> MessageStatus:
    """How an answer came to its end: without the model, what the sources say may still do."""
    if reply.failure is None or reply.text:
        return MessageStatus.DONE
    _failed(message_id, reply.failure)
    return MessageStatus.FAILED


def _failed(message_id: str, error: ShopkeeperError) -> None:
    st.session_state[_FAILURES] = {message_id: error.message}
    log.warning("Answer %s failed: %s", message_id, error)


def failure(message_id: str) -> str:
    """Why an answer failed, where this session saw it."""
    known: dict[str, str] = st.session_state.get(_FAILURES, {})
    return known.get(message_id, "The model gave no answer.")


def _write(reply: Reply, place: DeltaGenerator, message_id: str) -> None:
    """Show the words as they come; what was shown may be corrected on the way."""
    begun, drawn_at, shown = time.monotonic(), 0.0, ""

    def draw(*, writing: bool) -> None:
        drawn = prose_html(reply.text, reply.passages, message_id=message_id, writing=writing)
        place.html(drawn)

    if reply.text:
        draw(writing=reply.writes)
    elif reply.writes:
        place.caption(f":shimmer[Reading {words.several(len(reply.passages), 'source')}…]")
    with closing(reply.stream()) as pieces:
        for _ in pieces:
            now = time.monotonic()
            if reply.whole:
                # What might be asked next is still being tried out.
                draw(writing=False)
            elif not reply.text:
                begun = _say_busy(place, reply.before, begun, now)
            elif reply.text != shown and now - drawn_at >= REDRAW_S:
                draw(writing=True)
                drawn_at, shown = now, reply.text
    draw(writing=False)


def _say_busy(place: DeltaGenerator, before: int, begun: float, now: float) -> float:
    """Say why, where the first word takes long; also where the script notices Stop."""
    if before and now - begun >= LOOK_S:
        place.caption(_in_line(before))
        return now
    if now - begun < PATIENCE_S:
        return begun
    place.caption(":shimmer[The model is busy; one moment…]")
    return math.inf


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
