from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core import products
from core.db import Database
from core.facts import Filter
from core.products import Product
from rag.preview import preview
from rag.query import Query
from rag.retriever import Retriever
from tests.rag.fake_embedder import FakeEmbedder

TENT = Product("t", "Green tent", price=Decimal(100))
MAT = Product("m", "Mat", price=Decimal(20))
KETTLE = Product("k", "Kettle", price=Decimal(30))
CHEAP = Filter("price", high=50)


@pytest.fixture
def changed(db: Database) -> Retriever:
    """The tent would get cheap, the mat would leave, a kettle would come."""
    products.publish(db, [TENT, MAT])
    changes = {"t": replace(TENT, price=Decimal(10)), "m": None, "k": KETTLE}
    embedder = FakeEmbedder()
    return Retriever(preview(db, embedder, changes), None, embedder)


def test_shop_is_searched_as_it_would_be(changed: Retriever, db: Database) -> None:
    found = changed.search(Query("", "", filters=(CHEAP,)))
    shown = {passage.id: passage.product for passage in found.passages}
    assert shown.keys() == {"product:t", "product:k"}
    assert shown["product:t"] is not None
    assert shown["product:t"].price == 10
    assert [passage.id for passage in changed.rank("kettle", 1).passages] == ["product:k"]
    assert changed.mirror.fields()["price"].high == 30
    assert products.get(db, ["t"])["t"].price == 100


def test_progress_is_told_and_nothing_is_embedded_twice(db: Database) -> None:
    products.publish(db, [TENT])
    embedder, told = FakeEmbedder(), []
    changes = {str(n): Product(str(n), f"Tent {n}") for n in range(40)}
    for _ in range(2):
        preview(db, embedder, changes, lambda done, total: told.append((done, total)))
    assert told == [(0, 40), (32, 40), (40, 40)] * 2
    assert len(embedder.asked) == 40
