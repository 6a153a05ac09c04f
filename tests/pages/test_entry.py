"""Coming in: the gate, cold links, errors as boxes."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import ports, services
from core.errors import ServiceError
from core.settings import PROJECT, Settings
from pages.parts import entry
from tests.pages.conftest import Open, texts

PAGES = ["pages/chat.py", "pages/upload.py", "pages/jobs.py", "pages/pool.py"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_without_an_error(page: Open, settings: Settings, path: str) -> None:
    ports.allocate(settings)
    app = page(path)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("path", PAGES)
def test_a_cold_deep_link_is_sent_to_the_gate_and_remembered(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def to_the_gate() -> None:
        sent.append("app.py")
        st.stop()

    monkeypatch.setattr(entry, "_to_the_gate", to_the_gate)
    app = AppTest.from_file(str(PROJECT / path), default_timeout=30)
    app.query_params["job"] = "x1"
    app.run()
    assert sent == ["app.py"]
    assert app.session_state["wanted_page"] == (path, {"job": "x1"})
    assert not app.main.children


def test_an_error_of_ours_is_a_box_with_its_message(
    page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object, needs: object) -> None:
        raise ServiceError("The port 9000 is taken; choose another.")

    monkeypatch.setattr(services, "ensure", fail)
    app = page("pages/chat.py")
    assert not app.exception
    assert "part of the shop is not running" in app.error[0].value
    assert "The port 9000 is taken" in app.error[0].value


def test_an_unexpected_error_tells_nothing_of_its_insides(
    page: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(settings: object, needs: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr(services, "ensure", fail)
    app = page("pages/chat.py")
    assert not app.exception
    assert "Something went wrong" in texts(app)
    assert "secret detail" not in texts(app)
    assert "secret detail" in caplog.text


def test_the_visitor_stays_the_same_within_a_session(page: Open) -> None:
    app = page("pages/chat.py")
    first = app.session_state["visitor"]
    app.run()
    assert app.session_state["visitor"] == first
    assert len(first) == 32
