"""Is everything all right, and what does it cost?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import streamlit as st

from core import services, usage
from core.services import Service, ServiceStatus
from core.statuses import Lane
from core.supervisor import State as ProcessState
from pages.parts import trouble, words
from pages.parts.endpoint_card import SPEED_S, Figures, card
from pages.parts.entry import Shop, enter, open_chat_lane
from pages.parts.escape import plain
from pages.parts.pool_charts import speed_chart, wait_chart

STYLES = Path(__file__).parent / "parts" / "pool.css"
HOUR_S, DAY_S = 3600, 86_400
#: What a plot covers, and in which steps.
SPANS = {"Last hour": (HOUR_S, 60), "Last day": (DAY_S, 1800)}
_COMING = (ProcessState.STARTING, ProcessState.BACKOFF)


def main() -> None:
    """Draw the page."""
    shop = enter("pages/pool.py")
    st.html(STYLES)
    st.title("Pool", anchor=False)
    st.caption("Whether every part of the shop works, who uses its models, and what that costs.")
    _parts(shop)
    _models(shop)
    _plots(shop)


@st.fragment(run_every="5s")
def _parts(shop: Shop) -> None:
    """The verdict first, then each part."""
    with trouble.boxed():
        every = services.status(shop.settings)
        found = [one for one in every if one.name is not Service.PAGE]
        down = [one for one in found if not one.healthy]
        if not down:
            st.success("Everything is running.", icon=":material/check_circle:")
        elif all(one.state in _COMING or one.state is ProcessState.RUNNING for one in down):
            st.info("Starting: not every part is ready yet.", icon=":material/schedule:")
        else:
            count = words.several(len(down), "part is", "parts are")
            st.warning(f"{count} not running.", icon=":material/warning:")
        with st.expander("Parts", icon=":material/settings:", expanded=bool(down)):
            for one in found:
                _part(one)


def _part(one: ServiceStatus) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(one.name.label)}**")
        if one.healthy:
            st.badge("Running", icon=":material/check_circle:", color="green")
        elif one.state in _COMING or one.state is ProcessState.RUNNING:
            st.badge("Starting", icon=":material/schedule:", color="blue")
        else:
            st.badge("Not running", icon=":material/error:", color="red")
        st.caption(_since(one))


def _since(one: ServiceStatus) -> str:
    if one.since and one.healthy:
        where = words.zone(st.context.timezone)
        return f"since {words.moment(one.since.timestamp(), time.time(), where)}"
    if one.state in _COMING or one.state is ProcessState.RUNNING:
        return "ready in a moment"
    return plain(one.detail)


@st.fragment(run_every="2s")
def _models(shop: Shop) -> None:
    """Every endpoint as it is at this moment."""
    with trouble.boxed():
        st.subheader("Models", anchor=False)
        pool = open_chat_lane().pool
        states, waiting = pool.states()
        if pool.roster.problem:
            st.warning(
                f"The last change is not in use: {plain(pool.roster.problem)}",
                icon=":material/warning:",
            )
        if waiting:
            rows = words.several(waiting, "more row waits", "more rows wait")
            st.caption(f"Background jobs: {rows} for the next free place.")
        now = time.time()
        lately = usage.since(shop.db, now - SPEED_S)
        today = usage.since(shop.db, _midnight())
        firsts = usage.first_tokens(shop.db, now - HOUR_S)
        for state in states:
            name = state.endpoint.name
            figures = Figures(
                [use for use in lately if use.endpoint == name],
                (now - SPEED_S) // 60 * 60,
                [use for use in today if use.endpoint == name],
                [first for first in firsts if first.endpoint == name],
            )
            card(pool, state, figures, now)


def _midnight() -> float:
    now = datetime.now(words.zone(st.context.timezone))
    return now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


@st.fragment(run_every="15s")
def _plots(shop: Shop) -> None:
    with trouble.boxed():
        st.subheader("Over time", anchor=False)
        span = st.segmented_control(
            "Time", list(SPANS), default="Last hour", key="span", label_visibility="collapsed"
        )
        length_s, step_s = SPANS[span or "Last hour"]
        end = time.time()
        uses = usage.over_time(shop.db, end - length_s, step_s)
        if not uses:
            st.caption("No model was asked in this time. Ask the shop something, or start a job.")
            return
        where = words.zone(st.context.timezone)
        st.altair_chart(speed_chart(uses, end - length_s, end, step_s, where))
        firsts = usage.first_tokens(shop.db, end - length_s)
        _waits(firsts, end - length_s, end, step_s * 2)


def _waits(firsts: Sequence[usage.FirstToken], begin: float, end: float, step_s: int) -> None:
    if any(first.lane is Lane.CHAT for first in firsts):
        where = words.zone(st.context.timezone)
        st.altair_chart(wait_chart(firsts, begin, end, step_s, where))
    else:
        st.caption("Nobody has asked the shop anything in this time.")


main()
