"""What the web server tells browsers not to allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core.settings import Settings, load_settings
from pages.parts import headers as module
from pages.parts.headers import Headers, headers

Answering = Callable[[Settings], TestClient]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    def answer(request: Request) -> PlainTextResponse:
        own = {"Referrer-Policy": "no-referrer"} if request.query_params else {}
        return PlainTextResponse("here", headers=own)

    def started(settings: Settings) -> TestClient:
        monkeypatch.setattr(module, "open_settings", lambda: settings)
        return TestClient(Starlette(routes=[Route("/", answer)], middleware=[Middleware(Headers)]))

    yield started


def test_every_answer_has_them_also_where_there_is_nothing(
    answering: Answering, settings: Settings
) -> None:
    client = answering(settings)
    for path in ("/", "/nothing"):
        found = client.get(path).headers
        assert found["x-content-type-options"] == "nosniff"
        assert found["x-frame-options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in found["content-security-policy"]
    assert client.get("/?own").headers.get_list("referrer-policy") == ["no-referrer"]


def test_pictures_come_only_from_servers_that_were_named(settings: Settings) -> None:
    assert "img-src 'self' data: blob:;" in headers(settings)["Content-Security-Policy"]
    named = load_settings(home=settings.home, image_hosts="cdn.example.com, img.example.com")
    policy = headers(named)["Content-Security-Policy"]
    assert "img-src 'self' data: blob: https://cdn.example.com https://img.example.com;" in policy


def test_no_script_of_a_text_would_run(settings: Settings) -> None:
    rules = dict(
        rule.split(" ", 1) for rule in headers(settings)["Content-Security-Policy"].split("; ")
    )
    assert "'unsafe-inline'" not in rules["script-src"]
    assert "http" not in rules["script-src"] and "*" not in rules["script-src"]
    assert "'sha256-" in rules["script-src"]


def test_browsers_are_kept_to_https_only_where_people_come_by_it(settings: Settings) -> None:
    assert "Strict-Transport-Security" not in headers(settings)
    secure = load_settings(home=settings.home, url="https://shop.example.com")
    assert "Strict-Transport-Security" in headers(secure)
