from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from core import products, progress
from core.db import Database
from core.settings import PROJECT, SAMPLE, Settings, load_settings
from core.shop_tables import vectors as vector_table
from rag import documents, indexer, vectors
from rag.exchange import Kind
from rag.index import Index
from tests.rag.conftest import BOOTS, KETTLE, TENT, TOKEN, ChromaServer, fill

pytestmark = pytest.mark.processes


def ids(index: Index, kind: Kind = Kind.PRODUCT) -> set[str]:
    return {hit.id for hit in index.near(kind, index.embedder.embed_query("anything"), 100)}


def test_step_indexes_a_batch_and_says_how_many(db: Database, index: Index) -> None:
    products.publish(db, [TENT, KETTLE, BOOTS])
    assert indexer.step(db, index, limit=2) == 2
    assert indexer.count_pending(db) == 1
    assert indexer.step(db, index) == 1
    assert indexer.step(db, index) == 0
    assert ids(index) == {"product:t1", "product:k1", "product:b1"}


def test_withdrawn_product_leaves_the_index(shop: Database, index: Index) -> None:
    products.withdraw(shop, ["t1"])
    fill(shop, index)
    assert "product:t1" not in ids(index)
    assert indexer.count_pending(shop) == 0


def test_changed_product_is_found_by_its_new_text(shop: Database, index: Index) -> None:
    products.publish(shop, [replace(KETTLE, title="Blue unicycle", description="One wheel.")])
    fill(shop, index)
    asked = index.embedder.embed_query("unicycle")
    assert index.near(Kind.PRODUCT, asked, 1)[0].id == "product:k1"


def test_death_between_storing_and_marking_repeats_harmlessly(
    db: Database, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    products.publish(db, [TENT, KETTLE])
    with monkeypatch.context() as patch:
        patch.setattr(products, "mark_indexed", die)
        with pytest.raises(KeyboardInterrupt):
            indexer.step(db, index)
    assert index.count(Kind.PRODUCT) == 2
    assert not indexer.repair(db, index)
    fill(db, index)
    assert index.count(Kind.PRODUCT) == 2
    assert indexer.count_pending(db) == 0


def test_shorter_document_leaves_no_chunks_behind(
    db: Database, index: Index, tmp_path: Path
) -> None:
    path = tmp_path / "returns.md"
    path.write_text("# Returns\n\n## A\n\none\n\n## B\n\ntwo\n\n## C\n\nthree\n")
    documents.publish_documents(db, path)
    fill(db, index)
    assert len(ids(index, Kind.POLICY)) == 3
    path.write_text("# Returns\n\n## A\n\none\n")
    documents.publish_documents(db, path)
    fill(db, index)
    assert ids(index, Kind.POLICY) == {"policy:returns#1"}
    documents.withdraw(db, "returns", 2)
    fill(db, index)
    assert ids(index, Kind.POLICY) == set()
    assert documents.listing(db) == []


def test_lost_index_is_built_again(shop: Database, index: Index) -> None:
    index.reset()
    assert indexer.repair(shop, index)
    fill(shop, index)
    assert "product:t1" in ids(index)
    assert not indexer.repair(shop, index)


def test_unchanged_text_is_not_embedded_again_even_when_chroma_lost_it(
    shop: Database, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(texts: list[str]) -> list[list[float]]:
        assert not texts
        return []

    monkeypatch.setattr(index.embedder, "embed_documents", refuse)
    products.publish(shop, [replace(TENT, price=Decimal(1), stock=0)])
    fill(shop, index)
    index.reset()
    assert indexer.repair(shop, index)
    fill(shop, index)
    assert len(ids(index)) == 3


def test_products_whose_text_has_no_vector_are_embedded(shop: Database, index: Index) -> None:
    with shop.write() as connection:
        connection.execute(vector_table.delete())
    assert not indexer.repair(shop, index)
    assert indexer.count_pending(shop) == 4
    fill(shop, index)
    assert not indexer.repair(shop, index)
    assert indexer.count_pending(shop) == 0


def test_what_nobody_needs_is_forgotten_in_time(
    shop: Database, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "SOME", 0)
    products.withdraw(shop, ["t1", "k1"])
    fill(shop, index)
    kept = vectors.count(shop)
    assert indexer.tidy(shop) == 0
    assert indexer.tidy(shop, now=time.time() + vectors.KEPT_S + 1) == 2
    assert vectors.count(shop) == kept - 2
    assert products.withdraw(shop, ["t1"]) == 0


def test_sample_shop_is_offered_once(db: Database, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    indexer.seed(settings, db)
    count = products.count(db)
    assert count >= 240
    assert len(documents.listing(db)) >= 10
    products.withdraw(db, [item.id for item in products.iterate(db)])
    indexer.seed(settings, db)
    assert products.count(db) == 0


def test_own_catalog_or_setting_keeps_the_sample_away(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    indexer.seed(settings, db)
    assert products.count(db) == 0
    products.publish(db, [TENT])
    indexer.seed(load_settings(home=tmp_path / "home"), db)
    assert products.count(db) == 1


def test_drain_tells_how_far_it_is(db: Database, index: Index, settings: Settings) -> None:
    told: list[progress.Progress | None] = []
    products.publish(db, [TENT, KETTLE])
    real_step = indexer.step

    def spied(*given: object) -> int:
        told.append(progress.read(settings))
        return real_step(db, index)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexer, "step", spied)
        indexer.drain(settings, db, index)
    assert told == [progress.Progress("Filling the shelves", 0, 2)]
    assert progress.read(settings) is None


def test_process_waits_for_chroma_and_ends_at_once(
    tmp_path: Path, chroma: ChromaServer, index: Index, db: Database, settings: Settings
) -> None:
    products.publish(db, [TENT])
    documents.publish_documents(db, SAMPLE / "policies" / "returns.md")
    log = tmp_path / "log"
    environment = {
        "SHOPKEEPER_HOME": str(settings.home),
        "SHOPKEEPER_CHROMA_TOKEN": TOKEN,
        "SHOPKEEPER_SAMPLE_SHOP": "false",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "rag.indexer"], cwd=PROJECT, env=environment, stderr=output
        )
    try:
        wait_for(lambda: b"Waiting for the search index" in log.read_bytes())
        settings.run.mkdir(parents=True, exist_ok=True)
        (settings.run / "ports.json").write_text(f'{{"chroma": {chroma.port}, "model": 1}}')
        wait_for(lambda: indexer.count_pending(db) == 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(300) == 0
        assert log.read_bytes().count(b"Waiting for") == 1
    finally:
        process.kill()
        process.wait()
    assert ids(index) == {"product:t1"}


def wait_for(condition: object, timeout_s: float = 300) -> None:
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
