"""The counter in a real browser, with a scripted model: what a shopper does while words come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core import products
from core.db import open_database
from core.products import Product
from core.settings import load_settings
from core.values import Origin, Value
from rag import conversations, documents
from rag.messages import Message
from tests import running
from tests.fakes import FakeModel, Script
from tests.test_app import until_on_the_shelves

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

expect.set_options(timeout=20_000)
SCRIPT = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
ABOUT = "Storm lantern that burns 20 hours on one filling. "
SHELF = [
    Product(
        f"L{number}",
        f"Orbelle Lantern {finish}",
        f"{ABOUT}Made of {finish.lower()}. {SCRIPT}",
        Decimal(49 + number),
        "USD",
        number,
        "Lanterns",
        values={"material": Value(finish.lower(), Origin.STATED, "description", 58, 63)},
    )
    for number, finish in enumerate(("Brass", "Steel"))
]
POLICY = "# Returns\n\n## Lanterns\n\nA lantern may be returned within 60 days, unlit.\n"
WORDS = re.findall(
    r"\S+ ", "The lantern [1] burns for 20 hours on one filling, as its text says . "
)


@pytest.fixture(scope="module")
def model() -> Iterator[FakeModel]:
    with FakeModel().running() as model:
        yield model


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with two lanterns and a policy."""
    folder = tmp_path_factory.mktemp("counter")
    home, policy = folder / "home", folder / "returns.md"
    policy.write_text(POLICY)
    db = open_database(load_settings(home=home))
    products.publish(db, SHELF)
    documents.publish_documents(db, policy)
    db.close()
    return home


@pytest.fixture(scope="module")
def address(home: Path, model: FakeModel) -> Iterator[str]:
    shop = running.shop(
        home,
        SHOPKEEPER_SAMPLE_SHOP="false",
        OPENAI_BASE_URL=model.url,
        OPENAI_API_KEY="x",
        OPENAI_MODEL="scripted",
    )
    with shop as address:
        until_on_the_shelves(home)
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running.browser() as browser:
        yield browser


@pytest.fixture
def wide(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    yield context
    context.close()


def open_shop(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    expect(page.get_by_text("What are you looking for?")).to_be_visible()
    return page


def ask(page: Page, question: str) -> None:
    box = page.get_by_placeholder("Ask about products")
    box.fill(question)
    box.press("Enter")


def until_answered(page: Page, count: int = 1) -> None:
    expect(page.locator(".sk-quiet")).to_have_count(count, timeout=60_000)


def kept(home: Path, context: BrowserContext) -> list[Message]:
    """What is stored of this browser's only conversation."""
    cookies = context.cookies()
    (visitor,) = [one["value"] for one in cookies if one["name"] == "shopkeeper_visitor"]
    db = open_database(load_settings(home=home))
    (thread,) = conversations.listing(db, visitor)
    found = conversations.load(db, thread.id, visitor)
    db.close()
    return found


def test_judging_and_opening_a_source_leave_an_answer_that_is_being_written(
    wide: BrowserContext, address: str, home: Path, model: FakeModel
) -> None:
    model.answer(Script(pieces=tuple(WORDS)))
    page = open_shop(wide, address)
    ask(page, "Which lantern burns longest?")
    until_answered(page)
    model.answer(Script(pieces=tuple(WORDS), piece_s=0.4))
    ask(page, "How does the steel lantern burn?")
    writing = page.locator(".st-key-answering")
    expect(writing.locator(".sk-card").first).to_be_visible()

    page.get_by_role("button", name="Bad answer").first.click()
    page.get_by_role("button", name="Wrong facts").click()
    page.get_by_label("In your words").fill("it is tin")
    page.get_by_role("button", name="Send", exact=True).click()
    writing.locator(".sk-card .sk-number").first.click()
    expect(page.get_by_role("dialog").get_by_text("What the shop knows about it")).to_be_visible()
    expect(page.get_by_role("dialog").locator("mark").first).to_be_visible()
    expect(writing).to_be_visible()
    page.keyboard.press("Escape")

    until_answered(page, 2)
    expect(page.locator(".sk-prose").last).to_contain_text("as its text says")
    assert page.title() != "run"
    answers = kept(home, wide)[1::2]
    assert answers[0].feedback_reason == "wrong facts: it is tin"
    assert "as its text says" in answers[1].text
    assert model.abandoned == 0


def test_a_conversation_survives_a_refresh_and_its_last_question_is_changed(
    wide: BrowserContext, address: str, home: Path, model: FakeModel
) -> None:
    model.answer(Script(pieces=tuple(WORDS)))
    page = open_shop(wide, address)
    ask(page, "Which lantern burns longest?")
    until_answered(page)
    expect(page.get_by_placeholder("Ask about products")).to_be_focused()
    page.reload()
    until_answered(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Change your question").fill("May I return a lantern?")
    page.get_by_role("button", name="Ask this instead").click()
    expect(page.locator(".sk-question")).to_have_text("May I return a lantern?")
    expect(page.locator(".sk-policy").first).to_be_visible()
    expect(page.get_by_placeholder("Ask about products")).to_be_enabled()
    until_answered(page)
    assert [one.text for one in kept(home, wide)][::2] == ["May I return a lantern?"]
    with page.expect_download() as waiting:
        page.get_by_text("Save", exact=True).click()
        page.get_by_text("As text (Markdown)").click()
    assert waiting.value.suggested_filename.startswith("shop-may-i-return-a-lantern")


def test_on_a_phone_nothing_is_wider_than_the_screen_and_a_tap_opens_a_source(
    phone: BrowserContext, address: str, model: FakeModel
) -> None:
    model.answer(Script(pieces=tuple(WORDS)))
    page = open_shop(phone, address)
    ask(page, "Which lantern burns longest? " + "x" * 200)
    until_answered(page)
    page.locator(".sk-prose .sk-cite").first.tap()
    expect(page.get_by_role("dialog").get_by_text("What the shop knows about it")).to_be_visible()
    page.get_by_role("button", name="Close").tap()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 360
