"""Ids that nobody was given, in every address and parameter: a plain word, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from core.db import Database
from core.settings import PROJECT
from pages.parts.counter_routes import counter_routes
from pages.parts.door_routes import door_routes
from pages.parts.download_route import download_route
from pages.parts.entry import open_chat_lane, open_shop_database
from pages.parts.visitor import COOKIE
from rag import conversations
from tests import postgres
from tests.pages.conftest import FakeCounter
from tests.payloads import ALL, BRIEF, CODE, EVIL, LETTERS, PATHS, SCRIPTS

FORGED = (BRIEF, *SCRIPTS[:2], *CODE[:3], *PATHS[:2], *LETTERS[:2], "0", "-1", "a" * 5_000, " ")
#: Every parameter that a page reads of its address.
PARAMETERS = [
    ("pages/jobs.py", "job"),
    ("pages/review.py", "job"),
    ("pages/review.py", "rows"),
    ("pages/policies.py", "document"),
    ("pages/destinations.py", "destination"),
    ("pages/upload.py", "upload"),
    ("pages/upload.py", "upload_step"),
    ("pages/chat.py", "c"),
]
#: Every address beside the pages, where something of it may be forged.
ADDRESSES = [
    "/download/{}/csv",
    "/download/x/{}",
    "/download/x/csv?rows={}",
    "/counter/source/{}/1",
    "/counter/source/x/{}",
    "/counter/saved/{}/html",
    "/counter/saved/x/{}",
    "/door?to={}",
    "/door/invitation/{}",
]


class Made(HTMLParser):
    """What was made of a text: elements and attributes that do something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def of(cls, page: str) -> list[str]:
        reader = cls()
        reader.feed(page)
        return reader.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        acting = tag in ("script", "img", "iframe", "object", "embed", "base")
        if acting or any(name.startswith("on") for name, _ in attrs):
            self.found.append(tag)


@pytest.fixture(params=postgres.BOTH)
def on_each(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app over each kind of database."""
    if url := postgres.of_parameter(request):
        monkeypatch.setenv("DATABASE_URL", url)
    st.cache_resource.clear()
    yield
    open_chat_lane().close()
    open_shop_database().close()
    st.cache_resource.clear()


@pytest.fixture
def client(on_each: None, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "password")
    routes = [download_route(), *counter_routes(), *door_routes()]
    return TestClient(Starlette(routes=routes), cookies={COOKIE: "a" * 32})


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_with_a_forged_id_answers_in_plain_words(
    client: TestClient, address: str
) -> None:
    for text in (*FORGED, *ALL[:40]):
        answer = client.get(address.format(quote(text[:2_000], safe="")), follow_redirects=False)
        assert answer.status_code in (200, 400, 404), (text, answer.status_code)
        assert EVIL not in answer.headers.get("location", "")
        if answer.headers["content-type"].startswith("text/html"):
            assert not Made.of(answer.text), text
            assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_a_page_with_a_forged_id_says_so_and_goes_on(
    on_each: None, counter: FakeCounter, path: str, name: str
) -> None:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60).run()
    for text in FORGED:
        if path != "pages/chat.py":
            app.switch_page(path)
        app.query_params[name] = text
        app.run()
        assert not app.exception, text
        for box in app.error:
            assert "Something went wrong" not in box.value, text
            assert not re.search(r"(?<!\\)[<$\[]", box.value.partition(" ")[2]), text
        assert app.main.children


def test_another_visitors_conversation_does_not_open(counter: FakeCounter, db: Database) -> None:
    theirs = conversations.create(db, "b" * 32, "A gift for Anna")
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    app.query_params["c"] = theirs.id
    app.run()
    assert not app.exception
    assert "A gift for Anna" not in str(app)
