from __future__ import annotations

import pytest

from batch.feed_values import addresses, availability, gtin, money, text


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("https://x.example/a.jpg", ("https://x.example/a.jpg",)),
        ("https://x.example/w_300,h_200/a.jpg", ("https://x.example/w_300,h_200/a.jpg",)),
        (
            "https://x.example/a, https://x.example/b",
            ("https://x.example/a", "https://x.example/b"),
        ),
        ("https://x.example/a|https://x.example/b", ("https://x.example/a", "https://x.example/b")),
        ("https://x.example/a;https://x.example/a", ("https://x.example/a",)),
        ("//cdn.example/a.jpg", ("https://cdn.example/a.jpg",)),
        ("https://x.example/my tent.jpg", ("https://x.example/my%20tent.jpg",)),
        ("/p/17", ()),
        ("tent.jpg", ()),
        ("javascript:alert(1)", ()),
        ("", ()),
    ],
)
def test_addresses_are_whole_or_none(cell: str, found: tuple[str, ...]) -> None:
    assert addresses(cell) == found


@pytest.mark.parametrize(
    ("cell", "currency", "price"),
    [
        ("19.9", "EUR", "19.90 EUR"),
        ("1.299,00 €", "", "1299.00 EUR"),
        ("£5", "EUR", "5.00 GBP"),
        ("$5", "usd", "5.00 USD"),
        ("$5", "", ""),
        ("1200", "JPY", "1200 JPY"),
        ("1.5", "KWD", "1.500 KWD"),
        ("on request", "EUR", ""),
        ("10-20", "EUR", ""),
    ],
)
def test_a_price_needs_an_amount_and_a_currency(cell: str, currency: str, price: str) -> None:
    assert money(cell, currency) == price


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("3", "in_stock"),
        ("0", "out_of_stock"),
        ("-2", "out_of_stock"),
        ("In stock", "in_stock"),
        ("in_stock", "in_stock"),
        ("auf Lager", "in_stock"),
        ("sold out", "out_of_stock"),
        ("preorder", "preorder"),
        ("Back-order", "backorder"),
        ("TRUE", "in_stock"),
        ("perhaps", ""),
        ("", ""),
    ],
)
def test_a_stock_is_one_of_googles_words(cell: str, state: str) -> None:
    assert availability(cell) == state


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("4006381333931", "4006381333931"),
        ("4006381-33393 1", "4006381333931"),
        ("036000291452", "036000291452"),
        ("4006381333932", ""),
        ("4.00638E+12", ""),
        ("12345", ""),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", ""),
    ],
)
def test_only_a_gtin_with_the_right_check_digit_counts(cell: str, number: str) -> None:
    assert gtin(cell) == number


def test_texts_are_words_without_html_and_end_at_a_word() -> None:
    assert text("<p>Warm &amp; dry</p>\n\t<script>alert(1)</script>") == "Warm & dry"
    assert text("one two three", 9) == "one two"
    assert text("x" * 20, 9) == "x" * 9
