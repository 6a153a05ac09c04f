"""What is counted and ranked in the database agrees with the filters taken at their word."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from core import fact_search, products
from core.db import Database
from core.facts import IN_STOCK, Fact, Filter, Order, facts_of
from core.products import Product
from tests.conftest import on_both
from tests.random_shop import random_filter, random_product


def fits(fact: Fact, wanted: Filter) -> bool:
    """What core.facts.Filter says, one fact at a time."""
    if fact.field != wanted.field or (wanted.texts and fact.text not in wanted.texts):
        return False
    if wanted.unit and fact.unit and wanted.unit != fact.unit:
        return False
    if wanted.low is None and wanted.high is None:
        return True
    if fact.number is None:
        return False
    low = wanted.low if wanted.low is not None else float("-inf")
    high = wanted.high if wanted.high is not None else float("inf")
    return low < fact.number < high if wanted.strict else low <= fact.number <= high


def admits(product: Product, filters: Sequence[Filter]) -> bool:
    return all(
        any(fits(fact, one) for fact in facts_of(product)) is not one.negated for one in filters
    )


@pytest.fixture
def shelves(db: Database) -> Iterator[tuple[Database, list[Product]]]:
    dice = random.Random(6)
    some = [random_product(dice, number) for number in range(120)]
    products.publish(db, some)
    # What was on sale once, or with other values, must not be counted.
    products.publish(db, [random_product(dice, number) for number in range(100, 130)])
    products.publish(db, some)
    products.withdraw(db, [f"P{number:03}" for number in range(110, 130)])
    yield db, some[:110]


@on_both
def test_the_database_and_the_filters_at_their_word_agree(
    shelves: tuple[Database, list[Product]],
) -> None:
    db, some = shelves
    dice = random.Random(7)
    matched = 0
    for _ in range(150):
        filters = [random_filter(dice) for _ in range(dice.choice((0, 1, 1, 2, 3)))]
        among = dice.choice((None, [item.id for item in dice.sample(some, 60)]))
        right = [
            item.id
            for item in some
            if admits(item, filters) and (among is None or item.id in among)
        ]
        assert fact_search.ids(db, filters, among=among) == right, filters
        assert fact_search.ids(db, filters, 3, among) == right[:3]
        assert fact_search.count(db, filters, among) == len(right)
        matched += 0 < len(right) < len(some)
    assert matched > 30


@on_both
def test_products_are_ranked_by_number_then_by_id_and_unknown_ones_have_no_rank(
    shelves: tuple[Database, list[Product]],
) -> None:
    db, some = shelves
    filters = [Filter("colour", ("navy",), negated=True), IN_STOCK]
    for descending in (False, True):
        sign = -1 if descending else 1
        right = sorted(
            (sign * float(item.price), item.id)
            for item in some
            if item.price is not None and item.currency == "USD" and admits(item, filters)
        )
        found = fact_search.first(db, filters, Order("price", descending), 500, unit="USD")
        assert [(sign * one.number, one.id) for one in found] == right
        assert len(found) > 5
    few = [item.id for item in some[:40]]
    assert {one.id for one in fact_search.first(db, (), Order("weight"), 500, few)} == {
        item.id for item in some[:40] if "weight" in item.values
    }


@on_both
def test_units_and_texts_are_counted(shelves: tuple[Database, list[Product]]) -> None:
    db, some = shelves
    weights = [item.values["weight"].unit for item in some if "weight" in item.values]
    assert fact_search.units(db, "weight") == {unit: weights.count(unit) for unit in ("kg", "lb")}
    texts = dict(fact_search.values(db, "department", [IN_STOCK]))
    right = [item.department for item in some if admits(item, [IN_STOCK]) and item.department]
    assert texts == {name: right.count(name) for name in set(right)}
    colours = [item.values["colour"].text().lower() for item in some if "colour" in item.values]
    assert colours.count("navy") in dict(fact_search.values(db, "colour")).values()


@on_both
def test_any_number_of_ids_may_be_asked_about(db: Database) -> None:
    products.publish(db, [Product("a", "A", stock=1), Product("b", "B", stock=0)])
    many = ["a", "b", *(f"none {number}" for number in range(70_000))]
    assert fact_search.ids(db, [IN_STOCK], among=many) == ["a"]


def test_without_products_everything_is_none(db: Database) -> None:
    assert fact_search.count(db) == 0
    assert fact_search.first(db, (), Order("price"), 1) == []
    assert fact_search.count(db, [IN_STOCK], []) == 0
