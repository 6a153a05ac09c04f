"""The door as a browser knocks at it: forms, cookies, where one is sent afterwards."""

from __future__ import annotations

import time

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import invitations, people, sign_ins
from core.db import Database
from core.roles import Role
from core.sign_in_settings import SignIn
from pages.parts.door_routes import door_routes
from pages.parts.entry import open_settings
from pages.parts.person import COOKIE
from tests.pages.coming_in import signed_in

SHOP = "http://shop.example"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _by_password(monkeypatch: pytest.MonkeyPatch, _page_settings: None) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "password")
    open_settings.clear()


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=door_routes()), base_url=SHOP, follow_redirects=False)


def send(client: TestClient, path: str, origin: str = SHOP, **fields: str) -> httpx2.Response:
    """Send a form as a browser does from a page of that origin."""
    return client.post(path, data=fields, headers={"Origin": origin})


def known(db: Database, role: Role = Role.MERCHANDISER) -> None:
    """Somebody who is called ada and has a password."""
    now = time.time()
    link = invitations.invite(db, role, now=now)
    invitations.accept(db, link, login="ada", name="Ada", password=PASSWORD, now=now)


def cookie_of(answer: httpx2.Response) -> str:
    return answer.headers.get("set-cookie", "")


def test_signing_in_sets_a_cookie_that_no_script_reads_and_leads_back(
    client: TestClient, db: Database
) -> None:
    known(db)
    answer = send(client, "/door", login="Ada", password=PASSWORD, to="jobs?job=x1&f=a%20b")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/jobs?job=x1&f=a%20b"
    kept = cookie_of(answer)
    assert "HttpOnly" in kept and "SameSite=lax" in kept and "Path=/" in kept
    assert "Secure" not in kept
    token = client.cookies[COOKIE]
    person = sign_ins.person_of(db, token, SignIn.PASSWORD, now=time.time())
    assert person and person.name == "Ada"


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "jobs/../../evil",
        "jobs?x=\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "door/out",
        "jobs?" + "a" * 3_000,
    ],
)
def test_nobody_is_led_away_after_signing_in(client: TestClient, db: Database, to: str) -> None:
    known(db)
    answer = send(client, "/door", login="ada", password=PASSWORD, to=to)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_wrong_password_is_told_on_the_form_which_keeps_the_name_and_shows_it_as_text(
    client: TestClient, db: Database
) -> None:
    known(db)
    answer = send(client, "/door", login='"><script>alert(1)</script>', password="wrong")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert "<script>" not in answer.text and "&lt;script&gt;" in answer.text
    assert not cookie_of(answer)


