"""Is everything all right, and what does it take?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core import services, usage
from core.endpoints import endpoint
from core.errors import ShopkeeperError
from core.schema import Lane
from core.services import Service, ServiceStatus
from core.supervisor import State
from core.usage import LaneUse
from pages.parts import trouble, words
from pages.parts.entry import Shop, enter
from pages.parts.escape import plain
from pages.parts.lanes import NAMES, of_lane, percentile

_COMING = (State.STARTING, State.BACKOFF)


def main() -> None:
    """Draw the page."""
    shop = enter("pages/pool.py")
    st.title("Pool", anchor=False)
    st.caption("Whether every part of the shop works, and what its model does today.")
    _moving(shop)


@st.fragment(run_every="2s")
def _moving(shop: Shop) -> None:
    with trouble.boxed():
        _parts([one for one in services.status(shop.settings) if one.name is not Service.PAGE])
        st.subheader("Model", anchor=False)
        _endpoint(shop)
        st.subheader("Today", anchor=False)
        _today(shop)


def _parts(found: Sequence[ServiceStatus]) -> None:
    """The verdict first, then each part."""
    down = [one for one in found if not one.healthy]
    if not down:
        st.success("Everything is running.", icon=":material/check_circle:")
    elif all(one.state in _COMING or one.state is State.RUNNING for one in down):
        st.info("Starting: not every part is ready yet.", icon=":material/schedule:")
    else:
        count = words.several(len(down), "part is", "parts are")
        st.warning(f"{count} not running.", icon=":material/warning:")
    with st.grid(3, min_column_width=220, gap="small"):
        for one in found:
            with st.container(border=True, gap="xxsmall"):
                _part(one)


def _part(one: ServiceStatus) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(one.name.label)}**")
        if one.healthy:
            st.badge("Running", icon=":material/check_circle:", color="green")
        elif one.state in _COMING or one.state is State.RUNNING:
            st.badge("Starting", icon=":material/schedule:", color="blue")
        else:
            st.badge("Not running", icon=":material/error:", color="red")
    st.caption(_since(one))


def _since(one: ServiceStatus) -> str:
    if one.since and one.healthy:
        where = words.zone(st.context.timezone)
        return f"since {words.moment(one.since.timestamp(), time.time(), where)}"
    if one.state in _COMING or one.state is State.RUNNING:
        return "ready in a moment"
    return plain(one.detail)


def _endpoint(shop: Shop) -> None:
    try:
        used = endpoint(shop.settings)
    except ShopkeeperError as error:
        trouble.draw(error)
        return
    where = "on this machine" if used.name == "embedded" else f"at {used.base_url}"
    kept = words.several(used.slots - used.batch_slots, "place")
    with st.container(border=True, gap="xxsmall"):
        st.markdown(f"**{plain(used.model)}** · {plain(where)}")
        st.caption(
            f"{words.several(used.slots, 'question')} answered at the same time; "
            f"{kept} always kept for the chat."
        )


def _today(shop: Shop) -> None:
    """What was used since midnight where the reader is."""
    now = datetime.now(words.zone(st.context.timezone))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    uses = usage.since(shop.db, midnight.timestamp())
    if not uses:
        st.caption("The model has not been asked yet today.")
        return
    for lane in (Lane.CHAT, Lane.BATCH):
        _lane(of_lane(uses, lane))


def _lane(use: LaneUse) -> None:
    with st.container(border=True, gap="xxsmall"):
        st.markdown(f"**{NAMES[use.lane]}**")
        with st.grid(4, min_column_width=140, gap="small"):
            st.metric("Calls", f"{use.calls:,}")
            st.metric("Failed", f"{use.failed:,}")
            st.metric("Tokens read", f"{use.tokens.prompt:,}")
            st.metric("Tokens written", f"{use.tokens.completion:,}")
            if use.ttft_ms:
                st.metric("First word, usually", _wait(use, 0.5), help="Half of the answers.")
                st.metric("First word, slow", _wait(use, 0.95), help="All but 1 in 20 answers.")


def _wait(use: LaneUse, share: float) -> str:
    milliseconds = percentile(use.ttft_ms, share)
    return "–" if milliseconds is None else words.waited(milliseconds)


main()
