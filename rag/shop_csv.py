"""Reads a shop's CSV as products, for ``python -m rag index`` and the sample shop.

Takes well-known column names only. Mapping of unknown columns, extraction and
very large files are the back room's business.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from core.errors import CatalogError
from core.products import Product

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "sku", "product_id", "item_id", "code", "handle"),
    "title": ("title", "name", "product", "product_name", "product_title"),
    "description": ("description", "body", "body_html", "details", "text", "long_description"),
    "price": ("price", "unit_price", "sale_price", "amount"),
    "currency": ("currency", "currency_code"),
    "stock": ("stock", "quantity", "qty", "inventory", "stock_level", "available"),
    "department": ("department", "category", "product_type", "type", "section"),
    "url": ("url", "link", "product_url"),
    "image": ("image", "image_url", "image_link", "image_src", "picture"),
}
SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
DELIMITERS = ",;\t|"
CELL_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True)
class ShopFile:
    """The products of a file, and what had to be decided while reading it."""

    products: tuple[Product, ...]
    notes: tuple[str, ...]


def read_shop(path: Path, *, source: str) -> ShopFile:
    """Read a whole CSV.

    Args:
        path: A CSV with a header row, in UTF-8, UTF-16 or Windows-1252.
        source: Stored with each product as what published it.

    Raises:
        CatalogError: The file is missing, empty, no text, or has no title column.
    """
    reader = csv.reader(io.StringIO(text := _text(path), newline=""), delimiter=_delimiter(text))
    csv.field_size_limit(CELL_LIMIT)
    try:
        header = next(reader, [])
        columns = _columns(path, header)
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise CatalogError(
            f"{path.name}, line {reader.line_num}: {error}.", row=reader.line_num
        ) from error
    if not rows:
        raise CatalogError(f"{path.name} has a header but no products under it.")
    return _shop(rows, columns, source)


def product_of_columns(cells: Mapping[str, str], *, source: str = "file") -> Product | None:
    """One product from named columns, whichever of the known names they have.

    Returns:
        The product; None without an id or a title.
    """
    names = list(cells)
    known = {name: cells[names[at]].strip() for name, at in _known(names).items()}
    if not known.get("id") or not known.get("title"):
        return None
    return _product(known, 0, source)


def price_of(text: str) -> Decimal | None:
    """The number in a price as merchants write it; None when there is none.

    ``$1,299.00`` and ``1.299,00 €`` are both 1299; a comma before exactly
    three last digits groups thousands.
    """
    found = re.search(r"-?\d[\d.,\s]*", text)
    if not found:
        return None
    digits = re.sub(r"\s", "", found[0]).rstrip(".,")
    last = max(digits.rfind(","), digits.rfind("."))
    if last >= 0:
        decimals = len(digits) - last - 1
        both = "," in digits and "." in digits
        groups = not both and (decimals == 3 or digits.count(digits[last]) > 1)
        whole = re.sub(r"[.,]", "", digits[:last])
        digits = whole + digits[last + 1 :] if groups else f"{whole}.{digits[last + 1 :]}"
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


def _shop(rows: Sequence[Sequence[str]], columns: Mapping[str, int], source: str) -> ShopFile:
    found: dict[str, Product] = {}
    untitled, repeated = [], []
    for number, row in enumerate(rows, start=1):
        cells = {name: row[at].strip() for name, at in columns.items() if at < len(row)}
        if not cells.get("title"):
            untitled.append(number)
            continue
        item = _product(cells, number, source)
        if item.id in found:
            repeated.append(item.id)
        found[item.id] = item
    return ShopFile(tuple(found.values()), tuple(_notes(untitled, repeated)))


def _notes(untitled: Sequence[int], repeated: Sequence[str]) -> Iterator[str]:
    if untitled:
        yield f"{len(untitled)} rows without a title were left out, the first is row {untitled[0]}."
    if repeated:
        yield f"{len(repeated)} ids came twice ({repeated[0]} …): the later row was kept."


def _product(cells: Mapping[str, str], number: int, source: str) -> Product:
    price = cells.get("price", "")
    currency = cells.get("currency", "").upper()[:3]
    symbol = next((code for sign, code in SYMBOLS.items() if sign in price), None)
    stock = re.match(r"-?\d+", cells.get("stock", "").replace(",", ""))
    return Product(
        id=(cells.get("id") or f"row-{number}")[:200],
        title=cells["title"],
        description=cells.get("description", ""),
        price=price_of(price),
        currency=currency or symbol,
        stock=int(stock[0]) if stock else None,
        department=cells.get("department") or None,
        url=cells.get("url") or None,
        image=cells.get("image") or None,
        source=source,
    )


def _known(header: Sequence[str]) -> dict[str, int]:
    """Where the columns are whose names are known."""
    names = [re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_") for cell in header]
    columns: dict[str, int] = {}
    for column, synonyms in SYNONYMS.items():
        at = next((names.index(name) for name in synonyms if name in names), None)
        if at is not None and at not in columns.values():
            columns[column] = at
    return columns


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    columns = _known(header)
    if "title" not in columns:
        raise CatalogError(
            f"{path.name} has no title column. Its columns are: "
            f"{', '.join(header) or 'none'}. Name one of them title."
        )
    return columns


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise CatalogError(f"{path.name} is empty.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\x00" in data[:10_000]:
        raise CatalogError(f"{path.name} is not a text file; save the table as CSV.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    header = text.lstrip().split("\n", 1)[0]
    return max(DELIMITERS, key=header.count)
