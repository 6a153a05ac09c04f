"""Pages driven without a browser, in a home of their own and without child processes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from core import services
from core.db import Database
from core.errors import EndpointError, ModelError
from core.facts import Filter
from core.people import ANYBODY
from core.settings import PROJECT, Settings
from pages.parts import answering, visitor
from pages.parts.entry import Shop, open_settings, open_shop_database
from rag.exchange import Details, Found, Kind, Passage, Timing, Turn
from rag.query import Query

Open = Callable[[str], AppTest]


class FakeReply:
    """Answers in scripted words; breaks after them where told to."""

    def __init__(
        self,
        passages: Sequence[Passage],
        words: Sequence[str],
        broken: bool,
        details: Details,
        corrected: str = "",
    ) -> None:
        self.passages = tuple(passages)
        self.details = details
        self.refused = not passages
        self.writes = bool(words)
        self.failure: ModelError | None = None
        self.text = ""
        self.whole = False
        self.before = 0
        self.timing = Timing(retrieve_ms=80.0)
        self._words = words
        self._broken = broken
        self._corrected = corrected

    def stream(self) -> Iterator[str]:
        for word in self._words:
            self.text += word
            yield word
        if self._broken:
            self.failure = EndpointError("The model did not answer in time.")
            return
        self.text = self._corrected or self.text
        self.whole = True
        yield ""
        self.timing = Timing(80.0, 1200.0, 2000.0, 5, 100)


class FakeCounter:
    """Stands in for the search and the model; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Sequence[Turn]]] = []
        self.passages: list[Passage] = [policy(1, "Shipping", "Free over $75.")]
        self.words = ["Free ", "over $75 ", "[1]."]
        self.broken = False
        self.details = Details()
        self.corrected = ""
        self.before: Sequence[Query] = ()
        self.removed: Sequence[Filter] = ()
        self.fresh = False
        self.retriever = self

    def rank(self, text: str, k: int) -> Found:
        return Found(tuple(self.passages[:k]), bool(self.passages), 0.6, 80.0)

    def warm(self) -> None:
        pass

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        conversation_id: str | None = None,
        *,
        before: Sequence[Query] = (),
        removed: Sequence[Filter] = (),
        fresh: bool = False,
        rehearsal: bool = False,
    ) -> FakeReply:
        self.asked.append((question, history))
        self.before, self.removed, self.fresh = before, removed, fresh
        understood = tuple(_without(query, removed) for query in self.details.queries)
        details = replace(self.details, queries=understood)
        return FakeReply(self.passages, self.words, self.broken, details, self.corrected)


def _without(query: Query, removed: Sequence[Filter]) -> Query:
    return replace(query, filters=tuple(one for one in query.filters if one not in removed))


def policy(number: int, title: str, text: str) -> Passage:
    return Passage(number, f"policy:{title}#1", Kind.POLICY, title, f"{title} > Costs", text, 0.6)


@pytest.fixture(scope="session", autouse=True)
def _packages_are_looked_through_once() -> Iterator[None]:
    # Every AppTest is a server of its own to Streamlit, which reads the description of each
    # installed package for components: more than half of the time of a test.
    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(autouse=True)
def _page_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_settings_from_outside: None
) -> Iterator[None]:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHOPKEEPER_SAMPLE_SHOP", "false")
    monkeypatch.setattr(services, "ensure", lambda settings, needs: None)
    # AppTest has no browser and so no cookies.
    monkeypatch.setattr(visitor, "_cookie", lambda: "")
    st.cache_resource.clear()
    yield
    open_shop_database().close()
    st.cache_resource.clear()


@pytest.fixture
def settings() -> Settings:
    return open_settings()


@pytest.fixture
def db() -> Database:
    return open_shop_database()


@pytest.fixture
def shop(settings: Settings, db: Database) -> Shop:
    return Shop(settings, db, "0" * 32, ANYBODY)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> FakeCounter:
    fake = FakeCounter()
    monkeypatch.setattr(answering, "open_counter", lambda settings, db, lane: fake)
    return fake


@pytest.fixture
def page(counter: FakeCounter) -> Open:
    """Opens a page through the app, as a person does."""

    def open_page(path: str) -> AppTest:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30).run()
        return app if path == "pages/chat.py" else app.switch_page(path).run()

    return open_page


def texts(app: AppTest) -> str:
    """Everything written on the page, in one text."""
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    found: list[Any] = [element for kind in kinds for element in app.get(kind)]
    parts = [str(element.value) for element in found]
    drawn: list[Any] = list(app.get("html"))
    parts += [element.proto.body for element in drawn]
    return "\n".join(parts)


def button(app: AppTest, label: str) -> Button:
    """The first button whose label begins like this."""
    return next(one for one in app.button if one.label.startswith(label))


def keyed(app: AppTest, key: str) -> Button:
    """The first button whose key begins like this."""
    return next(one for one in app.button if (one.key or "").startswith(key))
