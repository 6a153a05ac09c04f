from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core import products
from core.db import Database
from core.errors import CatalogError
from core.facts import facts_of
from core.settings import SAMPLE, Settings, load_settings
from core.values import Origin
from rag import indexer
from rag.sample_shop import sample_products


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "sample"
    shutil.copytree(SAMPLE, folder)
    return folder


def test_every_product_says_what_it_is_and_every_value_stands_where_it_says() -> None:
    shop = sample_products()
    assert all("product_type" in item.values for item in shop)
    for item in shop:
        for name, value in item.values.items():
            text = getattr(item, value.column or "")
            assert text[value.start : value.end] == value.raw, (item.id, name)
            assert value.origin is Origin.HUMAN


def test_a_field_has_one_type_and_one_unit_in_the_whole_shop() -> None:
    kinds: dict[str, set[tuple[type, str | None]]] = {}
    for item in sample_products():
        for name, value in item.values.items():
            kinds.setdefault(name, set()).add((type(value.value), value.unit))
    assert {name: len(kind) for name, kind in kinds.items()} == dict.fromkeys(kinds, 1)


def test_numbers_are_facts_with_their_units() -> None:
    (tent,) = [item for item in sample_products() if item.id == "FH-1002"]
    facts = {fact.field: fact for fact in facts_of(tent)}
    assert (facts["weight"].number, facts["weight"].unit) == (2.9, "kg")
    assert (facts["sleeps"].number, facts["colour"].text) == (2.0, "moss")


def test_the_sample_is_put_on_sale_with_its_metadata(settings: Settings, db: Database) -> None:
    indexer.seed(load_settings(home=settings.home, sample_shop=True), db)
    kettle = products.get(db, ["FH-1101"])["FH-1101"]
    assert kettle.values["temperature_control"].value is True
    assert kettle.values["capacity"].unit == "l"


def test_a_value_that_the_product_does_not_state_is_named(copied: Path) -> None:
    row = {"id": "FH-1001", "values": {"brand": {"value": "Acme", "raw": "Acme"}}}
    (copied / "metadata.jsonl").write_text(json.dumps(row))
    with pytest.raises(CatalogError, match="FH-1001 does not say “Acme” \\(brand\\)"):
        sample_products(copied)


def test_metadata_of_a_product_that_is_not_there_is_named(copied: Path) -> None:
    (copied / "metadata.jsonl").write_text('{"id": "FH-9", "values": {}}')
    with pytest.raises(CatalogError, match="no product FH-9"):
        sample_products(copied)


def test_damaged_metadata_is_said_to_be_so(copied: Path) -> None:
    (copied / "metadata.jsonl").write_text('{"id": "FH-1001"')
    with pytest.raises(CatalogError, match=r"metadata\.jsonl cannot be read"):
        sample_products(copied)
