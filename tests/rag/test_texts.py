from __future__ import annotations

from decimal import Decimal

import pytest

from core.products import Product
from core.values import Value
from rag.excerpt import excerpt, parted
from rag.exchange import Kind, Passage
from rag.markup import plain
from rag.prompts import assemble
from rag.texts import embedded_text, product_text, shortened

TENT = Product(
    "t1",
    "Tent",
    "<p>Sleeps four.</p><script>alert(1)</script>",
    price=Decimal("1289"),
    currency="USD",
    stock=3,
    department="Camping",
    values={
        "brand": Value("Halden"),
        "tags": Value([]),
        "wool_free": Value(True),
        "weight": Value(2.9, unit="kg"),
    },
)
PASSAGE = Passage(1, "product:t1", Kind.PRODUCT, "Tent", "", "Sleeps four.", 0.6, TENT)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two</p>", "One. Two"),
        ("<ul><li>Red</li><li>Blue.</li></ul>", "Red; Blue."),
        ("Salt &amp; pepper", "Salt & pepper"),
        ("fits < 5 kg and > 2 kg", "fits < 5 kg and > 2 kg"),
        ("a<style>x{}</style>b<!-- c -->", "ab"),
        ("<b>un</b>broken <i", "unbroken <i"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_html_becomes_plain_text(html: str, text: str) -> None:
    assert plain(html) == text


def test_searched_text_holds_values_but_neither_price_nor_stock() -> None:
    assert (
        product_text(TENT) == "Camping. brand: Halden; wool free: yes; weight: 2.9 kg. Sleeps four."
    )
    assert embedded_text(TENT).startswith("Tent. Camping. brand: Halden")
    assert "1289" not in embedded_text(TENT)


def test_shortened_cuts_at_a_word() -> None:
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one", 9) == "one"


def test_excerpt_keeps_the_sentences_asked_about() -> None:
    text = "It is green. Made by hand in Wales. Induction is no problem. " + "Nice. " * 50
    assert "Induction" in excerpt(text, "Is it safe for induction hobs?", 60)
    assert excerpt("Short.", "anything", 60) == "Short."
    assert excerpt(text, "zebra", 40).startswith("It is green.")
    assert len(excerpt("word " * 500, "word", 100)) <= 100


def test_prompt_is_short_and_its_beginning_never_changes() -> None:
    passages = [PASSAGE] * 6
    first = assemble("Which tent?", passages)
    second = assemble("x" * 5000, passages)
    assert first[:-1] == second[:-1]
    assert first[-1].text.startswith("Facts:\n[1] Tent, $1,289.00, 3 in stock. Sleeps four.")
    assert len(second[-1].text) < 3000


def test_catalog_text_cannot_break_the_template() -> None:
    odd = Passage(1, "product:x", Kind.PRODUCT, "{question}", "", "{facts} {0}", 0.5, TENT)
    assert "{facts} {0}" in assemble("Why {not}?", [odd])[-1].text


def test_long_texts_leave_room_for_the_others() -> None:
    long = Passage(1, "policy:a#1", Kind.POLICY, "A", "B", "Long sentence here. " * 200, 0.5)
    text = assemble("q", [long] * 9)[-1].text
    assert len(text) < 1200


def test_a_model_is_told_that_prices_keep_to_the_limit_since_it_cannot_compare() -> None:
    told = assemble("Tents under $2,000?", [PASSAGE], limits=["under $2,000"])[-1].text
    assert told.startswith("Facts:\n[1] Tent, $1,289.00 (under $2,000), 3 in stock. Sleeps four.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [our guide](https://a.example/x).", "See our guide."),
        ("![tent](https://evil.example/p.png?q=1) Green.", "tent Green."),
        ("[![tent](https://a.example/p.png)](https://b.example)", "tent"),
        ("&lt;script&gt;alert(1)&lt;/script&gt; Green.", "Green."),
        ("Sizes [S] and (M); 3 < 5.", "Sizes [S] and (M); 3 < 5."),
    ],
)
def test_markup_in_a_description_leaves_its_words_and_no_targets(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_rows_of_a_table_are_sentences_with_the_names_of_their_columns() -> None:
    table = "Service | Cost | Arrives\nExpress | $14.95 | 2 days\nCanada | $16.95 | 6 days"
    assert parted(f"We ship.\n{table}\nOrders leave at 1 p.m. Pacific time. Others later.") == [
        "We ship.",
        "Express: cost $14.95, arrives 2 days",
        "Canada: cost $16.95, arrives 6 days",
        "Orders leave at 1 p.m. Pacific time.",
        "Others later.",
    ]
    assert parted("Express | 12.50\nCanada | 16.95") == ["Express: 12.50", "Canada: 16.95"]
    assert parted("1. Write to us.\n2. We answer in 2 days; wait.") == [
        "1. Write to us.",
        "2. We answer in 2 days; wait.",
    ]
