from __future__ import annotations

import random
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from core import fact_search, products
from core.db import Database
from core.errors import DatabaseAway
from core.facts import IN_STOCK, Filter, Order
from core.products import Product
from core.values import Value
from rag import conversations, documents, vectors
from rag.exchange import Kind
from rag.feed import OVERLAP_S
from rag.live_mirror import BLIND_S, LiveMirror
from rag.things import product_thing
from tests.conftest import on_both
from tests.rag.asking import worded
from tests.rag.fake_embedder import FakeEmbedder
from tests.random_shop import random_filter, random_product

TENT = Product(
    "t", "Green tent", "Sleeps four.", Decimal(100), "USD", 3, values={"colour": Value("Green")}
)
MAT = Product("m", "Mat", "For a tent.", Decimal(20), "USD", 0)
GREEN = Filter("colour", texts=("green",))
NOW = 1000.0


@pytest.fixture
def mirror(db: Database) -> LiveMirror:
    products.publish(db, [TENT, MAT])
    found = LiveMirror(db)
    found.refresh(now=NOW)
    return found


def admitted(mirror: LiveMirror, *filters: Filter) -> set[str]:
    held = mirror.held(Kind.PRODUCT)
    return {held.id(int(row)) for row in np.flatnonzero(mirror.admitted(filters))}


def test_facts_are_there_after_the_first_look(mirror: LiveMirror) -> None:
    assert admitted(mirror, GREEN) == {"product:t"}
    assert admitted(mirror, replace(GREEN, negated=True)) == {"product:m"}
    assert mirror.fields()["colour"].shown == {"green": "Green"}
    assert mirror.fields()["price"].high == 100


@on_both
def test_changes_are_seen_at_once(db: Database) -> None:
    products.publish(db, [TENT, MAT])
    mirror = LiveMirror(db)
    mirror.refresh(now=NOW)
    blue = replace(TENT, title="Blue zeppelin", values={"colour": Value("blue")})
    version = mirror.version
    products.publish(db, [blue, Product("n", "New zeppelin")])
    products.withdraw(db, ["m"])
    mirror.refresh(now=NOW)
    assert worded(mirror, "zeppelin") == {"product:t", "product:n"}
    assert (worded(mirror, "mat"), admitted(mirror, GREEN)) == (set(), set())
    assert admitted(mirror) == {"product:t", "product:n"}
    assert mirror.version > version


@on_both
def test_who_sees_that_nothing_was_published_reads_no_table_again(db: Database) -> None:
    products.publish(db, [TENT, MAT])
    mirror = LiveMirror(db)
    for later_s in (0.0, 0.1, OVERLAP_S + 1, OVERLAP_S + 1.1):
        mirror.refresh(now=NOW + later_s)
    read = reads(db)
    conversations.create(db, "somebody")
    mirror.refresh(now=NOW + OVERLAP_S + 2)
    assert read == []
    products.publish(db, [replace(TENT, price=Decimal(1))])
    mirror.refresh(now=NOW + OVERLAP_S + 2)
    assert read
    assert mirror.fields()["price"].low == 1


