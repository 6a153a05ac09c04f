"""Where a value stands in its row: told by matching text, never by asking the model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.values import Origin, Scalar, Value


def ground(value: Scalar, row: Mapping[str, str], columns: Sequence[str]) -> Value:
    """The value with the place it is stated at, or marked as inferred.

    Texts match whatever their case and spacing; numbers match as whole
    numbers. Lists and yes/no values are the model's conclusion.

    Args:
        value: A typed value.
        row: Cells by column name, as they stand in the catalog.
        columns: Columns the model read, in the order to search.
    """
    for column in columns:
        if span := _span(value, row.get(column, "")):
            return Value(value, Origin.STATED, column, *span)
    return Value(value, Origin.INFERRED)


def _span(value: Scalar, cell: str) -> tuple[int, int] | None:
    """Where a value stands in a cell: start and end."""
    if isinstance(value, bool | list):
        return None
    if isinstance(value, float):
        number = re.escape(f"{value:.12g}")
        return _first(rf"(?<![\d.,]){number}(?:[.,]0+)?(?![\d]|[.,]\d)", cell)
    return _plainly(value, cell) or _loosely(value, cell)


def _plainly(text: str, cell: str) -> tuple[int, int] | None:
    """Whole words, whatever their case: most values, and without a pattern to compile."""
    lower, wanted = cell.lower(), text.strip().lower()
    if not wanted or len(lower) != len(cell):
        return None
    start = lower.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not (lower[max(0, start - 1) : start].isalnum() or lower[end : end + 1].isalnum()):
            return start, end
        start = lower.find(wanted, start + 1)
    return None


def _loosely(text: str, cell: str) -> tuple[int, int] | None:
    """The same words with other spacing between them."""
    words = text.split()
    folded = cell.casefold()
    if not words or not all(word.casefold() in folded for word in words):
        return None
    spaced = r"\s+".join(re.escape(word) for word in words)
    return _first(rf"(?<!\w){spaced}(?!\w)", cell)


def _first(pattern: str, cell: str) -> tuple[int, int] | None:
    match = re.search(pattern, cell, re.IGNORECASE)
    return match.span() if match else None
