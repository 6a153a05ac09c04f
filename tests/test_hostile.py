"""Every page of a shop whose every text is an attempt at it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from batch import jobs
from core.db import open_database
from core.settings import load_settings
from pages.parts.person import COOKIE
from pages.parts.rooms import COUNTER, ROOMS, Room
from pages.parts.rooms import address as path_of
from rag import documents
from tests import hostile_shop, running
from tests.fakes import FakeModel, Script
from tests.hostile_shop import NAME
from tests.payloads import BRIEF, EVIL, MARKDOWN, SCRIPTS
from tests.test_app import until_on_the_shelves

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1_200)]

#: What nothing of ours draws: whatever is there was made of somebody's text.
DRAWN = f"""() => {{
  const found = [...document.querySelectorAll(
    'iframe, object, embed, form[action], base, meta[http-equiv=refresh], .katex, ' +
    'a[href*="{EVIL}"], a[href^="javascript:" i], img[src*="{EVIL}"], [src*="{EVIL}"], ' +
    'img[alt="Streamlit logo"], b > script'
  )].map(one => one.outerHTML.slice(0, 300));
  for (const one of document.querySelectorAll('*'))
    for (const {{name, value}} of one.attributes)
      if (/^on/i.test(name) || value.includes('canary(') && /^(href|src|action|style)$/i.test(name))
        found.push(one.outerHTML.slice(0, 300));
  return found;
}}"""
HANDLED = "window.canary = () => { window.sung = (window.sung || 0) + 1 }"
OPEN_ALL = (
    "for (const one of document.querySelectorAll('details:not([open]) > summary')) one.click()"
)


@dataclass
class Watch:
    """What a browser was made to do."""

    page: Page
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def check(self, where: str, linked: bool = False) -> str:
        """See that nothing has happened; returns what is written on the page."""
        self.page.evaluate(OPEN_ALL)
        self.page.wait_for_timeout(700)
        said = self.page.locator("body").inner_text()
        drawn = [
            one
            for one in self.page.evaluate(DRAWN)
            # What a product's own page is may be linked to, where its card is.
            if not (linked and 'rel="noopener noreferrer"' in one and f"https://{EVIL}/p" in one)
        ]
        assert not drawn, (where, drawn)
        assert self.page.evaluate("window.sung") is None, where
        assert not (self.dialogs + self.foreign + self.opened), (where, self)
        for word in ("Something went wrong", "Traceback", "StreamlitAPIException"):
            assert word not in said, (where, said)
        assert not self.page.get_by_test_id("stException").count(), where
        return said


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hostile") / "home"
    home.mkdir()
    hostile_shop.make(home)
    return home


@pytest.fixture(scope="module")
def model() -> Iterator[FakeModel]:
    with FakeModel().running() as model:
        yield model


@pytest.fixture(scope="module")
def address(home: Path, model: FakeModel) -> Iterator[str]:
    shop = running.shop(
        home,
        SHOPKEEPER_SAMPLE_SHOP="false",
        SHOPKEEPER_SIGN_IN="password",
        OPENAI_BASE_URL=model.url,
        OPENAI_API_KEY="x",
        OPENAI_MODEL="scripted",
    )
    with shop as address:
        until_on_the_shelves(home)
        yield address


@pytest.fixture(scope="module")
def context(home: Path, address: str) -> Iterator[BrowserContext]:
    token = hostile_shop.let_in(home)
    with running.browser() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        context.add_init_script(HANDLED)
        yield context
        context.close()


@pytest.fixture
def watch(context: BrowserContext, address: str) -> Iterator[Watch]:
    page = context.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    watch = Watch(page)

    def told(dialog: object) -> None:
        watch.dialogs.append(str(dialog))
        dialog.dismiss()  # type: ignore[attr-defined]

    def asked(route: Route, request: Request) -> None:
        if request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            watch.foreign.append(request.url)
            route.abort()

    page.on("dialog", told)
    page.on("popup", lambda one: watch.opened.append(one.url))
    page.route("**/*", asked)
    yield watch
    page.close()


def open_page(watch: Watch, url: str) -> None:
    """Open an address cold, and wait until the page is drawn to its end."""
    watch.page.goto(url)
    # Of the counter, the field that questions are typed in is drawn last.
    last = ":is(h1, h2, h3), [data-testid=stChatInput]"
    expect(watch.page.locator(last).first).to_be_visible()
    settle(watch.page)


def settle(page: Page) -> None:
    expect(
        page.get_by_test_id("stSidebar").or_(page.get_by_test_id("stMain")).first
    ).to_be_visible()
    page.wait_for_timeout(800)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.locator("[data-test-script-state=running]")).to_have_count(0)
    page.wait_for_timeout(300)


@pytest.mark.parametrize("room", ROOMS, ids=lambda one: one.title)
def test_no_page_does_what_a_text_on_it_says(watch: Watch, address: str, room: Room) -> None:
    open_page(watch, f"{address}/{path_of(room)}")
    said = watch.check(room.title)
    assert room.path == COUNTER or room.title in said


def test_the_details_of_jobs_are_texts(watch: Watch, address: str, home: Path) -> None:
    db = open_database(load_settings(home=home))
    found = jobs.listing(db)
    db.close()
    for job in found:
        open_page(watch, f"{address}/jobs?job={job.id}")
        said = watch.check(f"job {job.status}")
        assert "<img src=x onerror=canary()>" in said
        page = watch.page
        for tab in page.get_by_role("tab").all():
            tab.click()
            settle(page)
            watch.check(f"job {job.status}, {tab.inner_text()}")
        open_page(watch, f"{address}/review?job={job.id}")
        watch.check(f"review of {job.status}")


def test_rows_under_review_are_texts(watch: Watch, address: str, home: Path) -> None:
    db = open_database(load_settings(home=home))
    job = next(one for one in jobs.listing(db) if one.done)
    db.close()
    open_page(watch, f"{address}/review?job={job.id}")
    page = watch.page
    page.get_by_role("radio", name="All").click()
    settle(page)
    assert "<script>canary()</script>" in watch.check("review of all")
    further = page.get_by_role("button", name="Next page")
    while further.count() and further.is_enabled():
        further.click()
        settle(page)
        watch.check("review, further rows")


def test_policies_are_texts(watch: Watch, address: str, home: Path) -> None:
    db = open_database(load_settings(home=home))
    found = documents.listing(db)
    db.close()
    for one in found:
        open_page(watch, f"{address}/policies?document={one.name}")
        said = watch.check(f"policy {one.name}")
        assert "<script>canary()</script>" in said
        if watch.page.get_by_role("button", name="Edit").count():
            watch.page.get_by_role("button", name="Edit").first.click()
            settle(watch.page)
            watch.check("policy, edited")


@pytest.mark.parametrize("text", [BRIEF, *SCRIPTS[:3], MARKDOWN[0], MARKDOWN[2], MARKDOWN[19]])
def test_a_question_and_its_answer_are_texts(
    watch: Watch, address: str, model: FakeModel, text: str
) -> None:
    written = f"A lantern [1] {text} and **{text}**\n\n- {text}\n\n# {text}\n\n```\n{text}\n```\n"
    pieces = tuple(re.findall(r"\S+\s*|\s+", written))
    model.answer(Script(pieces=pieces))
    open_page(watch, address)
    page = watch.page
    box = page.get_by_placeholder("Ask about products")
    box.fill(f"What makes the lantern {text} so good for a long walk?")
    box.press("Enter")
    expect(page.locator(".sk-quiet")).to_have_count(1)
    settle(page)
    said = watch.check("answer", linked=True)
    assert text in said or text.split()[0] in said
    for number in page.locator("[data-source]").all()[:3]:
        number.click(force=True)
        page.wait_for_timeout(700)
        watch.check("source", linked=True)
        page.keyboard.press("Escape")
    page.reload()
    settle(page)
    watch.check("answer, read again", linked=True)
    page.get_by_role("button", name=re.compile("New chat")).click()
    settle(page)
    watch.check("history")


def test_a_catalog_is_texts_on_the_way_to_a_job(watch: Watch, address: str, tmp_path: Path) -> None:
    file = tmp_path / f"{'<img src=x onerror=canary()>'} [l](x) :red[x] $x$.csv"
    file.write_bytes(hostile_shop.catalog())
    open_page(watch, f"{address}/upload")
    page = watch.page
    page.locator("input[type=file]").first.set_input_files(str(file))
    expect(page.get_by_text(re.compile("rows")).first).to_be_visible()
    settle(page)
    watch.check("file")
    page.get_by_test_id("stDataFrame").first.hover()
    expect(page.get_by_role("button", name="Fullscreen").first).to_be_visible()
    # It would have every formula of the catalog as it is.
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
    for step in ("columns", "fields", "try and start"):
        page.get_by_role("button", name=f"Next: {step}").click()
        settle(page)
        watch.check(step)
    page.get_by_label("Name of the job").fill(NAME)
    page.get_by_label("Name of the job").press("Enter")
    settle(page)
    watch.check("named")
    page.get_by_role("button", name=re.compile("^Start with")).click()
    settle(page)
    watch.check("started")
