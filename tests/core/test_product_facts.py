from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa

from core import fact_search, products
from core.db import Database
from core.engines import open_engine
from core.facts import IN_STOCK, Filter, facts_of
from core.migrations import upgrade
from core.products import Product
from core.settings import Settings
from core.shop_tables import facts
from core.values import Value
from tests.conftest import on_both
from tests.postgres import Postgres

TENT = Product(
    "t1",
    "Tent",
    price=Decimal("289"),
    currency="USD",
    stock=4,
    department="Outdoor & Camping",
    values={
        "weight": Value(2.9, unit="kg"),
        "tags": Value(["Dome tent", "family", "family"]),
        "summary": Value("x" * 200),
        "note": Value("nul\x00 and half\ud800 a pair"),
    },
)


def stored(db: Database, id: str) -> list[tuple[object, ...]]:
    columns = (facts.c.field, facts.c.text, facts.c.shown, facts.c.number, facts.c.unit)
    with db.read() as connection:
        rows = connection.execute(
            sa.select(*columns)
            .where(facts.c.product_id == id)
            .order_by(facts.c.field, facts.c.position)
        )
        return [tuple(row) for row in rows]


@on_both
def test_facts_are_stored_with_their_product(db: Database) -> None:
    products.publish(db, [TENT])
    assert stored(db, "t1") == [
        ("department", "outdoor & camping", "Outdoor & Camping", None, ""),
        ("note", "nul and half a pair", "nul and half a pair", None, ""),
        ("price", "", "", 289.0, "USD"),
        ("stock", "", "", 4.0, ""),
        ("tags", "dome tent", "Dome tent", None, ""),
        ("tags", "family", "family", None, ""),
        ("weight", "", "", 2.9, "kg"),
    ]


@on_both
def test_publishing_again_leaves_no_fact_of_before(db: Database) -> None:
    products.publish(db, [TENT, replace(TENT, id="t2")])
    changed = replace(TENT, price=None, stock=0, values={"colour": Value("Moss")})
    products.publish(db, [changed])
    assert [(row[0], row[3]) for row in stored(db, "t1")] == [
        ("colour", None),
        ("department", None),
        ("stock", 0.0),
    ]
    assert len(stored(db, "t2")) == len(set(facts_of(TENT)))


@on_both
def test_what_is_withdrawn_has_no_facts_and_gets_them_back(db: Database) -> None:
    products.publish(db, [TENT])
    products.withdraw(db, ["t1"])
    assert stored(db, "t1") == []
    products.publish(db, [TENT])
    assert fact_search.count(db, [IN_STOCK]) == 1
    products.withdraw(db, ["t1"])
    products.mark_indexed(db, products.pending(db))
    assert (fact_search.count(db), stored(db, "t1")) == (0, [])


def old_shop(url: str, count: int) -> Database:
    """A shop from before there were facts."""
    engine = open_engine(url)
    upgrade(engine, "0004")
    product = {
        "title": "Tent",
        "description": "",
        "price": 289.0,
        "currency": "USD",
        "stock": 4,
        "department": "Camping",
        "source": "sample",
        "version": 1,
        "indexed_version": 1,
        "updated_at": 1.0,
        "values": json.dumps({"colour": Value("Moss").to_json()}),
    }
    names = ", ".join(f'"{name}"' for name in product)
    insert = sa.text(
        f"INSERT INTO products (id, deleted, {names}) "
        f"VALUES (:id, :deleted, {', '.join(f':{name}' for name in product)})"
    )
    db = Database(engine)
    with db.write() as connection:
        for number in range(count):
            connection.execute(insert, product | {"id": f"{number:04}", "deleted": number == 0})
    upgrade(engine)
    return db


def check_old_shop(db: Database) -> None:
    assert fact_search.count(db, [IN_STOCK, Filter("colour", ("moss",))]) == 1200
    assert fact_search.count(db, [Filter("price", high=289.0, unit="USD")]) == 1200
    assert products.count_pending(db) == 1201
    assert stored(db, "0000") == []
    db.close()


def test_an_old_shop_has_its_facts_at_once(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    check_old_shop(old_shop(settings.database_url, 1201))


def test_an_old_shop_on_postgres_has_its_facts_at_once(postgres: Postgres) -> None:
    check_old_shop(old_shop(postgres.new_database(), 1201))
