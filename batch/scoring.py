"""How good extracted values are, against the right ones: precision, recall and F1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

#: Times that the rows are drawn anew to see how far a figure may be off.
DRAWS = 2000
#: The interval holds the figure in so many of a hundred cases.
WITHIN = 95


@dataclass(frozen=True, slots=True)
class Counts:
    """Values that were right, wrong or missing.

    Attributes:
        right: Given and right.
        wrong: Given, and not right or where there is none.
        missed: There, and not given or not given right.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.right + other.right, self.wrong + other.wrong, self.missed + other.missed
        )

    @property
    def precision(self) -> float:
        """Of the values given, the share that is right."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of the values that there are, the share that was given right."""
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def count(
    fields: Iterable[str], given: Mapping[str, str], accepted: Mapping[str, frozenset[str]]
) -> Counts:
    """Score one row.

    Args:
        fields: The fields that count.
        given: Field to the extracted value; none for a field without one.
        accepted: Field to the values that are right; none where there is no value.
    """
    right = wrong = missed = 0
    for field in fields:
        value, values = given.get(field), accepted.get(field)
        hit = value is not None and values is not None and value in values
        right += hit
        wrong += value is not None and not hit
        missed += values is not None and not hit
    return Counts(right, wrong, missed)


def interval(rows: Sequence[Counts], seed: int = 0) -> tuple[float, float]:
    """The 95% interval of the F1 of rows, by drawing rows anew (a bootstrap)."""
    if not rows:
        return 0.0, 0.0
    table = np.array([(one.right, one.wrong, one.missed) for one in rows], dtype=np.int64)
    drawn = np.random.default_rng(seed).integers(0, len(rows), (DRAWS, len(rows)))
    right, wrong, missed = table[drawn].sum(axis=1).T
    f1 = 2 * right / np.maximum(1, 2 * right + wrong + missed)
    low, high = np.percentile(f1, [(100 - WITHIN) / 2, (100 + WITHIN) / 2])
    return float(low), float(high)
