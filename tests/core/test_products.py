from __future__ import annotations

from decimal import Decimal

from core import products
from core.db import Database
from core.products import Product
from core.values import Origin, Value

BOTTLE = Product(
    id="P1",
    title="Bottle",
    price=Decimal("19.90"),
    currency="EUR",
    stock=3,
    values={"brand": Value("Acme", Origin.STATED, "title", 0, 4)},
)


def test_a_product_comes_back_as_it_was_published(db: Database) -> None:
    assert products.publish(db, [BOTTLE]) == 1
    stored = products.get(db, ["P1", "P2"])["P1"]
    assert (stored.price, stored.stock, stored.values) == (
        Decimal("19.9"),
        3,
        {"brand": Value("Acme", Origin.STATED, "title", 0, 4)},
    )
    assert products.count(db) == 1


def test_every_change_is_pending_until_it_is_indexed(db: Database) -> None:
    products.publish(db, [BOTTLE])
    (pending,) = products.pending(db)
    products.mark_indexed(db, [pending])
    assert products.pending(db) == []
    products.publish(db, [BOTTLE])
    assert [product.version for product in products.pending(db)] == [2]


def test_a_change_during_indexing_stays_pending(db: Database) -> None:
    products.publish(db, [BOTTLE])
    taken = products.pending(db)
    products.publish(db, [BOTTLE])
    products.mark_indexed(db, taken)
    assert [product.version for product in products.pending(db)] == [2]


def test_a_withdrawn_product_is_gone_for_shoppers_and_pending_for_the_index(db: Database) -> None:
    products.publish(db, [BOTTLE])
    products.mark_indexed(db, products.pending(db))
    assert products.withdraw(db, ["P1"]) == 1
    assert products.get(db, ["P1"]) == {}
    (gone,) = products.pending(db)
    assert gone.deleted
    products.mark_indexed(db, [gone])
    assert products.count_pending(db) == 0


def test_publishing_a_withdrawn_product_puts_it_back(db: Database) -> None:
    products.publish(db, [BOTTLE])
    products.withdraw(db, ["P1"])
    products.publish(db, [BOTTLE])
    assert list(products.get(db, ["P1"])) == ["P1"]


def test_the_last_of_two_rows_with_one_id_wins(db: Database) -> None:
    products.publish(db, [BOTTLE, Product(id="P1", title="Other")])
    assert products.get(db, ["P1"])["P1"].title == "Other"


def test_every_product_is_read_page_by_page(db: Database) -> None:
    products.publish(db, (Product(id=f"P{n:04}", title="x") for n in range(1201)))
    assert [product.id for product in products.iterate(db)] == [f"P{n:04}" for n in range(1201)]


def test_losing_the_indexes_makes_everything_pending(db: Database) -> None:
    products.publish(db, [BOTTLE])
    products.mark_indexed(db, products.pending(db))
    products.reindex_all(db)
    assert products.count_pending(db) == 1
