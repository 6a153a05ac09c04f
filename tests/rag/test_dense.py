from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial

import numpy as np
import pytest

from core import products
from core.db import Database
from core.errors import ServiceError
from core.ports import SearchServer
from core.products import Product
from rag import dense as module
from rag import vectors
from rag.dense import DenseSearch, Near
from rag.exchange import Kind
from rag.fact_column import Mask
from rag.index import Hit, Index
from rag.keeper import Keeper
from rag.mirror import Mirror
from rag.things import product_thing
from tests.rag.fake_embedder import FakeEmbedder

SHOP = [Product(f"p{number:02}", f"Product {number}") for number in range(40)]
EMBEDDER = FakeEmbedder()


class FakeIndex(Index):
    """Answers as Chroma would, with its whole content in one order; notes what it was asked."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(lambda: SearchServer(""), EMBEDDER)
        self.ids = list(ids)
        self.asked: list[int] = []
        self.fails = False
        self.hangs = threading.Event()
        self.hangs.set()

    def near(self, kind: Kind, vector: Sequence[float], k: int) -> list[Hit]:
        self.asked.append(k)
        self.hangs.wait()
        if self.fails:
            raise ServiceError("away")
        return [Hit(id, 0.5) for id in self.ids[:k]]

    def count(self, kind: Kind) -> int:
        if self.fails:
            raise ServiceError("away")
        return len(self.ids)


@pytest.fixture
def mirror(db: Database) -> Mirror:
    vectors.embed(db, EMBEDDER, [product_thing(item).embedded for item in SHOP])
    products.publish(db, SHOP)
    made = Mirror(partial(vectors.get, db), partial(products.get, db))
    made.fill(SHOP)
    return made


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeIndex]:
    monkeypatch.setattr(module, "FEW", 10)
    monkeypatch.setattr(module, "COMPARED_S", 60.0)
    made = FakeIndex([f"product:{item.id}" for item in SHOP])
    yield made
    made.hangs.set()


def found(dense: DenseSearch, mirror: Mirror, k: int, admitted: Mask | None = None) -> Near:
    return dense.begin(Kind.PRODUCT, asked(), k, admitted)()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def asked() -> list[float]:
    return EMBEDDER.embed_query(product_thing(SHOP[33]).embedded)


def rows(mirror: Mirror, *numbers: int) -> Mask:
    mask = np.zeros(64, bool)
    mask[mirror.held(Kind.PRODUCT).rows_of(f"product:p{number:02}" for number in numbers)] = True
    return mask


def test_many_are_left_to_chroma(mirror: Mirror, index: FakeIndex) -> None:
    near = found(DenseSearch(mirror, index), mirror, 3)
    assert near == [(0, 0.5), (1, 0.5), (2, 0.5)]
    assert index.asked == [module.DEEP]


def test_few_are_compared_here(mirror: Mirror, index: FakeIndex) -> None:
    admitted = rows(mirror, 1, 2, 33)
    near = found(DenseSearch(mirror, index), mirror, 2, admitted)
    assert near[0][0] == 33
    assert near[0][1] == pytest.approx(1, abs=1e-3)
    assert {row for row, _ in near} <= {1, 2, 33}
    assert index.asked == []


def test_broad_conditions_thin_out_what_chroma_finds(mirror: Mirror, index: FakeIndex) -> None:
    admitted = rows(mirror, *range(5, 40))
    near = found(DenseSearch(mirror, index), mirror, 3, admitted)
    assert [row for row, _ in near] == [5, 6, 7]
    assert index.asked == [module.DEEP]


def test_too_few_of_those_are_made_up_for_exactly(
    mirror: Mirror, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEEP", 6)
    admitted = rows(mirror, *range(5, 40))
    near = found(DenseSearch(mirror, index), mirror, 3, admitted)
    assert near[0][0] == 33
    assert len(near) == 3


def test_what_chroma_still_has_and_the_shop_no_more_is_left_out(
    mirror: Mirror, index: FakeIndex
) -> None:
    mirror.put([], ["p00"])
    index.ids.insert(0, "product:unheard of")
    near = [row for row, _ in found(DenseSearch(mirror, index), mirror, 39)]
    assert sorted(near) == list(range(1, 40))


def test_chroma_away_is_not_noticed_and_not_asked_at_once_again(
    mirror: Mirror, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 3600.0)
    dense = DenseSearch(mirror, index)
    index.fails = True
    for _ in range(2):
        assert found(dense, mirror, 3)[0][0] == 33
    assert (dense.away, index.asked) == (True, [module.DEEP])
    index.asked.clear()
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    index.fails = False
    # This one does not wait for the answer, which may come in time; a later one profits from it.
    found(dense, mirror, 3)
    wait_for(lambda: not dense.away)
    assert found(dense, mirror, 3)[0][0] == 0


def test_chroma_that_hangs_is_not_waited_for(
    mirror: Mirror, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    monkeypatch.setattr(module, "COMPARED_S", 0.0)
    monkeypatch.setattr(module, "RETRY_S", 3600.0)
    index.hangs.clear()
    dense = DenseSearch(mirror, index)
    for _ in range(3):
        assert found(dense, mirror, 3)[0][0] == 33
    assert dense.away
    assert len(index.asked) == 1


def test_chroma_that_is_late_once_is_asked_again(
    mirror: Mirror, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 3600.0)
    monkeypatch.setattr(module, "COMPARED_S", 0.0)
    index.hangs.clear()
    dense = DenseSearch(mirror, index)
    assert found(dense, mirror, 3)[0][0] == 33
    index.hangs.set()
    monkeypatch.setattr(module, "COMPARED_S", 60.0)
    assert found(dense, mirror, 3)[0][0] == 0
    assert not dense.away


def test_chroma_that_is_being_filled_is_not_asked_until_it_is_complete(
    mirror: Mirror, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LACKING", 5)
    dense, whole = DenseSearch(mirror, index), index.ids
    index.ids = whole[:20]
    dense.check()
    assert found(dense, mirror, 3)[0][0] == 33
    assert not dense.away
    index.ids = whole
    dense.check()
    assert found(dense, mirror, 3)[0][0] == 0


def test_keeper_notices_that_chroma_went(mirror: Mirror, index: FakeIndex) -> None:
    dense = DenseSearch(mirror, index)
    with closing(Keeper(mirror, dense)) as keeper:
        index.fails = True
        keeper.look()
        assert dense.away
    assert found(dense, mirror, 3)[0][0] == 33
