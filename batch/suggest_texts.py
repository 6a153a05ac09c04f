"""What the catalog's own words say of its products: told by counting, without a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from batch.cells import plain_text
from batch.columns import Columns

#: A column is worth filling in where so much of it is there, and so much missing.
FILLED = (0.03, 0.97)
MAX_CELL = 60
_COLORS = """
    black white red blue green yellow orange purple pink brown grey gray navy beige cream teal
    turquoise burgundy olive khaki charcoal ivory coral lilac mustard moss sand rust gold silver
    bronze copper
"""
_MATERIALS = """
    cotton wool merino linen silk polyester nylon leather suede denim fleece down aluminium aluminum
    steel stainless iron brass copper titanium wood oak pine beech birch bamboo walnut mahogany
    glass ceramic porcelain stoneware plastic rubber silicone cork canvas ripstop acrylic viscose
    elastane marble granite slate paper cardboard
"""
#: Property to the units that its values have, the one to convert to first.
MEASURES: Mapping[str, Sequence[str]] = {
    "weight": ("kg", "g", "lb", "lbs", "oz"),
    "capacity": ("l", "litre", "litres", "liter", "liters", "ml", "cl"),
    "power": ("W", "watt", "watts", "kW"),
    "dimensions": ("cm", "mm", "m", "inch", "inches", "in"),
}
_UNIT_OF = {unit.casefold(): name for name, units in MEASURES.items() for unit in units}
_UNITS = "|".join(sorted(_UNIT_OF, key=len, reverse=True))
_MEASURE = re.compile(
    rf"(?<![\w.,])(\d[\d.,]*(?:\s*[x×]\s*\d[\d.,]*)*\s?({_UNITS}))(?![\w/])", re.IGNORECASE
)
_WORDS = {
    "color": re.compile(rf"\b({'|'.join(_COLORS.split())})\b", re.IGNORECASE),
    "material": re.compile(rf"\b({'|'.join(_MATERIALS.split())})\b", re.IGNORECASE),
    "waterproof": re.compile(r"\b(waterproof|water-?tight|water[- ]resistant)\b", re.IGNORECASE),
}
#: Where one statement ends and the next begins: lines, list items, cells of a table, sentences.
_ENDS = re.compile(
    r"[\n\r;|•·]|</?(?:br|li|p|td|tr|dd|dt|div|h\d)\b[^<>]*>|[.!?](?=\s)", re.IGNORECASE
)
_PAIR = re.compile(r"([^\W\d][^\W_]*(?:[ /-][^\W_]+){0,2}) ?: (\S.{0,59})")


def pairs(row: Mapping[str, str], columns: Columns) -> Iterator[tuple[str, str]]:
    """Names and values that one product's text states in a plain form."""
    for column in columns.text:
        cell = row.get(column, "")
        for statement in map(plain_text, _ENDS.split(cell)):
            if found := _PAIR.fullmatch(statement):
                yield found.group(1), found.group(2)
        text = plain_text(cell)
        for value, unit in _MEASURE.findall(text):
            yield _UNIT_OF[unit.casefold()], value
        for name, words in _WORDS.items():
            if word := words.search(text):
                yield name, word.group()


def gaps(
    rows: Sequence[Mapping[str, str]], columns: Columns, names: Sequence[str]
) -> dict[str, list[str]]:
    """Columns that are filled for some products only, with their values: worth filling in."""
    known = {*columns.roles().values()}
    found: dict[str, list[str]] = {}
    for name in names:
        cells = [cell for row in rows if (cell := row.get(name, "").strip())]
        partly = FILLED[0] <= len(cells) / len(rows) <= FILLED[1] if rows else False
        if name not in known and partly and all(len(cell) <= MAX_CELL for cell in cells):
            found[name] = cells
    return found
