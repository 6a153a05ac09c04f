"""Who comes in, in a real browser: the first start, each role at each page, a provider."""

from __future__ import annotations

import io
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from batch import jobs, uploads
from batch.columns import Columns
from batch.fields import Field
from batch.plan import Plan
from batch.submission import submit
from core import ports
from core.db import open_database
from core.roles import Role
from core.settings import load_settings
from pages.parts.person import COOKIE
from pages.parts.rooms import COUNTER, ROOMS, Room, address, rooms_of
from tests import running
from tests.cold_client import ask_for
from tests.oidc_provider import provider
from tests.pages.coming_in import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
expect.set_options(timeout=30_000)

PASSWORD = "correct horse battery"
#: Stands in what only merchandisers may see.
MARK = "Quillfeather"
#: The page alone: nothing here is about models or the search.
ALONE = {
    "SHOPKEEPER_SERVICES": "page",
    "SHOPKEEPER_CHROMA": "http://127.0.0.1:9",
    "SHOPKEEPER_SAMPLE_SHOP": "false",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_MODEL": "nobody",
    "OPENAI_API_KEY": "x",
}
WHO = [None, *Role]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running.browser() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a job that is nobody's business."""
    home = tmp_path_factory.mktemp("doors") / "home"
    settings = load_settings(home=home)
    with closing(open_database(settings)) as db:
        rows = io.BytesIO(f"sku,name\nA1,{MARK} tent\n".encode())
        upload = uploads.store(settings, db, f"{MARK}.csv", rows)
        columns, plan = Columns(id="sku", text=("name",)), Plan((Field(name="color"),))
        submit(db, upload.id, columns, plan, MARK)
    return home


@pytest.fixture(scope="module")
def tokens(home: Path) -> dict[Role | None, str]:
    """What the browsers of people of each role keep."""
    with closing(open_database(load_settings(home=home))) as db:
        return {None: "", **{role: signed_in(db, role) for role in Role}}


@pytest.fixture(scope="module")
def shop(home: Path, tokens: dict[Role | None, str]) -> Iterator[str]:
    with running.shop(home, SHOPKEEPER_SIGN_IN="password", **ALONE) as address:
        yield address


def come(context: BrowserContext, shop: str, token: str) -> Page:
    if token:
        context.add_cookies([{"name": COOKIE, "value": token, "url": shop}])
    return context.new_page()


def cookie(token: str) -> str:
    return f"{COOKIE}={token}" if token else ""


# First in this file: until somebody has opened the app, Streamlit knows no navigation.
@pytest.mark.parametrize("by_hash", [True, False])
@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.title)
def test_a_cold_connection_gets_nothing_of_a_page_that_is_not_for_it(
    shop: str, tokens: dict[Role | None, str], room: Room, by_hash: bool
) -> None:
    said = ask_for(shop, room.path, by_hash=by_hash)
    assert MARK.encode() not in said
    if room.path != COUNTER:
        said = ask_for(shop, room.path, cookie=cookie(tokens[Role.SHOPPER]), by_hash=by_hash)
        assert MARK.encode() not in said


def test_a_cold_connection_of_a_merchandiser_gets_the_page(
    shop: str, tokens: dict[Role | None, str]
) -> None:
    said = ask_for(shop, "pages/jobs.py", cookie=cookie(tokens[Role.MERCHANDISER]))
    assert MARK.encode() in said


@pytest.mark.parametrize("role", WHO)
def test_every_page_is_opened_by_its_address_and_lets_in_whom_it_is_for(
    shop: str, tokens: dict[Role | None, str], context: BrowserContext, role: Role | None
) -> None:
    page = come(context, shop, tokens[role])
    for room in ROOMS:
        page.goto(f"{shop}/{address(room)}")
        refused = page.get_by_text("This page is for")
        if (role or Role.SHOPPER).reaches(room.least):
            expect(page.get_by_role("heading").first).to_be_visible()
            expect(refused).to_have_count(0)
        else:
            expect(refused).to_be_visible()
        expect(page.get_by_text("Something went wrong")).to_have_count(0)
    names = {room.title for room in rooms_of(role or Role.SHOPPER)} - {"Ask the shop"}
    links = page.locator("[data-testid=stSidebarNav] a").all_inner_texts()
    assert {link.strip().splitlines()[-1] for link in links} - {"Ask the shop"} == names


@pytest.mark.parametrize("role", WHO)
def test_no_file_opens_by_its_address_for_who_may_not(
    shop: str, tokens: dict[Role | None, str], home: Path, role: Role | None
) -> None:
    with closing(open_database(load_settings(home=home))) as db:
        job = jobs.listing(db)[0]
    url = f"{shop}/download/{job.id}/csv"
    request = urllib.request.Request(url, headers={"Cookie": cookie(tokens[role])})
    try:
        with urllib.request.urlopen(request) as answer:
            assert (role or Role.SHOPPER).reaches(Role.MERCHANDISER)
            assert MARK.encode() in answer.read()
    except urllib.error.HTTPError as error:
        assert not (role or Role.SHOPPER).reaches(Role.MERCHANDISER)
        assert error.code == 403
        error.close()


def test_an_open_page_closes_by_itself_when_its_person_signs_out_elsewhere(
    shop: str, home: Path, context: BrowserContext
) -> None:
    with closing(open_database(load_settings(home=home))) as db:
        page = come(context, shop, signed_in(db, Role.MERCHANDISER, "dora"))
    page.goto(f"{shop}/pool")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    other = context.new_page()
    other.goto(f"{shop}/door")
    other.get_by_role("button", name="Sign out", exact=True).click()
    expect(other.get_by_text("What are you looking for?")).to_be_visible()
    expect(page.get_by_text("Please sign in to open it")).to_be_visible()
    expect(page.get_by_role("heading", name="Models")).to_have_count(0)


