"""Notices as a list, each leading to what it is about."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from core import notices
from core.notices import Notice
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.notice_row import mark_seen, row
from pages.parts.trouble import boxed

#: Shown at first, and more for each press of "Show older ones".
SHOWN = 30
_SHOWN = "notices_shown"


@st.fragment(run_every="5s")
def draw(shop: Shop) -> None:
    """Draw the notices by day; those that have come since are seen at once."""
    with boxed():
        most = int(st.session_state.get(_SHOWN, SHOWN))
        found = notices.listing(shop.db, most + 1)
        if not found:
            _empty()
            return
        seen_to = notices.seen_to(shop.db, shop.visitor)
        _head(shop, found[0].id, seen_to)
        now, where = time.time(), words.zone(st.context.timezone)
        for day, group in groupby(found[:most], key=lambda one: words.day(one.at, now, where)):
            st.subheader(day, anchor=False)
            _rows(list(group), seen_to)
        if len(found) > most:
            st.button("Show older ones", key="older-notices", on_click=_show_more, args=(most,))


def _head(shop: Shop, newest: int, seen_to: int) -> None:
    unseen = newest > seen_to
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Mark all as seen",
            key="notices-seen",
            icon=":material/done_all:",
            disabled=not unseen,
            on_click=mark_seen,
            args=(shop.db, shop.visitor, newest),
        )
        if not unseen:
            st.caption("You have seen them all.")


def _rows(group: Sequence[Notice], seen_to: int) -> None:
    with st.container(border=True, gap="small"):
        for notice in group:
            row(notice, new=notice.id > seen_to)


def _show_more(most: int) -> None:
    st.session_state[_SHOWN] = most + 3 * SHOWN


def _empty() -> None:
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### Nothing has happened yet", text_alignment="center")
        st.markdown(
            "Here stands what happened while nobody looked: a job is finished, waits for review, "
            "was stopped by a problem or has used up its budget. It can be sent to you, too.",
            text_alignment="center",
        )
        st.page_link("pages/jobs.py", label="To the jobs", icon=":material/list_alt:")
