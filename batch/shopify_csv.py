"""Products as a CSV that Shopify imports, with what was extracted as metafields."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Generator, Iterable
from dataclasses import dataclass

import nh3

from batch.cells import TAGS, parse_stock, plain_text
from batch.csv_results import CsvLine
from batch.dialect import Dialect
from batch.feed_mapping import Attribute, Need, Said, Sources, reader
from batch.feed_values import addresses, amount, text
from batch.layout import Layout
from batch.results import ResultRow
from core.values import Value

COMMAS = Dialect("utf-8", ",", line_end="\n")
MAX_HANDLE, MAX_KEY, MAX_TITLE = 255, 64, 255
_POSITION = "Image Position"
_TAG = re.compile(rf"</?(?:{'|'.join(sorted(TAGS))})\b[^<>]*>", re.IGNORECASE)


def _one(
    name: str, label: str = "", need: Need = Need.OPTIONAL, role: str = "", **more: str
) -> Attribute:
    names = tuple(more.get("names", "").split())
    return Attribute(name, label or name, need, role, names, more.get("otherwise", ""))


#: In the order of Shopify's own exports; what a catalog has by these names is passed on.
ATTRIBUTES: tuple[Attribute, ...] = (
    _one("Handle", "Name in the address"),
    _one("Title", "Title", Need.REQUIRED, "title"),
    _one("Body (HTML)", "Description", Need.EXPECTED, "description"),
    _one("Vendor", "Brand", names="brand manufacturer marke marque marca"),
    _one("Product Category", "Shopify category"),
    _one("Type", "Your category", role="department"),
    _one("Tags", names="tag keywords schlagworte"),
    _one("Published", otherwise="TRUE"),
    _one("Option1 Name", otherwise="Title"),
    _one("Option1 Value", otherwise="Default Title"),
    _one("Option2 Name"),
    _one("Option2 Value"),
    _one("Option3 Name"),
    _one("Option3 Value"),
    _one("Variant SKU", "SKU", role="id"),
    _one("Variant Grams", "Weight in grams"),
    _one("Variant Inventory Tracker", "Who tracks the stock"),
    _one("Variant Inventory Qty", "Pieces in stock", role="stock"),
    _one("Variant Inventory Policy", "When sold out", otherwise="deny"),
    _one("Variant Fulfillment Service", "Who ships", otherwise="manual"),
    _one("Variant Price", "Price", Need.EXPECTED, "price"),
    _one("Variant Compare At Price", "Price before", names="compareatprice rrp msrp uvp"),
    _one("Variant Requires Shipping", "Is shipped", otherwise="TRUE"),
    _one("Variant Taxable", "Is taxed", otherwise="TRUE"),
    _one("Variant Barcode", "Barcode", names="gtin ean upc barcode"),
    _one("Image Src", "Image", Need.EXPECTED, "image"),
    _one(_POSITION),
    _one("Image Alt Text", names="imagealttext alttext"),
    _one("Gift Card", otherwise="FALSE"),
    _one("SEO Title", names="seotitle metatitle"),
    _one("SEO Description", names="seodescription metadescription"),
    _one("Status", otherwise="draft"),
)
#: What is more than words.
_OWN_FORM = ("Body (HTML)", "Image Src", "Variant Price", "Variant Compare At Price")


@dataclass(frozen=True, slots=True)
class Metafield:
    """A field that becomes a metafield.

    Attributes:
        field: Its name.
        column: The header that Shopify recognises it by.
    """

    field: str
    column: str


def metafields(layout: Layout, sources: Sources) -> tuple[Metafield, ...]:
    """The fields that no other column is taken from, as metafields."""
    used = {source.column for source in sources.values()}
    keys: dict[str, str] = {}
    for field, column in layout.added.items():
        if column not in used:
            key, number = _key(field), 2
            while key in keys.values():
                key, number = f"{_key(field)[: MAX_KEY - 4]}_{number}", number + 1
            keys[field] = key
    return tuple(
        Metafield(field, f"{field} (product.metafields.custom.{key})")
        for field, key in keys.items()
    )


def shopify_lines(
    layout: Layout, sources: Sources, rows: Iterable[ResultRow], *, guard: bool = False
) -> Generator[bytes, None, None]:
    """The CSV, a product a line, and a line more for each further picture.

    Args:
        layout: The columns of the results.
        sources: Where Shopify's columns are taken from.
        rows: What to write.
        guard: Whether cells that a spreadsheet would run are made harmless; shoppers
            would then see the apostrophe.
    """
    more = metafields(layout, sources)
    names = [one.name for one in ATTRIBUTES]
    read, line = reader(sources, layout), CsvLine(COMMAS, guard=guard)
    yield line([*names, *(one.column for one in more)])
    for row in rows:
        product = item(read(row), row.row_no)
        meta = [_meta(row.values.get(one.field)) for one in more]
        pictures = product.get("Image Src", [])
        for at, picture in enumerate(pictures or [""], start=1):
            own = product if at == 1 else {"Handle": product["Handle"], _POSITION: [str(at)]}
            cells = {name: ", ".join(texts) for name, texts in own.items()} | {"Image Src": picture}
            told = meta if at == 1 else [""] * len(more)
            yield line([*(cells.get(name, "") for name in names), *told])


def item(said: Said, row_no: int) -> Said:
    """A product in Shopify's form: column to its texts, only those that there are."""
    found = {
        name: [text(cell) for cell in cells]
        for name, cells in said.items()
        if name not in _OWN_FORM
    }
    first = {name: cells[0] for name, cells in said.items()}
    found["Handle"] = [_handle(first, row_no)]
    if "Title" in first:
        found["Title"] = [text(first["Title"], MAX_TITLE)]
    if "Body (HTML)" in first:
        found["Body (HTML)"] = [body_html(first["Body (HTML)"])]
    for name in ("Variant Price", "Variant Compare At Price"):
        if name in first:
            price, _ = amount(first[name])
            found[name] = [] if price is None else [f"{price:.2f}"]
    stock = parse_stock(first.get("Variant Inventory Qty", ""))
    found["Variant Inventory Qty"] = [] if stock is None else [str(stock)]
    if stock is not None and "Variant Inventory Tracker" not in found:
        found["Variant Inventory Tracker"] = ["shopify"]
    pictures = [one for cell in said.get("Image Src", ()) for one in addresses(cell)]
    found["Image Src"] = list(dict.fromkeys(pictures))
    if pictures and "Handle" not in first:
        found[_POSITION] = ["1"]
    there = {name: texts for name, texts in found.items() if any(texts)}
    # A further line of the product before it, as Shopify's own exports have: no title is missing.
    return there | {"Title": [""]} if "Handle" in first and "Title" not in first else there


