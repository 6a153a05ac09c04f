"""Where a value stands in its row: told by matching text, never by asking the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from batch.numbers import NUMBER, SPELLED, only_number, plain
from batch.words import words
from core.values import Origin, Scalar, Value

Span = tuple[int, int]


def ground(value: Scalar, row: Mapping[str, str], columns: Sequence[str]) -> Value:
    """The value with the place it is stated at, or marked as inferred.

    Texts match by their words (:mod:`batch.words`), best where their case is
    the same; numbers match as whole numbers, however they are written. A list
    is stated where each of its items is, and its place is that of the first.
    Yes and no are the model's conclusion.

    Args:
        value: A typed value.
        row: Cells by column name, as they stand in the catalog.
        columns: Columns the model read, in the order to search.
    """
    return placed(Value(value), value, row, columns)


def placed(value: Value, written: Scalar, row: Mapping[str, str], columns: Sequence[str]) -> Value:
    """The value with the place at which a written form of it stands, or marked as inferred."""
    found = place(written, row, columns)
    if found is None:
        return replace(value, origin=Origin.INFERRED, column=None, start=None, end=None)
    column, (start, end) = found
    return replace(value, origin=Origin.STATED, column=column, start=start, end=end)


def place(value: Scalar, row: Mapping[str, str], columns: Sequence[str]) -> tuple[str, Span] | None:
    """The column and the span at which a value stands; None where it does not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, list):
        found = [place(item, row, columns) for item in value]
        return found[0] if found and all(found) else None
    looks = (_exactly, _in_words) if isinstance(value, str) else (_as_number,)
    for look in looks:
        for column in columns:
            if span := look(value, row.get(column, "")):
                return column, span
    return None


def _exactly(text: Scalar, cell: str) -> Span | None:
    """Whole words as they are, which most values are."""
    wanted = str(text).strip()
    start = cell.find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        if not (cell[max(0, start - 1) : start].isalnum() or cell[end : end + 1].isalnum()):
            return start, end
        start = cell.find(wanted, start + 1)
    return None


def _in_words(text: Scalar, cell: str) -> Span | None:
    return next(words(cell).places(words(str(text))), None)


def _as_number(value: Scalar, cell: str) -> Span | None:
    """The number, rather where it is not part of a name such as "X100"."""
    spans = [span for span, number in numbers_in(cell) if value in number]
    apart = (span for span in spans if not cell[max(0, span[0] - 1) : span[0]].isalpha())
    found = next(apart, spans[0] if spans else None)
    return found or (_spelled(value, cell) if isinstance(value, float) else None)


def _spelled(number: float, cell: str) -> Span | None:
    """The number in words: "sleeps four"."""
    figures = plain(number)
    if figures not in SPELLED.values():
        return None
    found = (word for word in words(cell).all if SPELLED.get(word.fold) == figures)
    return next(((word.start, word.end) for word in found), None)


def numbers_in(cell: str) -> Iterator[tuple[Span, tuple[float, ...]]]:
    """The numbers of a cell, each with what it can mean: ``1.299`` is either of two."""
    for match in NUMBER.finditer(cell):
        try:
            number = only_number(match[0])
        except ValueError:
            continue
        grouped = re.fullmatch(r"[-+]?\d{1,3}[.,]\d{3}", match[0])
        other = (float(re.sub(r"[.,]", "", match[0])),) if grouped else ()
        yield match.span(), (number, *other)
