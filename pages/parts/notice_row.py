"""One notice, leading to what it is about."""

from __future__ import annotations

import time

import streamlit as st

from core import notices
from core.db import Database
from core.notices import Notice
from pages.parts import words
from pages.parts.escape import plain
from pages.parts.notice_words import LOOKS, leads_to
from pages.parts.trouble import boxed


def row(notice: Notice, *, new: bool, brief: bool = False) -> None:
    """Draw one notice; a brief one leaves out what is below its title."""
    told, icon = notice.told, LOOKS[notice.told.kind].icon
    target = leads_to(told.link)
    title = f"**{plain(told.title)}**" if new else plain(told.title)
    with st.container(key=f"notice-{notice.id}{'-brief' if brief else ''}", gap=None):
        if target:
            page, query = target
            st.page_link(page, label=title, icon=icon, query_params=query)
        else:
            st.markdown(f"{icon} {title}")
        st.caption(_below(notice, brief=brief, new=new))


def _below(notice: Notice, *, brief: bool, new: bool) -> str:
    now, where = time.time(), words.zone(st.context.timezone)
    parts = [words.moment(notice.at, now, where)]
    if notice.told.text and not brief:
        parts.append(notice.told.text)
    said = plain(" · ".join(parts))
    return f"{said} · **new**" if new else said


def mark_seen(db: Database, reader: str, newest: int) -> None:
    """Note that somebody has seen all there is; a server that is away is told of elsewhere."""
    with boxed():
        notices.mark_seen(db, reader, newest)
