from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from core.errors import CatalogError
from core.settings import SAMPLE
from rag.shop_csv import ShopFile, price_of, read_shop


def read(tmp_path: Path, content: str | bytes) -> ShopFile:
    path = tmp_path / "shop.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_shop(path, source="test")


def test_sample_is_read_whole() -> None:
    shop = read_shop(SAMPLE / "catalog.csv", source="sample")
    assert len(shop.products) >= 240
    assert shop.notes == ()
    assert len({item.id for item in shop.products}) == len(shop.products)


def test_columns_are_found_by_their_usual_names(tmp_path: Path) -> None:
    text = "SKU;Product Name;Body HTML;Price;Qty\n7;Tent;<b>Red</b>;€1.299,00;3\n"
    (item,) = read(tmp_path, "\ufeff" + text).products
    assert (item.id, item.title, item.description) == ("7", "Tent", "<b>Red</b>")
    assert (item.price, item.currency, item.stock) == (Decimal("1299.00"), "EUR", 3)
    assert item.source == "test"


def test_missing_ids_are_numbered_and_repeated_ones_noted(tmp_path: Path) -> None:
    shop = read(tmp_path, "id,title\n,Tent\na,Mat\na,Map\nb,\n")
    assert [(item.id, item.title) for item in shop.products] == [("row-1", "Tent"), ("a", "Map")]
    assert "1 rows without a title" in shop.notes[0]
    assert "row 4" in shop.notes[0]
    assert "(a …)" in shop.notes[1]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("$24.00", "24.00"),
        ("1,299.00 USD", "1299.00"),
        ("1.299,50 €", "1299.50"),
        ("1,299", "1299"),
        ("12,5", "12.5"),
        ("1,299,000", "1299000"),
        ("99", "99"),
        ("ask", None),
        ("", None),
    ],
)
def test_prices_as_merchants_write_them(text: str, price: str | None) -> None:
    assert price_of(text) == (Decimal(price) if price else None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (item,) = read(tmp_path, "id,title\n1,Café crème\n".encode(encoding)).products
    assert item.title == "Café crème"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("id,title\n", "no products"),
        ("id,price\n1,2\n", "no title column. Its columns are: id, price"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text file"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        read(tmp_path, content)


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        read_shop(tmp_path / "gone.csv", source="test")
