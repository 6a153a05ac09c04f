"""Numbers, times and money as a merchant would say them, and text that stays text."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from pages.parts import words
from pages.parts.escape import html, one_line, plain

NEW_YORK = words.zone("America/New_York")
NOON = datetime(2026, 5, 3, 12, 0, tzinfo=NEW_YORK).timestamp()
HOUR = 3600


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (2, "a few seconds"),
        (42, "about 40 seconds"),
        (58, "about 1 minute"),
        (720, "about 12 minutes"),
        (3 * HOUR, "about 3 hours"),
        (50 * HOUR, "about 2 days"),
    ],
)
def test_time_left(seconds: float, said: str) -> None:
    assert words.about(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(8, "8 s"), (200, "3 min 20 s"), (60, "1 min"), (7500, "2 h 5 min")]
)
def test_time_taken(seconds: float, said: str) -> None:
    assert words.took(seconds) == said


@pytest.mark.parametrize(
    ("size", "said"), [(1, "1 byte"), (820, "820 bytes"), (24_300, "24 KB"), (1_340_000, "1.3 MB")]
)
def test_sizes(size: int, said: str) -> None:
    assert words.file_size(size) == said


def test_days_are_those_of_the_browsers_calendar() -> None:
    just_after_midnight = NOON - 11.5 * HOUR
    assert words.day(just_after_midnight, NOON, NEW_YORK) == "Today"
    assert words.day(just_after_midnight - HOUR, NOON, NEW_YORK) == "Yesterday"
    assert words.day(NOON - 60 * HOUR, NOON, NEW_YORK) == "Earlier"
    assert words.moment(NOON, NOON, NEW_YORK) == "today at 12:00"
    assert words.moment(NOON - 240 * HOUR, NOON, NEW_YORK) == "23 April at 12:00"


@pytest.mark.parametrize("name", [None, "", "Not/AZone", "../etc"])
def test_an_unknown_zone_is_utc(name: str | None) -> None:
    assert words.zone(name).utcoffset(None) is None or str(words.zone(name)) == "UTC"


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (Decimal("1289"), "USD", "$1,289.00"),
        (Decimal("45.5"), "EUR", "€45.50"),
        (Decimal("5000"), "JPY", "¥5,000"),
        (Decimal("12"), "CHF", "12.00 CHF"),
        (Decimal("12"), "$", "$12.00"),
        (Decimal("12"), None, "12.00"),
        (None, "USD", ""),
    ],
)
def test_prices(amount: Decimal | None, currency: str | None, said: str) -> None:
    assert words.price(amount, currency) == said


def test_stock() -> None:
    assert words.stock(12) == "In stock (12)"
    assert words.stock(0) == "Out of stock"
    assert words.stock(None) == ""


def test_rates_use_the_unit_that_reads_well() -> None:
    assert words.rate(1234.5) == "1,234 rows a second"
    assert words.rate(2.34) == "2.3 rows a second"
    assert words.rate(0.5) == "30 rows a minute"


def test_plain_text_stays_text_in_markdown() -> None:
    assert plain("$5 [x](y) <b> :red[z] `c`") == (
        "\\$5 \\[x\\]\\(y\\) \\<b\\> \\:red\\[z\\] \\`c\\`"
    )


def test_html_is_safe_in_attributes() -> None:
    assert html("\"'<&>") == "&quot;&#x27;&lt;&amp;&gt;"


def test_long_lines_end_at_a_word() -> None:
    assert one_line("one  two\nthree four", 14) == "one two three…"
    assert one_line("short", 10) == "short"
    assert one_line("a" * 30, 10) == "a" * 9 + "…"


def test_a_share_of_the_price_is_said_in_words() -> None:
    assert words.price_share(0.5) == "about half the price"
    assert words.price_share(0.3) == "about 30% of the price"
