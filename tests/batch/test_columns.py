from __future__ import annotations

import csv
import json

import pytest

from batch.columns import MAX_TEXT_COLUMNS, Columns, check_columns, guess_columns
from core.errors import CatalogError
from core.settings import SAMPLE

LONG = "A warm and durable shirt, made of organic cotton, for every day of a long cold winter."


def table(**cells: list[str]) -> tuple[list[str], list[dict[str, str]]]:
    names = list(cells)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    return names, rows


def test_a_shopify_export() -> None:
    columns, rows = table(
        **{
            "Handle": ["red-shirt", "blue-hat"],
            "Title": ["Red shirt", "Blue hat"],
            "Body (HTML)": [f"<p>{LONG}</p>", f"<p>{LONG}!</p>"],
            "Vendor": ["Acme", "Bolt"],
            "Product Category": ["Apparel", "Hats"],
            "Type": ["Shirt", "Hat"],
            "Variant SKU": ["S-1", "H-1"],
            "Variant Inventory Qty": ["3", "4"],
            "Variant Price": ["24.00", "12.00"],
            "Image Src": ["https://x.test/1.jpg", "https://x.test/2.jpg"],
        }
    )
    assert guess_columns(columns, rows) == Columns(
        id="Variant SKU",
        title="Title",
        description="Body (HTML)",
        price="Variant Price",
        stock="Variant Inventory Qty",
        department="Product Category",
        image="Image Src",
        text=("Title", "Body (HTML)", "Product Category", "Vendor", "Type"),
    )


def test_a_german_export() -> None:
    columns, rows = table(
        Artikelnummer=["1001", "1002"],
        Artikelbezeichnung=["Hemd rot", "Hut blau"],
        Beschreibung=[LONG, LONG + "!"],
        Preis=["24,99 €", "1.299,00"],
        Währung=["EUR", "EUR"],
        Lagerbestand=["3", "0"],
        Warengruppe=["Oberteile", "Hüte"],
        Bild=["1.jpg", "2.jpg"],
    )
    guess = guess_columns(columns, rows)
    assert guess.roles() == {
        "id": "Artikelnummer",
        "title": "Artikelbezeichnung",
        "description": "Beschreibung",
        "price": "Preis",
        "currency": "Währung",
        "stock": "Lagerbestand",
        "department": "Warengruppe",
        "image": "Bild",
    }
    assert guess.text == ("Artikelbezeichnung", "Beschreibung", "Warengruppe")


def test_by_content_where_names_say_nothing() -> None:
    columns, rows = table(
        c1=["A-1", "A-2", "A-3"],
        c2=["Red shirt", "Blue hat", "Green sock"],
        c3=[LONG, LONG + "!", LONG + "?"],
        c4=["https://x.test/a"] * 3,
        c5=["1.50", "2.50", "2.50"],
    )
    guess = guess_columns(columns, rows)
    assert guess == Columns(id="c1", title="c2", description="c3", text=("c2", "c3"))


def test_names_are_not_believed_against_their_cells() -> None:
    columns, rows = table(
        id=["1", "1", "1"],
        sku=["a", "b", "c"],
        price=["low", "high", "high"],
        image=["none yet", "none yet", "none yet"],
    )
    guess = guess_columns(columns, rows)
    assert (guess.id, guess.price, guess.image) == ("sku", None, None)


def test_the_sample_shop() -> None:
    with (SAMPLE / "catalog.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        guess = guess_columns(list(reader.fieldnames or ()), list(reader)[:200])
    for role in ("id", "title", "description", "price", "currency", "stock", "department"):
        assert getattr(guess, role) == role


def test_text_is_never_empty_and_never_endless() -> None:
    assert guess_columns(["n"], [{"n": "1"}]).text == ("n",)
    assert guess_columns(["n"], []).text == ("n",)
    columns, rows = table(**{f"word{n}": ["some words", "other words"] for n in range(20)})
    assert len(guess_columns(columns, rows).text) == MAX_TEXT_COLUMNS


def test_json_there_and_back() -> None:
    columns = Columns(id="sku", text=("title", "body"))
    assert Columns.from_json(json.loads(json.dumps(columns.to_json()))) == columns
    assert Columns.from_json({}) == Columns()


@pytest.mark.parametrize("chosen", [Columns(id="skuu"), Columns(text=("name", "skuu"))])
def test_unknown_column_is_named(chosen: Columns) -> None:
    with pytest.raises(CatalogError, match=r"no column “skuu” .* are “sku”, “name”") as caught:
        check_columns(chosen, ["sku", "name"])
    assert caught.value.column == "skuu"


def test_known_columns_pass() -> None:
    check_columns(Columns(id="sku", text=("name",)), ["sku", "name"])
