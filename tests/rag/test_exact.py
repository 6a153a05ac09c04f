"""What is computed about the sample shop and about small shops of every kind, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from core import products
from core.db import Database
from core.facts import IN_STOCK, Filter, Order
from core.products import Product
from core.values import Value
from rag.exact import answer
from rag.exact_answer import Exact
from rag.exact_conditions import things
from rag.query import Intent, Query
from rag.shop_words import keys_of
from tests.conftest import on_both


def tent(id: str, price: str | None, stock: int = 5, **values: Value) -> Product:
    kind = {"product_type": Value("tent")}
    return Product(
        id,
        f"{id.capitalize()} Tent",
        price=Decimal(price) if price else None,
        currency="USD",
        stock=stock,
        department="Camping",
        values=kind | values,
    )


TENTS = (
    tent("alpha", "199", weight=Value(2.9, unit="kg"), colour=Value("Moss")),
    tent("beta", "289", weight=Value(5.1, unit="kg"), colour=Value("Sand"), lit=Value(True)),
    tent("gamma", "149", stock=0, weight=Value(1.2, unit="kg")),
    tent("delta", None),
    Product("lamp", "Gamma [2] Lamp", price=Decimal("20"), currency="USD", stock=1),
)
KIND = Filter("product_type", ("tent",), label="tent")


def under(limit: float) -> Filter:
    return Filter("price", high=limit, strict=True, unit="USD", label=f"under ${limit:g}")


def near(text: str) -> list[Product]:
    """A search that finds whatever shares a word."""
    wanted = set(keys_of(text))
    shared = [(len(wanted & set(keys_of(item.title))), item) for item in TENTS]
    return [item for count, item in sorted(shared, key=lambda one: -one[0]) if count]


def ask(
    db: Database,
    intent: Intent,
    *filters: Filter,
    items: Sequence[Product] = TENTS,
    **parts: object,
) -> Exact | None:
    products.publish(db, items)
    query = Query("", "", intent, filters)
    return answer(db, replace(query, **parts), near)  # type: ignore[arg-type]


def said(found: Exact | None) -> str:
    assert found is not None
    return " ".join(found.sentences)


@on_both
def test_a_count_names_what_was_counted_and_cites_it(db: Database) -> None:
    found = ask(db, Intent.COUNT, KIND, under(200))
    assert said(found) == "We have 2 tents under $200: Alpha Tent [1] and Gamma Tent [2]."
    assert found is not None
    assert ([item.id for item in found.products], found.total) == (["alpha", "gamma"], 2)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ((KIND,), "We have 4 tents: "),
        ((KIND, Filter("lit", ("yes",), label="lit")), "We have 1 lit tent: Beta Tent [1]."),
        ((KIND, IN_STOCK, under(200)), "We have 1 tent under $200 in stock: Alpha Tent [1]."),
        ((Filter("department", ("camping",), label="in Camping"),), "We have 4 products in Camp"),
        ((KIND, Filter("colour", ("moss",), label="colour: moss")), "We have 1 tent in moss: "),
        ((), "We have 5 products in all."),
    ],
)
def test_counts_are_said_as_people_say_them(
    db: Database, filters: tuple[Filter, ...], words: str
) -> None:
    assert said(ask(db, Intent.COUNT, *filters)).startswith(words)


def test_a_count_of_none_offers_what_comes_closest(db: Database) -> None:
    found = ask(db, Intent.COUNT, KIND, under(50))
    assert said(found) == (
        "We have no tents under $50. The cheapest of our 4 tents is Gamma Tent [1]: $149.00."
    )
    assert found is not None
    assert found.near
    assert found.total == 0


def test_none_of_a_property_offers_those_without_it(db: Database) -> None:
    red = Filter("colour", ("red",), label="colour: red")
    words = said(ask(db, Intent.LIST, KIND, red))
    assert words.startswith("We have no tents in red. Nearest, without “colour: red”: ")
    assert "Alpha Tent, $199.00 [1]" in words


def test_a_list_is_in_the_order_of_the_price_that_was_asked_about(db: Database) -> None:
    assert said(ask(db, Intent.LIST, KIND, under(300))) == (
        "We have 3 tents under $300: Gamma Tent, $149.00 [1]; Alpha Tent, $199.00 [2]; "
        "Beta Tent, $289.00 [3]."
    )


@on_both
def test_the_cheapest_is_the_truth_and_the_next_in_stock_is_offered(db: Database) -> None:
    found = ask(db, Intent.EXTREME, KIND, order=Order("price"))
    assert said(found) == (
        "The cheapest tent is Gamma Tent [1], at $149.00. It is out of stock. "
        "The next one in stock is Alpha Tent [2], $199.00. "
        "Of 4 tents, the price is known for 3."
    )
    assert found is not None
    assert [item.id for item in found.products] == ["gamma", "alpha"]


def test_all_that_share_the_first_place_are_named(db: Database) -> None:
    twins = [tent("one", "10"), tent("two", "10"), tent("three", "11")]
    found = ask(db, Intent.EXTREME, KIND, items=twins, order=Order("price"))
    assert said(found) == "The cheapest tents are One Tent [1] and Two Tent [2], at $10.00 each."


def test_units_and_currencies_are_never_compared(db: Database) -> None:
    mixed = [*TENTS, replace(tent("eta", "99"), currency="EUR")]
    words = said(ask(db, Intent.EXTREME, KIND, items=mixed, order=Order("price")))
    assert "The cheapest tent is Gamma Tent [1], at $149.00." in words
    assert "Among those in EUR, it is Eta Tent [3]: €99.00." in words
    assert "Different currencies are not compared with each other." in words


def test_what_no_product_tells_is_not_computed(db: Database) -> None:
    assert ask(db, Intent.EXTREME, KIND, order=Order("height")) is None
    assert ask(db, Intent.FIND, text="Alpha tent", fields=("height",)) is None
    assert ask(db, Intent.FIND, text="Alpha tent") is None
    assert ask(db, Intent.TALK, text="hello") is None


def test_a_fact_of_a_named_product_is_told(db: Database) -> None:
    for field, words in {
        "price": "Beta Tent [1] costs $289.00.",
        "stock": "Beta Tent [1] is in stock: 5 left.",
        "weight": "Beta Tent [1] weighs 5.1 kg.",
        "lit": "Beta Tent [1] is lit.",
        "colour": "Beta Tent [1] has the colour Sand.",
    }.items():
        assert said(ask(db, Intent.FIND, text="the Beta tent?", fields=(field,))) == words
    gone = ask(db, Intent.FIND, text="Gamma tent", fields=("stock",))
    assert said(gone) == "Gamma Tent [1] is out of stock."


def test_no_fact_is_told_of_what_is_only_alike(db: Database) -> None:
    assert ask(db, Intent.FIND, text="Omega tent", fields=("price",)) is None
    assert ask(db, Intent.FIND, text="tent", fields=("price",)) is None


def test_a_comparison_is_a_table_and_its_main_differences(db: Database) -> None:
    found = ask(db, Intent.COMPARE, subjects=("Alpha tent", "Beta"), fields=("weight",))
    assert said(found) == (
        "Weight: 2.9 kg [1] and 5.1 kg [2]. Alpha Tent [1] costs $199.00 and "
        "Beta Tent [2] costs $289.00, a difference of $90.00."
    )
    assert found is not None
    assert found.comparison is not None
    assert found.comparison.numbers == (1, 2)
    assert dict(found.comparison.rows) == {
        "price": ("$199.00", "$289.00"),
        "stock": ("5 in stock", "5 in stock"),
        "product type": ("tent", "tent"),
        "weight": ("2.9 kg", "5.1 kg"),
        "colour": ("Moss", "Sand"),
        "lit": ("", "yes"),
    }


def test_what_cannot_be_compared_is_said_and_the_nearest_is_offered(db: Database) -> None:
    found = ask(db, Intent.COMPARE, subjects=("Alpha", "Omega tent"))
    assert "We found no “Omega tent” to compare. The nearest we have is Beta Tent [2]." in said(
        found
    )
    assert found is not None
    assert found.near
    assert ask(db, Intent.COMPARE, subjects=("Omega", "Psi")) is None


def test_a_kind_with_few_products_is_compared_as_a_whole(db: Database) -> None:
    found = ask(db, Intent.COMPARE, KIND, text="compare the tents")
    assert found is not None
    assert found.comparison is not None
    assert found.comparison.numbers == (1, 2, 3, 4)


def test_words_that_are_no_condition_have_to_stand_in_the_product(db: Database) -> None:
    found = ask(db, Intent.COUNT, KIND, text="How many sand tents are there?")
    assert said(found) == "We have 1 tent with “sand” in the title or details: Beta Tent [1]."
    assert ask(db, Intent.COUNT, KIND, text="inflatable tents") is None


def test_a_title_cannot_pass_for_a_citation(db: Database) -> None:
    words = said(ask(db, Intent.LIST, under(21)))
    assert words == "We have 1 product under $21: Gamma (2) Lamp, $20.00 [1]."


def test_where_nothing_is_known_but_titles_the_words_of_a_thing_decide(db: Database) -> None:
    bare = [
        Product("t1", "Halden 4 Tent", price=Decimal("289"), currency="USD", stock=2),
        Product("t2", "Solo Ridge tent, 1 person", price=Decimal("245"), currency="USD", stock=0),
        Product("m1", "Tent & Trail Mug", price=Decimal("9"), currency="USD", stock=5),
    ]
    assert said(ask(db, Intent.COUNT, items=bare, text="how many tents do you have?")) == (
        "We have 2 products with “tent” in the title or details: "
        "Halden 4 Tent [1] and Solo Ridge tent, 1 person [2]."
    )
    cheapest = ask(db, Intent.EXTREME, items=bare, text="tent", order=Order("price"))
    assert said(cheapest).startswith(
        "The cheapest product with “tent” in the title or details is "
        "Solo Ridge tent, 1 person [1], at $245.00. It is out of stock."
    )
    assert said(ask(db, Intent.LIST, IN_STOCK, items=bare, text="all tents")) == (
        "We have 1 product in stock with “tent” in the title or details: "
        "Halden 4 Tent, $289.00 [1]."
    )
    named = said(ask(db, Intent.COUNT, items=bare, text="how many Tent & Trail mugs"))
    assert named.endswith("Tent & Trail Mug [1].")


FOUR = Filter("sleeps", low=4, high=4, label="sleeps: 4")
BIG = Filter("capacity", low=2, label="capacity: from 2 l")


@pytest.mark.parametrize(
    ("conditions", "many", "one"),
    [
        ([FOUR], "tents that sleep 4", "tent that sleeps 4"),
        ([BIG], "tents with a capacity of at least 2 l", "tent with a capacity of at least 2 l"),
        ([Filter("pieces", low=5, label="pieces: 5")], "tents with 5 pieces", "tent with 5 pieces"),
        ([Filter("spf", low=50, label="spf: 50")], "tents with SPF 50", "tent with SPF 50"),
        (
            [Filter("weight_kg", high=3, label="weight kg: under 3 kg")],
            "tents with a weight under 3 kg",
            "tent with a weight under 3 kg",
        ),
        (
            [Filter("colour", ("red", "blue"), label="colour: red or blue")],
            "tents in red or blue",
            "tent in red or blue",
        ),
        ([Filter("brand", ("a",), label="brand: Acme")], "tents by Acme", "tent by Acme"),
        (
            [Filter("brand", ("a",), negated=True, label="not Acme")],
            "tents that are not by Acme",
            "tent that is not by Acme",
        ),
        ([Filter("waterproof", ("yes",), label="waterproof")], "waterproof tents", None),
        (
            [Filter("waterproof", ("yes",), negated=True, label="not waterproof")],
            "tents that are not waterproof",
            "tent that is not waterproof",
        ),
        (
            [Filter("temperature_control", ("yes",), label="temperature control")],
            "tents with temperature control",
            None,
        ),
        (
            [Filter("fire_protection", ("yes",), negated=True, label="not fire protection")],
            "tents without fire protection",
            None,
        ),
        ([Filter("material", ("wool",), label="material: wool")], "tents made of wool", None),
        ([Filter("fit", ("slim",), label="fit: slim")], "tents with fit “slim”", None),
        ([Filter("audience", ("women",), label="for women")], "tents for women", None),
        ([Filter("price", low=54, high=66, label="around $60")], "tents for around $60", None),
        (
            [IN_STOCK, under(300), FOUR, BIG, Filter("colour", ("red",), label="colour: red")],
            "tents with a capacity of at least 2 l in red under $300 in stock that sleep 4",
            "tent with a capacity of at least 2 l in red under $300 in stock that sleeps 4",
        ),
        (
            [FOUR, Filter("stock", high=0, label="sold out")],
            "tents that sleep 4 and are sold out",
            "tent that sleeps 4 and is sold out",
        ),
    ],
)
def test_conditions_are_said_as_people_say_them(
    conditions: list[Filter], many: str, one: str | None
) -> None:
    assert things([*conditions, KIND], 2) == many
    assert things([KIND, *conditions], 1) == (one or many.replace("tents", "tent"))


def test_things_that_are_named_in_the_plural_keep_it_when_there_is_one() -> None:
    pair = Filter("product_type", ("headphones",), label="headphones")
    sold_out = Filter("stock", high=0, label="sold out")
    assert things([pair, sold_out], 1) == "headphones that are sold out"


def test_the_first_and_the_nearest_are_said_as_people_say_them(db: Database) -> None:
    sleeping = [
        tent(name, "100", sleeps=Value(number)) for name, number in (("a", 2.0), ("b", 4.0))
    ]
    assert said(ask(db, Intent.EXTREME, KIND, items=sleeping, order=Order("sleeps", True))) == (
        "Of our tents, B Tent [1] sleeps the most: 4."
    )
    none = Filter("sleeps", low=6.0, label="sleeps: from 6")
    assert said(ask(db, Intent.COUNT, KIND, none)) == (
        "We have no tents that sleep at least 6. "
        "The nearest of our 6 tents is B Tent [1]: it sleeps 4."
    )
    lamps = [replace(tent("c", "9"), values={"battery": Value(9.0, unit="h")})]
    assert said(ask(db, Intent.EXTREME, items=lamps, order=Order("battery", True))).startswith(
        "The longest battery of our products is 9 h: C Tent [1]."
    )
