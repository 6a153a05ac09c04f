from __future__ import annotations

from decimal import Decimal

import pytest

from batch.cells import parse_price, parse_stock, plain_text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("", ""),
        ("  two\n words ", "two words"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("a<br>b<br/>c", "a b c"),
        ("<b>bold</b>ly", "boldly"),
        ("<ul><li>a</li><li>b</li></ul>", "a b"),
        ("Fish &amp; chips &eacute; &#8364;5", "Fish & chips é €5"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("size<M", "size<M"),
        ("sizes <M and >XL", "sizes <M and >XL"),
        ("<3 it & love", "<3 it & love"),
        ("<p>open <b>never closed", "open never closed"),
        ("text</p", "text</p"),
        ('<p class="x" title="a">t</p>', "t"),
        ("a<script>if (a < b) alert('x')</script>b", "ab"),
        ("<style>p {color: red}</style>Red", "Red"),
        ("a<!-- note -->b", "ab"),
        ("a<!-- b <!-- c", "a<!-- b <!-- c"),
        ("<![CDATA[<p>x</p>]]>", "x"),
        ("<![foo bar", "<![foo bar"),
        ("&lt;p&gt;Warm &amp;amp; soft&lt;/p&gt;", "Warm & soft"),
        ("a\xa0b", "a b"),
        ("<o:p>Word</o:p>", "Word"),
    ],
)
def test_plain_text(cell: str, text: str) -> None:
    assert plain_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "amount", "currency"),
    [
        ("", None, None),
        ("24", "24", None),
        ("24.5", "24.5", None),
        ("0", "0", None),
        ("19.9900", "19.9900", None),
        ("$24.00", "24.00", "$"),
        ("US$ 24", "24", "USD"),
        ("24,99 €", "24.99", "EUR"),
        ("1.299,00", "1299.00", None),
        ("1,299.00", "1299.00", None),
        ("1 299,00 kr", "1299.00", "kr"),
        ("USD 12", "12", "USD"),
        ("12 GBP", "12", "GBP"),
        ("£5", "5", "GBP"),
        ("on request", None, None),
        ("10-20", None, None),
        ("$5.99 – $9.99", None, None),
        ("-5", None, None),
        ("5 " * 100, None, None),
    ],
)
def test_parse_price(cell: str, amount: str | None, currency: str | None) -> None:
    expected = Decimal(amount) if amount is not None else None
    assert parse_price(cell) == (expected, currency)


@pytest.mark.parametrize(
    ("cell", "stock"),
    [
        ("12", 12),
        ("12.0", 12),
        ("1,200", 1200),
        ("-3", 0),
        ("only 3 left", 3),
        ("10+", 10),
        ("", None),
        ("in stock", None),
        ("yes", None),
        ("ships in 2 days", None),
        ("out of stock", 0),
        ("Sold out until 2027", 0),
        ("ausverkauft", 0),
        ("No", 0),
        ("Norwegian", None),
    ],
)
def test_parse_stock(cell: str, stock: int | None) -> None:
    assert parse_stock(cell) == stock


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "&", '<a b="', "<div>"])
def test_plain_text_takes_no_longer_for_nonsense(piece: str) -> None:
    plain_text(piece * 50_000)
