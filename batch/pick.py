"""Rows that a person wants to look at: by number, by words, by product type, or any few."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from batch.table import SHARD_ROWS, read_columns
from core.stored_files import Stored

_NUMBERS = re.compile(r"[\s\d,;–-]+")
_RANGE = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")


def are_numbers(text: str) -> bool:
    """Whether a person names rows by their numbers, such as ``12, 40-42``."""
    return bool(_NUMBERS.fullmatch(text)) and any(one.isdigit() for one in text)


def numbered(text: str, rows: int, count: int) -> tuple[int, ...]:
    """The first of the rows that a text names, as far as there are such rows."""
    found: dict[int, None] = {}
    for match in _RANGE.finditer(text):
        first, last = int(match[1]), min(int(match[2] or match[1]), rows)
        for number in range(max(1, first), min(last, first + count) + 1):
            found[number] = None
    return tuple(sorted(islice(found, count)))


def any_few(rows: int, count: int, other_than: Sequence[int] = ()) -> tuple[int, ...]:
    """A few rows by chance, others than these where there are enough."""
    avoided = set(other_than) if rows - len(other_than) >= count else set()
    wanted = min(count, rows)
    drawn = random.sample(range(1, rows + 1), min(rows, wanted + len(avoided)))
    return tuple(sorted([one for one in drawn if one not in avoided][:wanted]))


def matching(
    table: Stored,
    columns: Sequence[str],
    words: str,
    count: int,
    type_column: str | None = None,
    product_type: str | None = None,
) -> tuple[int, ...]:
    """The first rows with all of these words, in any of these columns; case is no matter.

    Args:
        table: The catalog.
        columns: Where to look.
        words: What to look for, with spaces between; empty: any row.
        count: How many rows at most.
        type_column: The column that names product types.
        product_type: Only products of this type.

    Raises:
        CatalogError: The table is missing or damaged, or has no such column.
    """
    wanted = words.casefold().split()
    typed = [type_column] if type_column and product_type is not None else []
    found: list[int] = []
    for group, cells in enumerate(read_columns(table, [*dict.fromkeys([*columns, *typed])])):
        hits = _with_words(cells, columns, wanted)
        if typed and product_type is not None:
            names = pc.utf8_lower(pc.utf8_trim_whitespace(cells.column(typed[0])))
            hits = pc.and_(hits, pc.equal(names, product_type.strip().lower()))
        places = pc.indices_nonzero(hits).to_pylist()
        found += [group * SHARD_ROWS + place + 1 for place in places]
        if len(found) >= count:
            break
    return tuple(found[:count])


def _with_words(cells: pa.Table, columns: Sequence[str], words: Sequence[str]) -> pa.Array:
    """Which rows have every word somewhere."""
    lowered = [pc.utf8_lower(cells.column(name)) for name in columns]
    hits = pa.array([True] * cells.num_rows)
    for word in words:
        anywhere = pa.array([False] * cells.num_rows)
        for column in lowered:
            anywhere = pc.or_(anywhere, pc.match_substring(column, word))
        hits = pc.and_(hits, anywhere)
    return hits
