from __future__ import annotations

import pytest

from batch import demonstration_list, demonstrations
from batch.demonstration_list import Choice, Count
from batch.demonstrations import Product, is_held_back
from core.db import Database
from core.errors import NotFoundError
from core.review_tables import demonstrations as table
from core.settings import Settings
from tests.batch.conftest import new_job
from tests.conftest import on_both


def products(held_back: bool, count: int, product_type: str = "Tea") -> list[Product]:
    """So many products that are held back, or that are not."""
    made = (Product(f"Tea no {at}", product_type, {"brand": f"Brand {at}"}) for at in range(10_000))
    found = (one for one in made if is_held_back(one.key) is held_back)
    return [one for one, _ in zip(found, range(count), strict=False)]


def add(db: Database, *given: Product) -> None:
    with db.write() as connection:
        demonstrations.add(connection, given)


def versions(db: Database) -> list[int]:
    with db.read() as connection:
        return [row["version"] for row in connection.execute(table.select()).mappings()]


@on_both
def test_they_are_found_by_words_type_and_use(db: Database) -> None:
    shown, held_back = products(False, 3), products(True, 2)
    add(db, *shown, *held_back, Product("Wall paint 100%", "Paint", {"brand": "Farbwerk"}))
    found = demonstration_list.listing(db, Choice(search="FARB wall"))
    assert [one.text for one in found] == ["Wall paint 100%"]
    assert demonstration_list.listing(db, Choice(search="% paint"))
    assert not demonstration_list.listing(db, Choice(search="_aint"))
    assert demonstration_list.count(db, Choice(product_type="Tea")) == 5
    assert demonstration_list.count(db, Choice(product_type="Tea", held_back=True)) == 2
    first = demonstration_list.listing(db, Choice(product_type="Tea"), limit=2)
    rest = demonstration_list.listing(db, Choice(product_type="Tea"), first=2)
    assert len({one.id for one in [*first, *rest]}) == 5


@on_both
def test_they_are_counted_by_product_type(db: Database) -> None:
    add(db, *products(False, 3), *products(True, 2))
    off = demonstration_list.listing(db, Choice(held_back=False))[0]
    demonstrations.switch(db, [off.id], enabled=False)
    assert demonstration_list.counts(db) == [Count("Tea", shown=2, held_back=2, off=1)]


@on_both
def test_every_change_raises_the_version(db: Database) -> None:
    add(db, products(False, 1)[0])
    (one,) = demonstration_list.listing(db)
    demonstrations.switch(db, [one.id], enabled=False)
    assert not demonstration_list.get(db, one.id).enabled
    demonstrations.switch(db, [one.id], enabled=True)
    assert versions(db) == [3]
    demonstrations.remove(db, [one.id])
    assert versions(db) == [4]
    assert demonstration_list.listing(db) == []
    with pytest.raises(NotFoundError):
        demonstrations.remove(db, [one.id])
    with pytest.raises(NotFoundError):
        demonstration_list.get(db, one.id)


def test_it_names_the_job_that_it_comes_from_while_that_is_there(
    settings: Settings, db: Database
) -> None:
    job = new_job(settings, db, 1)
    add(db, Product("Tea", "Tea", {}, {}, job.id, 1), Product("Tee", "Tea", {}, {}, "gone", 1))
    assert {one.job_name for one in demonstration_list.listing(db)} == {"Bottles", None}
