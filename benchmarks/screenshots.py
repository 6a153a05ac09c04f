"""Pictures of every page of the running app, for the README and for looking at.

``python -m benchmarks.screenshots [--all FOLDER]``: writes ``docs/screenshots/``
(light, wide); with ``--all`` also light and dark, wide and phone-narrow, into a folder.
"""

from __future__ import annotations

import argparse
import itertools
import re
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from core import products
from core.db import open_database
from core.settings import PROJECT, load_settings
from tests import running

PICTURES = PROJECT / "docs" / "screenshots"
QUESTION = "Do you have waterproof hiking boots under $150?"
PAGES = ("chat", "upload", "jobs", "pool")
WIDTHS = {"wide": 1280, "narrow": 360}
SLOW_MS = 100_000
#: Done before pictures are taken, so that there is something to see.
ROWS = 5


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, help="folder for every theme and width")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with running.shop(home) as address, running.browser() as browser:
            _wait_for_shelves(home)
            addresses = _play(browser, address)
            _take(browser, addresses, PICTURES, "light", "wide", named=False)
            if options.all:
                for theme, width in itertools.product(("light", "dark"), WIDTHS):
                    _take(browser, addresses, options.all, theme, width, named=True)


def _wait_for_shelves(home: Path) -> None:
    db = open_database(load_settings(home=home))
    while not products.count(db) or products.count_pending(db):
        time.sleep(0.5)
    db.close()


def _play(browser: Browser, address: str) -> dict[str, str]:
    """Ask a question and start a job, as a person would; returns each page's address."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    # Before the model is there, the shop answers without words of its own.
    page.goto(f"{address}/pool")
    page.get_by_text("Everything is running.").wait_for()
    page.goto(address)
    box = page.get_by_placeholder("Ask about products")
    box.fill(QUESTION)
    box.press("Enter")
    page.get_by_text("first word").last.wait_for()
    chat = page.url
    page.get_by_role("link", name="Upload").click()
    page.get_by_role("button", name="Use the sample catalog").click()
    page.get_by_role("button", name="Next: columns").click()
    page.get_by_text("guessed").first.wait_for()
    upload = page.url
    for step in ("fields", "try and start"):
        page.get_by_role("button", name=f"Next: {step}").click()
    page.get_by_role("button", name="Start with").click()
    page.get_by_role("button", name="Open").first.click()
    some = re.compile(rf"^(?:[{ROWS}-9]|\d\d+) of \d+ rows done")
    page.get_by_text(some).first.wait_for(timeout=ROWS * SLOW_MS)
    context.storage_state(path=_state())
    context.close()
    return {"chat": chat, "upload": upload, "jobs": f"{address}/jobs", "pool": f"{address}/pool"}


def _state() -> Path:
    return Path(tempfile.gettempdir()) / "shopkeeper-screenshots.json"


def _take(
    browser: Browser,
    addresses: dict[str, str],
    folder: Path,
    theme: str,
    width: str,
    *,
    named: bool,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": WIDTHS[width], "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        storage_state=_state(),
    )
    for name in PAGES:
        page = context.new_page()
        page.goto(addresses[name])
        _settle(page)
        suffix = f"-{theme}-{width}" if named else ""
        page.screenshot(path=folder / f"{name}{suffix}.png")
        page.close()
    context.close()


def _settle(page: Page) -> None:
    """Wait until the page has been drawn."""
    page.locator("[data-testid=stMain]").get_by_role("heading").or_(
        page.locator(".sk-prose")
    ).first.wait_for(timeout=SLOW_MS)
    page.wait_for_timeout(4000)


if __name__ == "__main__":
    main()
