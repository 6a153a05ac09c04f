"""The way in: what every page begins with and what it is handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import streamlit as st

from core.chat_lane import ChatLane
from core.db import Database, open_database
from core.limits import JobLimits, Limits, limits_of
from core.people import Person
from core.pool import open_pool
from core.roles import Role
from core.settings import Settings, load_settings
from core.turnstile import Turnstile
from pages.parts import sessions
from pages.parts.notice_bell import bell
from pages.parts.person import is_let_in, person_here, visitor_name
from pages.parts.refusal import refuse
from pages.parts.rooms import Room, room
from pages.parts.visitor import visitor_id

_PASSED = "passed_the_gate"
_WANTED = "wanted_page"


@dataclass(frozen=True, slots=True)
class Shop:
    """What a page needs to load and act.

    Attributes:
        visitor: Whose conversations are shown.
        person: Who is in front of the screen, and what they may do.
    """

    settings: Settings
    db: Database
    visitor: str
    person: Person

    @property
    def limits(self) -> Limits:
        """What everybody may do at most."""
        return limits_of(self.settings)

    @property
    def job_limits(self) -> JobLimits:
        """What a job may be that is started or resumed here."""
        return self.limits.of_jobs(self.person.role)


def enter(page: str) -> Shop:
    """Begin a page; every page calls this first.

    Whoever may not enter is told so, and the page ends here. A cold deep link
    runs a page's script without ``app.py``: such a session is sent there, and
    comes back afterwards.
    """
    if not st.session_state.get(_PASSED):
        st.session_state[_WANTED] = (page, dict(st.query_params))
        _to_the_gate()
    # Asked here, too, not in ``app.py`` alone: whatever way led to this script.
    person = admitted(room(page))
    visitor = visitor_name(person) if person.id else visitor_id()
    shop = Shop(open_settings(), open_shop_database(), visitor, person)
    if room(page).least.reaches(Role.MERCHANDISER):
        bell(shop.db, shop.visitor)
    return shop


def admitted(wanted: Room) -> Person:
    """Who is in front of the screen, if they may enter; else the page ends here."""
    settings, person = open_settings(), who()
    sessions.note(person)
    if not may_enter(settings, person, wanted):
        refuse(settings, person, wanted)
    return person


def may_enter(settings: Settings, person: Person, wanted: Room) -> bool:
    """Whether somebody may enter a page."""
    return is_let_in(settings, person) and person.role.reaches(wanted.least)


def who() -> Person:
    """Who is in front of the screen."""
    return person_here(open_settings(), open_shop_database())


def let_in() -> None:
    """Note that this session has come by ``app.py``, and take it where it was going."""
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
    limits = limits_of(open_settings())
    return ChatLane(open_pool(open_settings()), answers=limits.answers, waiting=limits.waiting)


@st.cache_resource(show_spinner=False)
def open_turnstile() -> Turnstile:
    """What lets this process's questions in."""
    return Turnstile(limits_of(open_settings()))


def _to_the_gate() -> NoReturn:
    st.switch_page("app.py")