@on_both
def test_what_is_committed_later_than_what_was_stamped_later_is_seen_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    products.publish(db, [TENT, MAT])
    mirror = LiveMirror(db)
    mirror.refresh(now=NOW)
    early = time.time()
    products.publish(db, [replace(MAT, title="Blue zeppelin")])
    mirror.refresh(now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr("core.products.time.time", lambda: early)
        products.publish(db, [replace(TENT, title="Green zeppelin")])
    mirror.refresh(now=NOW)
    assert worded(mirror, "zeppelin") == {"product:t", "product:m"}


def test_what_could_not_be_read_is_read_at_the_next_look(
    mirror: LiveMirror, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> dict[str, Product]:
        raise DatabaseAway("away", reason="stopped")

    products.publish(db, [replace(TENT, title="Zeppelin")])
    with monkeypatch.context() as patch:
        patch.setattr(products, "get", away)
        for later_s in (1, OVERLAP_S + 2):
            with pytest.raises(DatabaseAway):
                mirror.refresh(now=NOW + later_s)
    mirror.refresh(now=NOW + OVERLAP_S + 3)
    assert worded(mirror, "zeppelin") == {"product:t"}


def reads(db: Database) -> list[str]:
    """The statements that are run by way of the pool from now on, as they come."""
    seen: list[str] = []
    sa.event.listen(
        db.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *_: (
            seen.append(statement) if statement.startswith("SELECT") else None
        ),
    )
    return seen


def test_product_withdrawn_and_published_again_is_seen_both_times(
    mirror: LiveMirror, db: Database
) -> None:
    products.withdraw(db, ["t"])
    mirror.refresh(now=NOW + 1)
    products.publish(db, [TENT])
    mirror.refresh(now=NOW + 2)
    assert admitted(mirror, GREEN) == {"product:t"}


def test_product_that_left_and_was_forgotten_unseen_is_dropped(
    mirror: LiveMirror, db: Database
) -> None:
    products.withdraw(db, ["m"])
    products.mark_indexed(db, products.pending(db))
    assert products.forget_deleted(db, now=time.time() + products.REMEMBERED_S + 1) == 1
    mirror.refresh(now=NOW + 1)
    mirror.refresh(now=NOW + 2 + BLIND_S)
    assert admitted(mirror) == {"product:t"}


def test_great_import_is_taken_in_by_parts(
    mirror: LiveMirror, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.live_mirror.REFRESH_ROWS", 3)
    products.publish(db, [Product(f"z{n}", f"Zeppelin {n}") for n in range(8)])
    counts = []
    for second in range(1, 6):
        mirror.refresh(now=NOW + second)
        counts.append(len(worded(mirror, "zeppelin")))
    assert counts[0] < 8
    assert counts == sorted(counts)
    assert counts[-1] == 8


def test_vectors_are_taken_in_when_they_come(mirror: LiveMirror, db: Database) -> None:
    held = mirror.held(Kind.PRODUCT)
    assert held.vectors.count() == 0
    embedder = FakeEmbedder()
    vectors.embed(db, embedder, [product_thing(TENT).embedded])
    mirror.refresh(now=NOW + 1)
    asked = embedder.embed_query(product_thing(TENT).embedded)
    [(row, similarity)] = held.vectors.nearest(asked, 5)
    assert (held.id(row), round(similarity, 2)) == ("product:t", 1.0)


def test_vector_of_another_text_is_not_kept(mirror: LiveMirror, db: Database) -> None:
    vectors.embed(db, FakeEmbedder(), [product_thing(TENT).embedded])
    mirror.refresh(now=NOW + 1)
    products.publish(db, [replace(TENT, price=Decimal(1))])
    mirror.refresh(now=NOW + 2)
    assert mirror.held(Kind.PRODUCT).vectors.count() == 1
    products.publish(db, [replace(TENT, title="Zeppelin")])
    mirror.refresh(now=NOW + 3)
    assert mirror.held(Kind.PRODUCT).vectors.count() == 0


def test_what_conditions_let_through_is_listed_in_stock_first_or_in_an_order(
    mirror: LiveMirror,
) -> None:
    assert mirror.listed([], None, 5) == ["product:t", "product:m"]
    assert mirror.listed([], Order("price"), 5) == ["product:m", "product:t"]
    assert mirror.listed([], Order("price", descending=True), 1) == ["product:t"]
    assert mirror.listed([IN_STOCK], Order("price"), 5) == ["product:t"]


def test_documents_follow_too(mirror: LiveMirror, db: Database, tmp_path: Path) -> None:
    path = tmp_path / "returns.md"
    path.write_text("# Returns\n\n## Refunds\n\nBy card.\n")
    documents.publish_documents(db, path)
    mirror.refresh(now=NOW + 1)
    assert worded(mirror, "refund", Kind.POLICY) == {"policy:returns#1"}
    documents.withdraw(db, "returns", documents.versions(db)["returns"])
    mirror.refresh(now=NOW + 2)
    assert worded(mirror, "refund", Kind.POLICY) == set()


def test_who_finds_another_looking_searches_on_meanwhile(
    mirror: LiveMirror, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = products.get

    def looked_at_again(*given: Any) -> dict[str, Product]:
        # Within a look: a second one would wait for ever, or look as well.
        mirror.refresh(now=NOW + 50)
        return read(*given)

    monkeypatch.setattr(products, "get", looked_at_again)
    products.publish(db, [replace(TENT, title="Zeppelin")])
    mirror.refresh(now=NOW + 1)
    assert worded(mirror, "zeppelin") == {"product:t"}


def test_the_mirror_and_the_database_admit_the_same_products(db: Database) -> None:
    dice = random.Random(8)
    products.publish(db, [random_product(dice, number) for number in range(120)])
    products.withdraw(db, [f"P{number:03}" for number in range(110, 120)])
    mirror = LiveMirror(db)
    mirror.refresh(now=NOW)
    for _ in range(150):
        filters = [random_filter(dice) for _ in range(dice.choice((0, 1, 2, 3)))]
        exactly = {f"product:{id}" for id in fact_search.ids(db, filters)}
        assert admitted(mirror, *filters) == exactly, filters
