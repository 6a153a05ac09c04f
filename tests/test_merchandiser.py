"""A merchandiser's hour: upload, extract, review, correct, run again; in a real browser.

The model is scripted to make the same mistake with every product, so that what
becomes of the corrections can be told.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import running
from tests.fake_endpoint import FakeEndpoint, Reply

pytestmark = pytest.mark.browser

WAIT_MS = 240_000
BRANDS = ("Orbelle", "Pellworm", "Tamsin", "Varrick", "Lumo", "Zephyrine")
THINGS = ("Lantern", "Kite", "Sundial", "Compass")
#: What a person corrects: two products of each brand, one more as it comes.
CORRECTED = 12


def title(row: int) -> str:
    """The title of a row of the catalog, 1-based."""
    brand, thing = BRANDS[(row - 1) % 6], THINGS[(row - 1) // 6]
    return f"{brand} {thing} No {row}"


def takes_the_thing_for_the_brand(text: str, _: int) -> Reply:
    found = re.search(r"\w+ (\w+) No \d+", text)
    return Reply(json.dumps({"brand": found[1] if found else "", "color": "red"}))


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with (
        FakeEndpoint(takes_the_thing_for_the_brand).running() as endpoint,
        running.shop(
            tmp_path / "home",
            OPENAI_BASE_URL=endpoint.url,
            OPENAI_API_KEY="k",
            OPENAI_MODEL="m",
            SHOPKEEPER_SAMPLE_SHOP="false",
        ) as address,
        running.browser() as browser,
    ):
        yield opened(browser, address)


def opened(browser: Browser, address: str) -> Page:
    context = browser.new_context(accept_downloads=True, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    page.goto(address)
    return page


def start(page: Page, finished: int) -> None:
    """Start a job and wait until so many have finished."""
    page.get_by_role("button", name="Start with 24 rows").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Finished$"))).to_have_count(finished)


def brands(page: Page, where: Path) -> dict[int, str]:
    """The brand found for each row, as the newest job's file has it."""
    page.get_by_role("button", name="Open").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    waiting.value.save_as(where)
    with where.open(encoding="utf-8-sig") as file:
        return {int(row["sku"]): row["brand"] for row in csv.DictReader(file)}


def test_what_was_corrected_once_is_right_from_then_on(page: Page, tmp_path: Path) -> None:
    lines = [f"{row},{title(row)},A fine red {title(row)}." for row in range(1, 25)]
    catalog = tmp_path / "curios.csv"
    catalog.write_text("\n".join(["sku,name,about", *lines]))
    page.get_by_role("link", name="Upload").click()
    page.locator("input[type=file]").set_input_files(str(catalog))
    expect(page.get_by_text("24 rows").first).to_be_visible()
    for step in ("columns", "fields", "try and start"):
        page.get_by_role("button", name=f"Next: {step}").click()
    start(page, finished=1)
    wrong = brands(page, tmp_path / "first.csv")
    assert all(brand in THINGS for brand in wrong.values())

    page.get_by_role("button", name="Review", exact=True).first.click()
    page.get_by_role("radio", name="All").click()
    for row in range(1, CORRECTED + 1):
        brand = page.get_by_role("textbox", name="brand")
        expect(page.get_by_text(f"{row} · {title(row)}", exact=True).first).to_be_visible()
        expect(brand).to_have_count(1)
        expect(brand).to_have_value(wrong[row])
        brand.fill(title(row).split()[0])
        brand.press("Tab")
        approve = page.get_by_role("button", name="Approve and next")
        expect(approve).to_have_count(1)  # while it is drawn anew, the last one is there, too
        approve.click()
    expect(page.get_by_text(re.compile(rf"{CORRECTED} approved"))).to_be_visible()

    page.get_by_role("link", name="The job").click()
    page.get_by_role("button", name="Change fields and run again").click()
    page.get_by_role("button", name="Next: try and start").click()
    start(page, finished=2)
    right = brands(page, tmp_path / "second.csv")
    assert {row: right[row] for row in range(1, CORRECTED + 1)} == {
        row: title(row).split()[0] for row in range(1, CORRECTED + 1)
    }
    unseen = [right[row] == title(row).split()[0] for row in range(CORRECTED + 1, 25)]
    assert sum(unseen) >= len(unseen) / 2, "what it was shown holds for products like it"
