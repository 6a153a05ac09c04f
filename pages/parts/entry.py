"""The way in: what every page begins with and what it is handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import streamlit as st

from core.chat_lane import ChatLane
from core.db import Database, open_database
from core.pool import open_pool
from core.settings import Settings, load_settings
from pages.parts.visitor import visitor_id

_PASSED = "passed_the_gate"
_WANTED = "wanted_page"


@dataclass(frozen=True, slots=True)
class Shop:
    """What a page needs to load and act."""

    settings: Settings
    db: Database
    visitor: str


def enter(page: str) -> Shop:
    """Begin a page; every page calls this first.

    A cold deep link runs a page's script without ``app.py`` and so past its
    gate: such a session is sent there, and comes back afterwards.
    """
    if not st.session_state.get(_PASSED):
        st.session_state[_WANTED] = (page, dict(st.query_params))
        _to_the_gate()
    return Shop(open_settings(), open_shop_database(), visitor_id())


def let_in() -> None:
    """Note that this session has passed the gate, and take it where it was going."""
    st.session_state[_PASSED] = True
    wanted = st.session_state.pop(_WANTED, None)
    if wanted:
        page, query = wanted
        st.switch_page(page, query_params=query)


@st.cache_resource(show_spinner=False)
def open_settings() -> Settings:
    """The settings of this process."""
    return load_settings()


@st.cache_resource(show_spinner=False)
def open_shop_database() -> Database:
    """The database of this process."""
    return open_database(open_settings())


@st.cache_resource(show_spinner=False)
def open_chat_lane() -> ChatLane:
    """This process's way to the models for people's calls."""
    return ChatLane(open_pool(open_settings()))


def _to_the_gate() -> NoReturn:
    st.switch_page("app.py")
