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
    pattern = _pattern(value)
    if pattern is not None:
        for column in columns:
            if match := pattern.search(row.get(column, "")):
                return Value(value, Origin.STATED, column, match.start(), match.end())
    return Value(value, Origin.INFERRED)


def _pattern(value: Scalar) -> re.Pattern[str] | None:
    if isinstance(value, bool | list):
        return None
    if isinstance(value, float):
        number = re.escape(f"{value:.12g}")
        return re.compile(rf"(?<![\d.,]){number}(?:[.,]0+)?(?![\d]|[.,]\d)")
    words = r"\s+".join(re.escape(word) for word in value.split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE) if words else None
