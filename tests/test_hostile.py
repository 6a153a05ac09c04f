"""Every page of a shop whose every text is an attempt at it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from batch import destinations, jobs
from batch.destination_options import DestinationKind
from core.db import Database, open_database
from core.settings import load_settings
from pages.parts.person import COOKIE
from pages.parts.rooms import COUNTER, ROOMS, Room
from pages.parts.rooms import address as path_of
from rag import documents
from tests import hostile_shop, running
from tests.fakes import FakeModel, Script
from tests.hostile_shop import NAME
from tests.payloads import ALL
from tests.test_app import until_on_the_shelves
from tests.walking import PREPARED, Watch, watching

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1_200)]

#: Of the pages that ask before something is lost: by which button, and what they ask.
ASKS = {
    "Schedules": ("delete-", "Delete this schedule?"),
    "People": ("remove-", "Remove this person?"),
    "Notices": ("new-secret-", "Sign with a new secret?"),
}
#: Payloads in one question.
AT_ONCE = 12


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
        yield address


@pytest.fixture(scope="module")
def db(home: Path) -> Iterator[Database]:
    db = open_database(load_settings(home=home))
    yield db
    db.close()


@pytest.fixture(scope="module")
def context(home: Path, address: str) -> Iterator[BrowserContext]:
    token = hostile_shop.let_in(home)
    with running.browser() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        context.add_init_script(PREPARED)
        yield context
        context.close()


@pytest.fixture
def watch(context: BrowserContext, address: str) -> Iterator[Watch]:
    with watching(context, address) as watch:
        yield watch


@pytest.mark.parametrize("room", ROOMS, ids=lambda one: one.title)
def test_no_page_does_what_a_text_on_it_says(watch: Watch, address: str, room: Room) -> None:
    watch.open(f"{address}/{path_of(room)}")
    asks, question = ASKS.get(room.title, ("", ""))
    said = watch.walk(room.title, asks)
    assert room.path == COUNTER or room.title in said
    assert watch.questions == ([question] if question else [])


def test_the_notices_behind_the_bell_are_texts(watch: Watch, address: str) -> None:
    watch.open(f"{address}/pool")
    watch.page.locator(".st-key-notice-bell button").click()
    expect(watch.page.get_by_test_id("stPopoverBody")).to_be_visible()
    watch.settle()
    assert "onerror=canary()" in watch.check("bell")


def test_the_details_of_jobs_are_texts(watch: Watch, address: str, db: Database) -> None:
    for job in jobs.listing(db):
        watch.questions, watch.popovers, watch.menus = [], 0, 0
        watch.open(f"{address}/jobs?job={job.id}")
        said = watch.walk(f"job {job.status}", "delete-")
        assert "<img src=x onerror=canary()>" in said
        assert watch.questions == ["Delete this job?"]
        assert watch.popovers
        assert watch.menus >= 2


def test_rows_under_review_are_texts(watch: Watch, address: str, db: Database) -> None:
    job = next(one for one in jobs.listing(db) if one.done)
    watch.open(f"{address}/review?job={job.id}")
    page = watch.page
    page.get_by_role("radio", name="All").click()
    watch.settle()
    assert "<script>canary()</script>" in watch.walk("review of all", "review-replace")
    assert watch.questions == ["Replace a value everywhere"]
    further = page.get_by_role("button", name="Next page")
    # At once, since what is seen to be there may be drawn anew before it is clicked.
    press = "found => found.filter(one => !one.disabled).map(one => one.click()).length"
    while further.evaluate_all(press):
        watch.settle()
        watch.check("review, further rows")


def test_policies_are_texts(watch: Watch, address: str, db: Database) -> None:
    watch.open(f"{address}/policies")
    for one in documents.listing(db):
        watch.page.locator(f".st-key-open-{one.name} button").click()
        expect(watch.page.get_by_role("button", name="All policies")).to_be_visible()
        watch.settle()
        assert "<script>canary()</script>" in watch.walk(f"policy {one.name}", "delete-policy")
        watch.page.get_by_role("button", name="Edit").first.click()
        watch.settle()
        watch.check("policy, edited")
        watch.page.get_by_role("button", name="All policies").click()
        watch.settle()
    assert watch.questions == ["Delete this document?"] * 2


def test_a_destination_is_texts_and_so_is_its_form(
    watch: Watch, address: str, db: Database
) -> None:
    watch.open(f"{address}/destinations")
    watch.page.get_by_role("button", name="Add a destination").click()
    watch.settle()
    watch.walk("new destination")
    hook = next(one for one in destinations.listing(db) if one.kind is DestinationKind.WEBHOOK)
    for asks in ("delete-destination", "renew-secret"):
        watch.open(f"{address}/destinations?destination={hook.id}")
        assert "onerror=canary()" in watch.walk("destination", asks)
    assert watch.questions == ["Delete this destination?", "Renew the signing secret?"]


def test_a_schedule_that_is_changed_is_texts(watch: Watch, address: str) -> None:
    watch.open(f"{address}/schedules")
    watch.page.get_by_role("button", name="Edit").click()
    expect(watch.page.get_by_role("button", name="See what is there")).to_be_visible()
    watch.settle()
    watch.walk("schedule, changed")
    assert watch.menus >= 3


def test_questions_and_their_answers_are_texts(
    watch: Watch, address: str, home: Path, model: FakeModel
) -> None:
    until_on_the_shelves(home)
    watch.open(address)
    page = watch.page
    for number, texts in enumerate(slices(), 1):
        paragraphs = (
            f"A lantern [1] {text} and **{text}**\n\n- {text}\n\n# {text}\n\n```\n{text}\n```\n"
            for text in texts
        )
        model.answer(Script(pieces=tuple(re.findall(r"\S+\s*|\s+", "\n\n".join(paragraphs)))))
        box = page.get_by_placeholder("Ask about products")
        box.fill(f"What makes the lantern {' '.join(texts)} so good for a long walk?"[:1_000])
        box.press("Enter")
        expect(page.locator(".sk-quiet")).to_have_count(number)
        watch.settle()
        said = watch.check(f"answer {number}", linked=True)
        assert any(text in said for text in texts), said
        page.locator("[data-source]").last.click(force=True)
        watch.settle()
        watch.check(f"source of answer {number}", linked=True)
        page.keyboard.press("Escape")
    page.reload()
    watch.settle()
    watch.check("answers, read again", linked=True)
    page.get_by_role("button", name="Delete all").click()
    expect(page.get_by_test_id("stDialog")).to_be_visible()
    watch.settle()
    watch.check("history", linked=True)


def slices() -> list[tuple[str, ...]]:
    """All payloads, so many at once."""
    return [ALL[at : at + AT_ONCE] for at in range(0, len(ALL), AT_ONCE)]


def test_a_catalog_is_texts_on_the_way_to_a_job(watch: Watch, address: str, tmp_path: Path) -> None:
    file = tmp_path / f"{'<img src=x onerror=canary()>'} [l](x) :red[x] $x$.csv"
    file.write_bytes(hostile_shop.catalog())
    watch.open(f"{address}/upload")
    page = watch.page
    page.locator("input[type=file]").first.set_input_files(str(file))
    expect(page.get_by_text(re.compile("rows")).first).to_be_visible()
    watch.settle()
    watch.check("file")
    page.get_by_test_id("stDataFrame").first.hover()
    expect(page.get_by_role("button", name="Fullscreen").first).to_be_visible()
    # It would have every formula of the catalog as it is.
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
    for step in ("columns", "fields", "try and start"):
        onward = page.get_by_role("button", name=f"Next: {step}")
        onward.click()
        expect(onward).to_have_count(0)  # what is there until then goes with it
        watch.settle()
        watch.walk(step, "delete-saved" if step == "fields" else "")
    assert watch.questions == ["Delete this saved set?"]
    assert watch.menus >= 10
    assert watch.popovers >= 3
    page.get_by_label("Name of the job").fill(NAME)
    page.get_by_label("Name of the job").press("Enter")
    watch.settle()
    watch.check("named")
    page.get_by_role("button", name=re.compile("^Start with")).click()
    watch.settle()
    watch.check("started")
