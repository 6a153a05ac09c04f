"""The doorway: so many pages, so many of one address, not all in one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.limits import limits_of
from core.settings import load_settings
from pages.parts import doorway
from pages.parts.doorway import COMING, COMING_S, Doors, Doorway, Pace

STREAM = "/_stcore/stream"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def doors(clock: Clock, **settings: int) -> Doors:
    return Doors(limits_of(load_settings(**settings)), clock)


def test_the_last_page_fits_and_the_next_one_does_when_one_is_closed() -> None:
    clock = Clock()
    shop = doors(clock, pages=3)
    assert [shop.may_come("") for _ in range(4)] == [True, True, True, False]
    shop.leave("")
    assert shop.may_come("")


def test_one_address_has_its_own_bound_and_this_machine_has_none() -> None:
    shop = doors(Clock(), pages=10, address_pages=2)
    one, other = "203.0.113.9", "203.0.113.10"
    assert [shop.may_come(one) for _ in range(3)] == [True, True, False]
    assert shop.may_come(other)
    assert [shop.may_come("") for _ in range(3)] == [True, True, True]
    shop.leave(one)
    assert shop.may_come(one)
    for address in (one, one, other, "", "", ""):
        shop.leave(address)
    assert not shop.open, "nothing is remembered of those who have left"


def test_pages_come_in_one_after_the_other_when_very_many_come() -> None:
    clock = Clock()
    shop = doors(clock, pages=1000, address_pages=1000)
    assert sum(shop.may_come("") for _ in range(100)) == COMING
    clock.now += 1.0
    assert sum(shop.may_come("") for _ in range(100)) == COMING_S
    clock.now += 3600.0
    assert sum(shop.may_come("") for _ in range(100)) == COMING


def test_one_who_waits_at_the_door_comes_in_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorway, "LOOK_S", 0.01)
    shop = Doors(limits_of(load_settings(pages=1)))
    assert shop.may_come("")

    async def wait() -> bool:
        waiting = asyncio.create_task(shop.come_in(""))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        shop.leave("")
        return await waiting

    assert asyncio.run(wait())
    monkeypatch.setattr(doorway, "WAIT_S", 0.05)
    assert not asyncio.run(shop.come_in(""))


def test_what_a_browser_asks_for_is_slowed_down_and_never_lost() -> None:
    clock = Clock()
    pace = Pace(2, 5.0, clock)
    assert [round(pace.wait_s(), 1) for _ in range(4)] == [0.0, 0.0, 0.2, 0.4]
    clock.now += 10.0
    assert pace.wait_s() == 0.0


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_bytes(await socket.receive_bytes())
    except WebSocketDisconnect:
        pass


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    settings = load_settings(pages=1)
    monkeypatch.setattr(doorway, "open_settings", lambda: settings)
    monkeypatch.setattr(doorway, "WAIT_S", 0.0)

    async def anything(_: object) -> PlainTextResponse:
        return PlainTextResponse("the app")

    routes = [WebSocketRoute(STREAM, _echo), Route("/{path:path}", anything)]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(Doorway)])) as client:
        yield client


def test_a_full_shop_says_so_and_opens_again(client: TestClient) -> None:
    assert client.get("/", headers=BROWSER).text == "the app"
    with client.websocket_connect(STREAM) as page:
        for path in ("/", "/jobs", "/policies/"):
            full = client.get(path, headers=BROWSER)
            assert full.status_code == 503
            assert "The shop is full just now" in full.text
            assert full.headers["Retry-After"] == "10"
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(STREAM):
            pass
        page.send_bytes(b"still here")
        assert page.receive_bytes() == b"still here"
    assert client.get("/", headers=BROWSER).text == "the app"
    with client.websocket_connect(STREAM):
        pass


def test_who_is_inside_keeps_their_files_and_downloads(client: TestClient) -> None:
    with client.websocket_connect(STREAM):
        for path in (
            "/download/job/csv",
            "/counter/source/m/1",
            "/static/index.js",
            "/_stcore/health",
        ):
            assert client.get(path, headers=BROWSER).text == "the app"
        assert client.get("/").text == "the app", "a program asks whether we are there"
