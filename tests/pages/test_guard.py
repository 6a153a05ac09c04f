"""What stands before Streamlit's addresses, asked as programs ask: cold, with forged ids."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core import people, sign_ins
from core.db import Database
from core.people import STRANGER, Person
from core.roles import Role
from core.settings import PROJECT
from core.sign_in_settings import SignIn
from pages.parts import guard, sessions
from pages.parts.counter_routes import counter_routes
from pages.parts.door_routes import door_routes
from pages.parts.entry import open_settings
from pages.parts.guard import GONE, LEAST, Guard
from pages.parts.person import COOKIE
from tests.pages.coming_in import signed_in


@pytest.fixture(autouse=True)
def _by_password(monkeypatch: pytest.MonkeyPatch, _page_settings: None) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "password")
    open_settings.clear()
    monkeypatch.setattr(sessions, "_drawn", type(sessions._drawn)())


async def _told(request: Request) -> Response:
    return PlainTextResponse("inside")


async def _stream(socket: WebSocket) -> None:
    """What Streamlit does with a connection: it says which session was asked for, and echoes."""
    await socket.accept(subprotocol="streamlit")
    await socket.send_text(socket.headers["sec-websocket-protocol"])
    try:
        while True:
            await socket.send_bytes(await socket.receive_bytes())
    except WebSocketDisconnect:
        pass


@pytest.fixture
def client() -> TestClient:
    inside = Route("/{path:path}", _told, methods=["GET", "PUT", "DELETE", "OPTIONS"])
    routes = [WebSocketRoute("/_stcore/stream", _stream), inside]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Guard)]))


def become(client: TestClient, token: str) -> None:
    client.cookies.clear()
    if token:
        client.cookies[COOKIE] = token


def person(db: Database, token: str) -> Person:
    found = sign_ins.person_of(db, token, SignIn.PASSWORD, now=0)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("PUT", "/_stcore/upload_file/some-session/some-file", Role.MERCHANDISER),
        ("DELETE", "/_stcore/upload_file/some-session/some-file", Role.MERCHANDISER),
        ("GET", "/_stcore/metrics", Role.ADMINISTRATOR),
        ("GET", "/download/some-job/csv", Role.MERCHANDISER),
        ("GET", "/_stcore/health", Role.SHOPPER),
        ("GET", "/jobs", Role.SHOPPER),  # the page itself looks who is there
    ],
)
def test_an_address_answers_whom_it_is_for(
    client: TestClient, db: Database, method: str, path: str, least: Role
) -> None:
    tokens: list[tuple[Role | None, str]] = [(role, signed_in(db, role)) for role in Role]
    for role, token in [(None, ""), *tokens]:
        become(client, token)
        answer = client.request(method, path)
        if (role or Role.SHOPPER).reaches(least):
            assert (answer.status_code, answer.text) == (200, "inside")
        else:
            assert answer.status_code == 403 and "inside" not in answer.text


@pytest.mark.parametrize("token", ["", "forged", "x" * 5_000])
def test_a_forged_cookie_is_nobodys(client: TestClient, db: Database, token: str) -> None:
    signed_in(db, Role.ADMINISTRATOR)
    become(client, token)
    assert client.get("/download/some-job/csv").status_code == 403


def test_a_connection_ends_at_the_next_message_once_its_person_is_out(
    client: TestClient, db: Database
) -> None:
    signed_in(db, Role.ADMINISTRATOR)
    token = signed_in(db, Role.MERCHANDISER)
    become(client, token)
    with client.websocket_connect("/_stcore/stream", ["streamlit"]) as socket:
        socket.receive_text()
        socket.send_bytes(b"a click")
        assert socket.receive_bytes() == b"a click"
        people.set_enabled(db, person(db, token).id, False)
        socket.send_bytes(b"delete it all")
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_bytes()
        assert ended.value.code == GONE


def test_a_connection_ends_when_its_person_may_do_less(client: TestClient, db: Database) -> None:
    token = signed_in(db, Role.MERCHANDISER)
    become(client, token)
    with client.websocket_connect("/_stcore/stream", ["streamlit"]) as socket:
        socket.receive_text()
        people.set_role(db, person(db, token).id, Role.SHOPPER)
        socket.send_bytes(b"publish it")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_bytes()


@pytest.mark.parametrize(
    ("host", "answers"),
    [
        ("localhost:8501", True),
        ("127.0.0.1:8501", True),
        ("[::1]:8501", True),
        ("shop.example", True),
        ("evil.example:8501", False),
        ("localhost.evil.example", False),
        ("", False),
        ("[:::", False),
    ],
)
def test_where_nobody_signs_in_no_other_name_leads_here(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, host: str, answers: bool
) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "off")
    monkeypatch.setenv("SHOPKEEPER_URL", "https://shop.example")
    open_settings.clear()
    answer = client.get("/download/some-job/csv", headers={"Host": host})
    assert (answer.status_code == 200) is answers
    headers = {"Host": host}
    if answers:
        with client.websocket_connect("/_stcore/stream", ["streamlit"], headers=headers) as socket:
            assert socket.receive_text() == "streamlit"
    else:
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("/_stcore/stream", ["streamlit"], headers=headers),
        ):
            pass


def taken_up(client: TestClient, session: str) -> bool:
    """Whether a connection may go on with an earlier session."""
    with client.websocket_connect("/_stcore/stream", ["streamlit", "xsrf", session]) as socket:
        return session in socket.receive_text()


def test_a_session_is_taken_up_only_by_whom_it_was_drawn_for(
    client: TestClient, db: Database
) -> None:
    signed_in(db, Role.ADMINISTRATOR)
    bens, cleos = signed_in(db, Role.MERCHANDISER), signed_in(db, Role.MERCHANDISER, "cleo")
    sessions._drawn["of-ben"] = person(db, bens)
    sessions._drawn["of-a-stranger"] = STRANGER
    for token, theirs in ((bens, "of-ben"), (cleos, ""), ("", "of-a-stranger"), ("forged", "")):
        become(client, token)
        assert taken_up(client, "of-ben") is (theirs == "of-ben")
        expected = theirs == "of-a-stranger" or token == "forged"
        assert taken_up(client, "of-a-stranger") is expected
        assert not taken_up(client, "made-up")
    people.set_role(db, person(db, bens).id, Role.SHOPPER)
    become(client, bens)
    assert not taken_up(client, "of-ben"), "what its buttons do is not for a shopper"


def test_every_route_of_ours_is_for_everybody_on_purpose_or_named_in_the_guard() -> None:
    looking_after_themselves = {route.path for route in [*counter_routes(), *door_routes()]}
    source = (PROJECT / "app.py").read_text()
    (listed,) = re.findall(r"routes=\[(.*?)\]", source, re.S)
    named = re.findall(r"(\w+)\(\)", listed)
    others = [name for name in named if name not in ("counter_routes", "door_routes")]
    import app

    scope: dict[str, Any] = {name: getattr(app, name) for name in others}
    for name, make in scope.items():
        made = make()
        for route in made if isinstance(made, list) else [made]:
            assert guard._least(route.path), f"{name}: {route.path} is open to everybody"
    assert "/door" in looking_after_themselves
    assert set(LEAST.values()) == {Role.MERCHANDISER, Role.ADMINISTRATOR}
