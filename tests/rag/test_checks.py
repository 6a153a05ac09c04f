"""Check questions asked before a publication: as the shop is, and as it would be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import products, release_staging, release_steps, releases
from core.db import Database
from core.products import Product
from core.values import Value
from rag import checks, gaps, golden, vectors
from rag.chain import Counter
from rag.embedding import Embedder
from rag.golden import Expected
from rag.staged import Ahead, needed
from rag.things import product_thing
from tests.rag.conftest import BOOTS, KETTLE, TENT

pytestmark = pytest.mark.processes
LANTERN = Product("l1", "Orbelle Storm Lantern", "Burns paraffin for twenty hours.", stock=3)


def test_what_a_publication_would_change_is_seen_before_anybody_sees_it(
    counter: Counter, shop: Database
) -> None:
    golden.add(shop, "Do you have waterproof hiking boots?", Expected(products=("b1",)))
    golden.add(shop, "Which lantern burns paraffin?", Expected(products=("l1",)))
    golden.add(shop, "How long can I return something?", Expected(documents=("returns",)))
    golden.add(shop, "Do you sell violins?", Expected(refusal=True))
    sandals = replace(BOOTS, title="Beach Sandals", description="Open sandals for the sand.")
    one = release_staging.prepare(shop, "Summer", "job", [sandals, LANTERN, KETTLE])
    steps: list[str] = []
    found = {
        item.question: item
        for item in checks.compare(shop, counter, one.id, lambda text, share: steps.append(text))
    }
    boots = found["Do you have waterproof hiking boots?"]
    assert boots.worse
    assert "“Fell Boots” is not shown." in boots.why
    assert boots.moved
    lantern = found["Which lantern burns paraffin?"]
    assert (lantern.passed_now, lantern.passes_then) == (False, True)
    assert "Orbelle Storm Lantern" in lantern.shown_then
    returns = found["How long can I return something?"]
    assert "Returns and Exchanges" in returns.shown_then
    assert returns.passes_then == returns.passed_now
    violins = found["Do you sell violins?"]
    assert violins.passes_then == violins.passed_now
    assert dict.fromkeys(steps) == {
        "Asking the shop as it is": None,
        "Reading the products that are to be published": None,
        "Making the shop as it would be": None,
        "Asking the shop as it would be": None,
    }
    assert set(products.get(shop, ["b1", "l1"])) == {"b1"}, "the shop is as it was"
    assert gaps.listing(shop) == [], "a rehearsal leaves no trace"
    assert checks.reported(releases.get(shop, one.id).report) == list(found.values())


def test_exact_parts_and_words_are_checked_against_the_live_shop(
    counter: Counter, shop: Database
) -> None:
    golden.add(shop, "Which tent sleeps four?", Expected(words=("moss green",)))
    (verdict,) = checks.run(shop, checks.rehearsed(counter))
    assert verdict.passed
    assert verdict.shown[0] == "Halden 4 Tent"


def test_products_of_a_release_are_embedded_before_it_is_on_sale(
    shop: Database, embedder: Embedder
) -> None:
    items = [replace(TENT, values={"color": Value("red")}), LANTERN]
    one = release_staging.prepare(shop, "Summer", "job", items)
    ahead = Ahead(shop, embedder)
    assert (ahead.step(), ahead.step()) == (2, 0)
    keys = {vectors.text_key(product_thing(item).embedded) for item in items}
    assert set(vectors.get(shop, keys)) == keys
    assert keys <= set(needed(shop))
    release_steps.switch(shop, one.id)
    was = vectors.text_key(product_thing(TENT).embedded)
    assert was in set(needed(shop)), "a roll back needs it"
    assert ahead.step() == 0
