"""Every page tried as each role: from the navigation, by a link, and by a cold one."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.testing.v1 import AppTest

from core import people, ports, sign_ins
from core.db import Database
from core.roles import Role
from core.settings import PROJECT, Settings
from pages.parts import entry, person
from pages.parts.entry import open_settings
from pages.parts.rooms import COUNTER, ROOMS, Room, rooms_of
from tests.pages.coming_in import signed_in
from tests.pages.conftest import Open, texts

#: Who tries: nobody in particular, and somebody of each role.
WHO = [None, *Role]


@pytest.fixture(autouse=True)
def _by_password(monkeypatch: pytest.MonkeyPatch, _page_settings: None) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "password")
    open_settings.clear()


@pytest.fixture(autouse=True)
def _ports(settings: Settings) -> None:
    ports.allocate(settings)  # the Pool page asks how the services are


def come(monkeypatch: pytest.MonkeyPatch, db: Database, role: Role | None) -> str:
    """Be somebody of a role; returns what the browser keeps."""
    token = signed_in(db, role) if role else ""
    monkeypatch.setattr(person, "token_here", lambda: token)
    return token


def may(role: Role | None, room: Room) -> bool:
    return (role or Role.SHOPPER).reaches(room.least)


@pytest.mark.parametrize("role", WHO)
@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.title)
def test_a_page_opens_for_who_may_and_else_says_for_whom_it_is(
    room: Room, role: Role | None, page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    come(monkeypatch, db, role)
    app = page(room.path)
    assert not app.exception and not app.error
    refused = "This page is for" in texts(app)
    assert refused is not may(role, room)
    if refused:
        assert ("sign in" in texts(app)) is (role is None)
        assert not app.get("file_uploader") and not app.dataframe and not app.metric


@pytest.mark.parametrize("role", WHO)
@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.title)
def test_a_cold_link_loads_nothing_before_the_gate(
    room: Room, role: Role | None, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_the_gate() -> None:
        st.stop()

    come(monkeypatch, db, role)
    monkeypatch.setattr(entry, "_to_the_gate", to_the_gate)
    app = AppTest.from_file(str(PROJECT / room.path), default_timeout=30).run()
    assert not app.exception
    assert not app.main.children and not app.sidebar.children


@pytest.mark.parametrize("role", WHO)
def test_the_navigation_shows_what_somebody_may_enter(
    role: Role | None, page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    navigation = st.navigation

    def watched(sections: dict[str, list[StreamlitPage]]) -> StreamlitPage:
        pages = [one for section in sections.values() for one in section]
        shown[:] = [one.title for one in pages if one.visibility == "visible"]
        return navigation(sections)

    monkeypatch.setattr(st, "navigation", watched)
    come(monkeypatch, db, role)
    page(COUNTER)
    assert shown == [room.title for room in rooms_of(role or Role.SHOPPER)]


def test_an_open_page_closes_when_its_person_is_shut_out(
    page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(db, Role.ADMINISTRATOR)
    token = come(monkeypatch, db, Role.MERCHANDISER)
    app = page("pages/jobs.py")
    assert "This page is for" not in texts(app)
    ben = sign_ins.person_of(db, token, open_settings().sign_in, now=0)
    assert ben is not None
    people.set_enabled(db, ben.id, False)
    assert "Please sign in" in texts(app.run())


def test_a_demoted_person_is_told_who_they_are_and_whom_to_ask(
    page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    come(monkeypatch, db, Role.SHOPPER)
    app = page("pages/jobs.py")
    assert "signed in as **The shopper** (shopper)" in texts(app)
    assert "administrator can let you in" in texts(app)


def test_where_shoppers_sign_in_the_chat_is_closed_to_strangers_and_open_to_shoppers(
    page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_SHOPPERS_SIGN_IN", "true")
    open_settings.clear()
    come(monkeypatch, db, None)
    app = page(COUNTER)
    assert "Please sign in" in texts(app)
    assert not app.chat_input
    come(monkeypatch, db, Role.SHOPPER)
    app = page(COUNTER)
    assert app.chat_input


def test_conversations_belong_to_the_person_not_to_the_browser(
    page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    come(monkeypatch, db, Role.SHOPPER)
    monkeypatch.setattr("pages.parts.visitor._cookie", lambda: "a" * 32)
    app = page(COUNTER)
    app.chat_input[0].set_value("Where is my tent?").run()
    conversation = app.query_params["c"][0]
    assert "Where is my tent?" in texts(app)
    come(monkeypatch, db, None)
    other = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    other.query_params["c"] = conversation
    other.run()
    assert "Where is my tent?" not in texts(other)
