"""The sample shop as it is put on sale: its catalog with the metadata that a person approved.

The metadata names what each value is written as, never where: the place is
looked up in the product's own text here, so that it always holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from core.errors import CatalogError
from core.products import Product
from core.settings import SAMPLE
from core.values import Origin, Value
from rag.shop_csv import read_shop


def sample_products(folder: Path = SAMPLE) -> tuple[Product, ...]:
    """The products of the sample shop, with what was approved about them.

    Args:
        folder: Where ``catalog.csv`` and ``metadata.jsonl`` are.

    Raises:
        CatalogError: A file is missing or damaged, or a value is not written in its product.
    """
    shop = read_shop(folder / "catalog.csv", source="sample").products
    approved = _approved(folder / "metadata.jsonl")
    strange = approved.keys() - {item.id for item in shop}
    if strange:
        raise CatalogError(f"metadata.jsonl: catalog.csv has no product {min(strange)}.")
    return tuple(_with_values(item, approved.get(item.id, {})) for item in shop)


def _approved(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        rows = [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
        return {row["id"]: row["values"] for row in rows}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise CatalogError(f"{path.name} cannot be read: {error}.") from error


def _with_values(item: Product, approved: Mapping[str, Any]) -> Product:
    return replace(item, values={name: _value(item, name, one) for name, one in approved.items()})


def _value(item: Product, name: str, approved: Mapping[str, Any]) -> Value:
    value, raw = approved["value"], approved["raw"]
    column, start = _place(item, name, raw)
    return Value(
        value=float(value) if isinstance(value, int) and not isinstance(value, bool) else value,
        origin=Origin.HUMAN,
        column=column,
        start=start,
        end=start + len(raw),
        raw=raw,
        unit=approved.get("unit"),
    )


def _place(item: Product, name: str, raw: str) -> tuple[str, int]:
    """The column and the first character of words, which stand there as whole words."""
    words = re.compile(rf"(?<!\w){re.escape(raw)}(?!\w)")
    for column, text in (("title", item.title), ("description", item.description)):
        if found := words.search(text):
            return column, found.start()
    raise CatalogError(f"metadata.jsonl: {item.id} does not say “{raw}” ({name}).")