def test_too_many_tries_are_told_with_the_time_to_wait(client: TestClient, db: Database) -> None:
    known(db)
    for _ in range(5):
        assert send(client, "/door", login="ada", password="wrong").status_code == 401
    answer = send(client, "/door", login="ada", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 4
    assert "Please wait" in answer.text


@pytest.mark.parametrize("path", ["/door", "/door/out", "/door/invitation/x"])
def test_a_form_from_another_site_is_refused(client: TestClient, db: Database, path: str) -> None:
    known(db)
    fields = {"login": "ada", "password": PASSWORD}
    assert send(client, path, "https://evil.example", **fields).status_code == 403
    assert send(client, path, "null", **fields).status_code == 403
    assert client.post(path, data=fields).status_code == 403
    crossed = {"Origin": SHOP, "Sec-Fetch-Site": "cross-site"}
    assert client.post(path, data=fields, headers=crossed).status_code == 403


def test_a_form_that_is_far_too_long_is_not_read(client: TestClient) -> None:
    assert send(client, "/door", login="a" * 10_000, password="x").status_code == 413


def test_what_was_kept_before_signing_in_opens_nothing_afterwards(
    client: TestClient, db: Database
) -> None:
    known(db)
    client.cookies[COOKIE] = "planted-by-somebody-else"
    send(client, "/door", login="ada", password=PASSWORD)
    assert sign_ins.person_of(db, "planted-by-somebody-else", SignIn.PASSWORD, now=0) is None
    client.cookies.clear()
    send(client, "/door", login="ada", password=PASSWORD)
    first = client.cookies[COOKIE]
    send(client, "/door", login="ada", password=PASSWORD)
    # Signing in again ends the sign-in before.
    assert sign_ins.person_of(db, first, SignIn.PASSWORD, now=time.time()) is None


@pytest.mark.parametrize(
    ("url", "headers"),
    [("https://shop.example", {}), ("", {"X-Forwarded-Proto": "https"})],
)
def test_behind_https_the_cookie_stays_behind_https(
    client: TestClient,
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    headers: dict[str, str],
) -> None:
    monkeypatch.setenv("SHOPKEEPER_URL", url)
    open_settings.clear()
    known(db)
    fields = {"login": "ada", "password": PASSWORD}
    answer = client.post("/door", data=fields, headers={"Origin": SHOP, **headers})
    assert "Secure" in cookie_of(answer)


def test_signing_out_here_and_everywhere(client: TestClient, db: Database) -> None:
    tokens = [signed_in(db, Role.MERCHANDISER)]
    person = sign_ins.person_of(db, tokens[0], SignIn.PASSWORD, now=time.time())
    assert person
    with db.write() as connection:
        tokens += [sign_ins.begin(connection, person.id, now=time.time()) for _ in range(2)]

    def still_in() -> list[bool]:
        now = time.time()
        return [bool(sign_ins.person_of(db, one, SignIn.PASSWORD, now=now)) for one in tokens]

    client.cookies[COOKIE] = tokens[0]
    page = client.get("/door")
    assert "The merchandiser" in page.text and "Sign out everywhere" in page.text
    answer = send(client, "/door/out")
    assert (answer.status_code, still_in()) == (303, [False, True, True])
    assert "Max-Age=0" in cookie_of(answer)
    client.cookies.clear()
    client.cookies[COOKIE] = tokens[1]
    send(client, "/door/out", everywhere="1")
    assert still_in() == [False, False, False]


def test_an_invitation_lets_in_once(client: TestClient, db: Database) -> None:
    link = f"/door/invitation/{invitations.invite(db, Role.ADMINISTRATOR, now=time.time())}"
    page = client.get(link)
    assert "As an administrator you may do everything" in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    fields = {"login": "ada", "name": "<b>Ada</b>"}
    weak = send(client, link, password="short", **fields)
    assert weak.status_code == 400 and "10 characters" in weak.text
    assert "&lt;b&gt;Ada&lt;/b&gt;" in weak.text
    assert send(client, link, password=PASSWORD, **fields).headers["location"] == "/"
    assert [one.name for one in people.listing(db)] == ["<b>Ada</b>"]
    assert "&lt;b&gt;Ada" in client.get("/door").text
    client.cookies.clear()
    for answer in (client.get(link), send(client, link, password=PASSWORD, **fields)):
        assert answer.status_code == 400 and "not good any more" in answer.text


def test_without_an_administrator_the_door_says_how_to_become_one(
    client: TestClient, db: Database
) -> None:
    assert "python -m core.people invite" in client.get("/door").text
    known(db, Role.ADMINISTRATOR)
    assert "python -m core.people invite" not in client.get("/door").text


def test_every_page_at_the_door_allows_no_script_and_no_frame(
    client: TestClient, db: Database
) -> None:
    for path in ("/door", "/door/invitation/x", "/door/arrived"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "script-src" not in policy and "unsafe-inline" not in policy


def test_where_nobody_signs_in_the_door_is_no_way_in(
    client: TestClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(db)
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "off")
    open_settings.clear()
    assert client.get("/door").headers["location"] == "/"
    answer = send(client, "/door", login="ada", password=PASSWORD)
    assert answer.status_code == 400 and not cookie_of(answer)
