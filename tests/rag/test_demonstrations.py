from __future__ import annotations

import logging
from contextlib import closing

import pytest
import sqlalchemy as sa

from batch import demonstrations
from batch.demonstrations import Product, text_key
from core.db import Database
from core.nearest import Demonstration, nearest_among, open_nearest
from core.ports import SearchServer
from core.review_tables import demonstrations as table
from core.settings import Settings, load_settings
from rag.demonstrations import Search
from rag.embedding import Embedder
from rag.shelf import Shelf
from tests.conftest import on_both
from tests.rag.conftest import TOKEN, ChromaServer

TEXTS = [
    "Acme dark roast coffee beans, 12 oz",
    "Bolt decaf espresso pods, 24 count",
    "Cask light roast ground coffee, 2 lb",
    "Dune cold brew concentrate, 32 fl oz",
]


def products(*texts: str, kind: str = "Coffee") -> list[Product]:
    return [Product(text, kind, {"brand": text.split()[0]}) for text in texts]


@pytest.fixture
def taught(db: Database, chroma: ChromaServer, embedder: Embedder) -> Database:
    """Four coffees and a tent that can be shown, and nothing of other tests in Chroma."""
    with closing(Shelf(chroma.server, embedder)) as shelf:
        shelf.empty()
    with db.write() as connection:
        demonstrations.add(connection, products(*TEXTS))
        demonstrations.add(connection, products("Elm two-person tent", kind="Tents"))
        connection.execute(table.update().values(held_back=False))
    return db


@pytest.fixture
def search(taught: Database, chroma: ChromaServer, embedder: Embedder) -> Search:
    return Search(taught, lambda: chroma.server, embedder)


def names(found: list[list[Demonstration]]) -> list[list[str]]:
    return [[one.text.split()[0] for one in each] for each in found]


@on_both
def test_the_most_alike_of_the_product_type_are_found(search: Search) -> None:
    asked = ["Fox dark roast beans", "Gale espresso capsules, decaf"]
    found = search(asked, "coffee", 2)
    assert [each[0] for each in names(found)] == ["Acme", "Bolt"]
    assert [len(each) for each in found] == [2, 2]
    assert found[0][0].answer == {"brand": "Acme"}
    assert names(search(["Fox dark roast beans"], "Tents", 2)) == [["Elm"]]
    assert search(["Fox"], "Shoes", 2) == [[]]


def test_one_that_is_switched_off_held_back_or_deleted_is_not_found(
    search: Search, taught: Database
) -> None:
    assert names(search(["dark roast coffee"], "Coffee", 4))[0][0] == "Acme"
    with taught.write() as connection:
        ids = {
            row["text"].split()[0]: row["id"]
            for row in connection.execute(table.select()).mappings()
        }
        demonstrations.change(connection, ids["Bolt"], {"held_back": True})
    demonstrations.switch(taught, [ids["Acme"]], enabled=False)
    demonstrations.remove(taught, [ids["Cask"]])
    assert names(search(["dark roast coffee"], "Coffee", 4)) == [["Dune"]]
    demonstrations.switch(taught, [ids["Acme"]], enabled=True)
    assert names(search(["dark roast coffee"], "Coffee", 1)) == [["Acme"]]


def test_while_chroma_is_away_the_same_ones_are_found(
    taught: Database, search: Search, embedder: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    there = search(["Fox dark roast beans", "cold drink"], "Coffee", 3)
    away = Search(taught, lambda: SearchServer("http://127.0.0.1:9"), embedder)
    assert away(["Fox dark roast beans", "cold drink"], "Coffee", 3) == there
    assert "searched in memory" in caplog.text


def test_a_home_whose_search_index_was_never_started_is_searched_in_memory(
    taught: Database, settings: Settings
) -> None:
    assert names(open_nearest(settings, taught)(["Fox dark roast beans"], "Coffee", 1)) == [
        ["Acme"]
    ]


def test_an_index_that_was_lost_is_filled_again_from_the_tables(
    search: Search, chroma: ChromaServer, embedder: Embedder, taught: Database
) -> None:
    first = search(["cold drink"], "Coffee", 4)
    with closing(Shelf(chroma.server, embedder)) as shelf:
        shelf.empty()
        assert search(["cold drink"], "Coffee", 4) == first
    with closing(Shelf(chroma.server, embedder)) as shelf:
        assert shelf.count() == 5


def test_what_the_index_has_heard_of_is_not_brought_again(search: Search, taught: Database) -> None:
    search(["cold drink"], "Coffee", 1)
    with taught.read() as connection:
        pending = connection.execute(
            sa.select(table.c.text).where(table.c.indexed_version < table.c.version)
        ).all()
    assert pending == []


def test_demonstrations_of_no_table_are_searched_the_same_way() -> None:
    found = [Demonstration(text_key(text, "").hex(), "Coffee", text, {}) for text in TEXTS]
    assert names(nearest_among(found)(["Fox dark roast beans"], "COFFEE", 2))[0][0] == "Acme"
    assert nearest_among(found)([], "Coffee", 2) == []


def test_settings_name_the_index(
    taught: Database, chroma: ChromaServer, settings: Settings
) -> None:
    named = load_settings(
        home=settings.home, chroma=chroma.url, chroma_token=TOKEN, sample_shop=False
    )
    assert names(open_nearest(named, taught)(["Fox dark roast beans"], "Coffee", 1)) == [["Acme"]]
