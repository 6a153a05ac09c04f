from __future__ import annotations

import csv
import io

import pytest

from batch.columns import Columns
from batch.feed_mapping import mapped, reader, suggested
from batch.feeds import SHOPIFY, complete
from batch.fields import Field, FieldType
from batch.layout import layout
from batch.results import ResultRow
from batch.shopify_csv import ATTRIBUTES, body_html, item, shopify_lines
from core.values import Value

COLUMNS = ("sku", "name", "about", "price", "stock", "pics", "Option1 Name", "Option1 Value")
ROLES = Columns("sku", "name", "about", "price", None, "stock", image="pics")
FIELDS = (
    Field(name="brand"),
    Field(name="Main color!"),
    Field(name="main-color"),
    Field(name="waterproof", type=FieldType.BOOLEAN),
    Field(name="uses", type=FieldType.LIST),
)
CELLS = ("A 1", "Größe: Tent", "Sleeps 4 < 5\nGreen", "1.299,00 €", "3", "", "Size", "M")


def written(*rows: ResultRow, guard: bool = False) -> list[dict[str, str]]:
    table = layout(COLUMNS, FIELDS)
    sources = mapped(suggested(ATTRIBUTES, ROLES, table), {}, table)
    content = b"".join(shopify_lines(table, sources, rows, guard=guard)).decode()
    return list(csv.DictReader(io.StringIO(content, newline="")))


def row(cells: tuple[str, ...] = CELLS, number: int = 1, **values: Value) -> ResultRow:
    return ResultRow(number, dict(zip(COLUMNS, cells, strict=True)), "done", values)


def test_a_product_as_shopify_imports_it() -> None:
    values = {
        "brand": Value("Acme"),
        "Main color!": Value("red"),
        "main-color": Value("dark red"),
        "waterproof": Value(True),
        "uses": Value(["camping", "fishing"]),
    }
    (product,) = written(row(CELLS, 1, **values))
    assert {name: cell for name, cell in product.items() if cell} == {
        "Handle": "grosse-tent-a-1",
        "Title": "Größe: Tent",
        "Body (HTML)": "Sleeps 4 &lt; 5<br>Green",
        "Vendor": "Acme",
        "Published": "TRUE",
        "Option1 Name": "Size",
        "Option1 Value": "M",
        "Variant SKU": "A 1",
        "Variant Inventory Tracker": "shopify",
        "Variant Inventory Qty": "3",
        "Variant Inventory Policy": "deny",
        "Variant Fulfillment Service": "manual",
        "Variant Price": "1299.00",
        "Variant Requires Shipping": "TRUE",
        "Variant Taxable": "TRUE",
        "Gift Card": "FALSE",
        "Status": "draft",
        "Main color! (product.metafields.custom.main_color)": "red",
        "main-color (product.metafields.custom.main_color_2)": "dark red",
        "waterproof (product.metafields.custom.waterproof)": "true",
        "uses (product.metafields.custom.uses)": "camping; fishing",
    }


def test_further_pictures_are_lines_of_the_same_product() -> None:
    cells = (*CELLS[:5], "https://x.example/1.jpg https://x.example/2.jpg", "", "")
    first, second = written(row(cells, brand=Value("Acme")))
    assert (first["Image Src"], first["Image Position"]) == ("https://x.example/1.jpg", "1")
    assert {name: cell for name, cell in second.items() if cell} == {
        "Handle": "grosse-tent-a-1",
        "Image Src": "https://x.example/2.jpg",
        "Image Position": "2",
    }


def test_two_products_of_one_title_have_addresses_of_their_own() -> None:
    cells = ("日本", "Tent", "", "", "", "", "", "")
    rows = [row(("A1", *cells[1:])), row(("A2", *cells[1:])), row(("", "", *cells[2:]), 7)]
    assert [one["Handle"] for one in written(*rows)] == ["tent-a1", "tent-a2", "row-7"]
    assert written(row(cells))[0]["Handle"] == "tent-日本"


@pytest.mark.parametrize(
    ("cell", "html"),
    [
        ("<p>Warm</p>", "<p>Warm</p>"),
        ("<p onclick='x()'>Warm<script>alert(1)</script></p>", "<p>Warm</p>"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ("5 < 6 & 7", "5 &lt; 6 &amp; 7"),
        ("one\n\ntwo", "one<br>two"),
    ],
)
def test_a_description_keeps_its_layout_and_loses_its_scripts(cell: str, html: str) -> None:
    assert body_html(cell) == html


def test_a_product_without_options_has_shopifys_own() -> None:
    table = layout(("sku", "name"), ())
    sources = suggested(ATTRIBUTES, Columns(id="sku", title="name"), table)
    only = ResultRow(1, {"sku": "A1", "name": "Tent"}, "done", {})
    content = b"".join(shopify_lines(table, sources, [only])).decode()
    (product,) = csv.DictReader(io.StringIO(content, newline=""))
    assert (product["Option1 Name"], product["Option1 Value"]) == ("Title", "Default Title")


def test_the_guard_is_off_unless_it_is_wanted() -> None:
    cells = ("A1", "=1+1", *CELLS[2:])
    assert written(row(cells))[0]["Title"] == "=1+1"
    assert written(row(cells), guard=True)[0]["Title"] == "'=1+1"


def test_a_price_that_is_none_is_left_out() -> None:
    assert "Variant Price" not in item({"Title": ["x"], "Variant Price": ["on request"]}, 1)


def test_an_export_of_shopify_comes_back_as_it_was_with_its_variants_and_pictures() -> None:
    own = ("Handle", "Title", "Vendor", "Published", "Option1 Name", "Option1 Value")
    names = (*own, "Variant SKU", "Variant Price", "Image Src", "Image Position", "Status")
    picture = "https://x.example/2.jpg"
    lines = [
        ("tent", "Tent", "Acme", "TRUE", "Size", "S", "T-S", "10.00", "", "", "active"),
        ("tent", "", "", "", "", "M", "T-M", "12.00", "", "", ""),
        ("tent", "", "", "", "", "", "", "", picture, "2", ""),
    ]
    table = layout(names, (Field(name="color"),))
    sources = suggested(ATTRIBUTES, Columns(id="Variant SKU", title="Title"), table)
    rows = [
        ResultRow(number, dict(zip(names, cells, strict=True)), "done", {"color": Value("red")})
        for number, cells in enumerate(lines, start=1)
    ]
    content = b"".join(shopify_lines(table, sources, rows)).decode()
    found = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [tuple(row[name] for name in names) for row in found] == lines
    read = reader(sources, table)
    assert all(complete(SHOPIFY, item(read(row), row.row_no)) for row in rows)