def test_a_first_start_prints_a_link_and_its_administrator_invites_a_merchandiser(
    tmp_path: Path, chromium: Browser, context: BrowserContext
) -> None:
    home = tmp_path / "home"
    with running.shop(home, SHOPKEEPER_SIGN_IN="password", **ALONE) as shop:
        page = context.new_page()
        page.goto(printed_link(home, shop))
        come_in(page, "Ada Lovelace", "ada@shop.example")
        page.get_by_role("link", name="People").click()
        page.get_by_role("button", name="Make a link").click()
        link = page.locator("[data-testid=stCode] code").inner_text()
        theirs = chromium.new_context()
        other = theirs.new_page()
        other.goto(link)
        come_in(other, "Ben", "ben")
        other.goto(f"{shop}/jobs")
        expect(other.get_by_text("No jobs yet")).to_be_visible()
        other.get_by_role("button", name="Sign out").click()
        expect(other.get_by_text("Please sign in to open it")).to_be_visible()
        other.get_by_role("link", name="Sign in").first.click()
        other.get_by_label("Name or e-mail address").fill("BEN")
        other.get_by_label("Password").fill(PASSWORD)
        other.get_by_role("button", name="Sign in").click()
        # Back where they had been.
        expect(other.get_by_text("No jobs yet")).to_be_visible()
        assert other.url == f"{shop}/jobs"
        theirs.close()
    assert "/door/invitation/" not in "".join(
        path.read_text(errors="replace") for path in (home / "logs").glob("*.log")
    )


def printed_link(home: Path, shop: str) -> str:
    """The link that the start has printed, at the address that the browser uses."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = re.search(r"/door/invitation/\S+", (home / "run.log").read_text())
        if found:
            return shop + found[0]
        time.sleep(0.2)
    raise AssertionError("no link was printed")


def come_in(page: Page, name: str, login: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Name or e-mail address").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text(name).first).to_be_visible()


@pytest.fixture(scope="module")
def oidc_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("oidc") / "home"
    people = (
        {"sub": "ben", "name": "Ben", "email": "ben@shop.example", "email_verified": True},
        {"sub": "mallory", "name": "Mallory", "email": "ben@shop.example", "email_verified": False},
        {"sub": "ada", "name": "Ada", "groups": ["staff", "owners"]},
    )
    port = ports.unused()
    with provider(*people) as issuer:
        given = {
            "SHOPKEEPER_SIGN_IN": "oidc",
            "SHOPKEEPER_OIDC_METADATA_URL": f"{issuer}/.well-known/openid-configuration",
            "SHOPKEEPER_OIDC_CLIENT_ID": "shop",
            "SHOPKEEPER_OIDC_CLIENT_SECRET": "a secret of the shop",
            "SHOPKEEPER_OIDC_NAME": "Example",
            "SHOPKEEPER_OIDC_ROLE_CLAIM": "groups",
            "SHOPKEEPER_OIDC_ADMINISTRATORS": "owners",
            "SHOPKEEPER_OIDC_MERCHANDISERS": "ben@shop.example",
        }
        with running.shop(home, PORT=str(port), **given, **ALONE) as shop:
            # As the provider knows it: cookies belong to one name of a machine.
            yield shop.replace("127.0.0.1", "localhost")


def at_provider(page: Page, shop: str, sub: str | None, path: str = "jobs?job=x1") -> None:
    """Go to a page, sign in at the provider as somebody, and come back; None: refuse there."""
    page.goto(f"{shop}/{path}")
    page.locator("[data-testid=stMain]").get_by_role("button", name="Sign in with Example").click()
    if sub is None:
        page.get_by_role("button", name="Deny").click()
    else:
        page.get_by_role("button", name=sub, exact=True).click()


def test_a_merchandiser_signs_in_at_a_provider_and_is_back_where_they_were_going(
    oidc_shop: str, context: BrowserContext
) -> None:
    page = context.new_page()
    at_provider(page, oidc_shop, "ben")
    expect(page.get_by_text("Ben").first).to_be_visible()
    expect(page.get_by_text("This page is for")).to_have_count(0)
    assert page.url.startswith(f"{oidc_shop}/jobs")
    kept = {one["name"]: one for one in context.cookies()}
    assert kept[COOKIE]["httpOnly"]
    assert not [name for name in kept if name.startswith("_streamlit_user")]
    page.goto(f"{oidc_shop}/people")
    expect(page.get_by_text("This page is for administrators")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Please sign in to open it")).to_be_visible()


def test_a_stranger_at_the_provider_is_a_shopper_here_whatever_address_they_claim(
    oidc_shop: str, context: BrowserContext
) -> None:
    page = context.new_page()
    at_provider(page, oidc_shop, "mallory")
    expect(page.get_by_text("This page is for people who work for the shop")).to_be_visible()
    expect(page.get_by_text("Mallory").first).to_be_visible()


def test_a_group_of_the_provider_makes_an_administrator_who_sees_who_has_come(
    oidc_shop: str, context: BrowserContext
) -> None:
    page = context.new_page()
    at_provider(page, oidc_shop, "ada", "people")
    expect(page.get_by_text("They sign in at your provider")).to_be_visible()
    expect(page.get_by_role("button", name="Make a link")).to_have_count(0)


def test_whoever_refuses_at_the_provider_is_told_and_not_signed_in(
    oidc_shop: str, context: BrowserContext
) -> None:
    page = context.new_page()
    at_provider(page, oidc_shop, None)
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    assert COOKIE not in {one["name"] for one in context.cookies()}