def body_html(cell: str) -> str:
    """A description as HTML: its own without scripts and the like, or its words, line by line."""
    if _TAG.search(cell):
        return nh3.clean(cell)
    paragraphs = (html.escape(plain_text(line), quote=False) for line in cell.splitlines())
    return "<br>".join(line for line in paragraphs if line)


def _handle(first: dict[str, str], row_no: int) -> str:
    """The merchant's own, or one of title and id: two products must never share one."""
    if "Handle" in first:
        return _slug(first["Handle"])
    named = _slug(f"{first.get('Title', '')} {first.get('Variant SKU', '')}")
    return named or f"row-{row_no}"


def _slug(words: str) -> str:
    plain = unicodedata.normalize("NFKD", text(words).casefold().replace("ß", "ss"))
    kept = "".join(one for one in plain if not unicodedata.combining(one))
    return re.sub(r"[\W_]+", "-", kept).strip("-")[:MAX_HANDLE].strip("-")


def _key(field: str) -> str:
    ascii_only = _slug(field).encode("ascii", "ignore").decode()
    key = re.sub(r"-+", "_", ascii_only).strip("_")[:MAX_KEY]
    return key if len(key) > 2 else f"{key}_field"[:MAX_KEY].lstrip("_")


def _meta(value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value.value, bool):
        return "true" if value.value else "false"
    return "; ".join(value.value) if isinstance(value.value, list) else value.text()
