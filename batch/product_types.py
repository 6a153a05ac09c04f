"""Which kinds of product a catalog has: the columns that could name them, and what they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from batch import uploads
from batch.columns import Columns
from batch.table import read_column
from batch.uploads import GUESS_ROWS, Upload
from core.settings import Settings

#: A column with more different values in the first rows names products, not types.
MAX_VALUES = 40
MAX_CHARACTERS = 60
#: Types that are told; a catalog has rarely more worth fields of their own.
MAX_TYPES = 200
_LIKELY = ("type", "category", "kategorie", "department", "kind", "group", "warengruppe", "class")


def type_columns(settings: Settings, upload: Upload, columns: Columns) -> tuple[str, ...]:
    """The columns with few different values, the likeliest to name the product type first."""
    rows = uploads.preview(settings, upload, GUESS_ROWS)
    other = {columns.id, columns.title, columns.description, columns.image, columns.url}
    other |= {columns.price, columns.currency, columns.stock}
    fit = [
        name
        for name in upload.catalog.columns
        if name not in other and _few([row.get(name, "").strip() for row in rows])
    ]
    return tuple(sorted(fit, key=lambda name: (name != columns.department, not _likely(name))))


def type_counts(settings: Settings, upload: Upload, column: str) -> dict[str, int]:
    """How many products each type has, the most common first; goes through the whole file.

    Products whose cell is empty are left out: they are of no type.

    Raises:
        CatalogError: The stored catalog is missing, or has no such column.
    """
    counts: Counter[str] = Counter()
    for cells in read_column(uploads.table_path(settings, upload.id), column):
        counts.update(cells)
    spelt: dict[str, Counter[str]] = {}
    for cell, count in counts.items():
        if name := cell.strip():
            spelt.setdefault(name.casefold(), Counter())[name] += count
    # As with the rows: case makes no other type, and the commonest spelling stands for it.
    whole = Counter({of.most_common(1)[0][0]: of.total() for of in spelt.values()})
    return dict(whole.most_common(MAX_TYPES))


def _few(cells: Sequence[str]) -> bool:
    there = [cell for cell in cells if cell]
    different = {cell.casefold() for cell in there}
    if not 2 <= len(different) <= MAX_VALUES or max(map(len, different)) > MAX_CHARACTERS:
        return False
    # In a small file nearly every value is another; one that comes back is enough there.
    return len(different) < len(there) and not all(_is_number(cell) for cell in different)


def _is_number(cell: str) -> bool:
    return cell.replace(".", "").replace(",", "").isdigit()


def _likely(name: str) -> bool:
    return any(word in name.casefold() for word in _LIKELY)
