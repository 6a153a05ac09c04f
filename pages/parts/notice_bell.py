"""The bell in the sidebar: how many notices somebody has not seen, and the newest of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import notices
from core.db import Database
from core.notices import Notice
from pages.parts import words
from pages.parts.escape import plain
from pages.parts.notice_row import mark_seen, row
from pages.parts.notice_words import LOOKS
from pages.parts.trouble import boxed

#: How many are shown under the bell.
SHOWN = 5
_HEARD = "notices_heard"


def bell(db: Database, reader: str) -> None:
    """Draw the bell; what comes while the page is open is said once, in a corner.

    Args:
        db: Our tables.
        reader: Whose bell it is.
    """
    with st.sidebar:
        _ring(db, reader)


@st.fragment(run_every="5s")
def _ring(db: Database, reader: str) -> None:
    with boxed():
        unseen = notices.count_unseen(db, reader)
        _say_what_is_new(db)
        label = words.several(unseen, "new notice") if unseen else "Notices"
        icon = f":material/notifications{'_unread' if unseen else ''}:"
        with st.popover(label, icon=icon, width="stretch", key="notice-bell"):
            _newest(db, reader, unseen)


def _newest(db: Database, reader: str, unseen: int) -> None:
    found = notices.listing(db, SHOWN)
    if not found:
        st.caption("Nothing has happened yet.")
    seen_to = notices.seen_to(db, reader)
    for notice in found:
        row(notice, new=notice.id > seen_to, brief=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/notices.py", label="All notices", icon=":material/notifications:")
        if unseen:
            st.button(
                "Mark all as seen",
                key="bell-seen",
                type="tertiary",
                icon=":material/done_all:",
                on_click=mark_seen,
                args=(db, reader, found[0].id),
            )


def _say_what_is_new(db: Database) -> None:
    """In a corner, once for a session; nothing about what was there before it began."""
    heard = st.session_state.setdefault(_HEARD, notices.newest(db))
    came = notices.newer(db, heard, SHOWN)
    if not came:
        return
    st.session_state[_HEARD] = came[0].id
    st.toast(_said(came), icon=LOOKS[came[0].told.kind].icon, duration="long")


def _said(came: Sequence[Notice]) -> str:
    newest = plain(came[0].told.title)
    return newest if len(came) == 1 else f"{newest} · and {len(came) - 1} more"
