"""One field's facts in memory, as arrays with a place for each fact.

A fact's product is a row number; whoever gives out the numbers says which
rows changed, and all their facts are replaced at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.facts import Fact, Filter
from rag.query import FieldFacts

Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]

GROWTH = 2
SMALLEST = 16
NOBODY = -1
#: Of a fact that is no text, and of one without a unit.
NOTHING = 0


class FactColumn:
    """The facts of one field."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.facts = FieldFacts(name)
        self._rows: Rows = np.empty(0, np.int32)
        self._texts: NDArray[np.int32] = np.empty(0, np.int32)
        self._numbers: NDArray[np.float64] = np.empty(0, np.float64)
        self._units: NDArray[np.int32] = np.empty(0, np.int32)
        self._free: list[int] = []
        self._codes = _Codes()
        self._unit_codes = _Codes()
        self._changed = False

    def remove(self, gone: Mask) -> None:
        """Forget what is known of some rows.

        Args:
            gone: By row number; longer than the highest.
        """
        places = np.flatnonzero((self._rows >= 0) & gone[self._rows])
        if not len(places):
            return
        self._changed = True
        for code, count in zip(*np.unique(self._texts[places], return_counts=True), strict=True):
            self._codes.drop(int(code), int(count))
        for code, count in zip(*np.unique(self._units[places], return_counts=True), strict=True):
            self._unit_codes.drop(int(code), int(count))
        self._rows[places] = NOBODY
        self._free += places.tolist()

    def add(self, entries: Sequence[tuple[int, Fact]]) -> None:
        """Add facts of rows; each as its row and itself."""
        self._changed = True
        self._make_room(len(entries))
        places = [self._free.pop() for _ in entries]
        self._rows[places] = [row for row, _ in entries]
        self._texts[places] = [self._codes.take(fact.text, fact.shown) for _, fact in entries]
        self._numbers[places] = [
            np.nan if fact.number is None else fact.number for _, fact in entries
        ]
        self._units[places] = [self._unit_codes.take(fact.unit, fact.unit) for _, fact in entries]

    def fitting(self, condition: Filter) -> Rows:
        """The rows that have a fact which fits; a row may come twice."""
        fits = self._rows >= 0
        if condition.texts:
            fits &= self._having(condition.texts)
        # What is no number is neither above nor below.
        if condition.low is not None:
            above = np.greater if condition.strict else np.greater_equal
            fits &= above(self._numbers, condition.low)
        if condition.high is not None:
            below = np.less if condition.strict else np.less_equal
            fits &= below(self._numbers, condition.high)
        if condition.unit:
            unit = self._unit_codes.code(condition.unit)
            fits &= (self._units == unit) | (self._units == NOTHING)
        return self._rows[fits]

    def numbers(self, size: int) -> NDArray[np.float64]:
        """The number of each row; NaN where there is none."""
        found = np.full(size, np.nan)
        held = self._rows >= 0
        held &= ~np.isnan(self._numbers)
        found[self._rows[held]] = self._numbers[held]
        return found

    def settle(self) -> bool:
        """Sum up what changed; returns whether a text or a unit came or went."""
        if not self._changed:
            return False
        self._changed = False
        before, numbers = self.facts, self._numbers[self._rows >= 0]
        numbers = numbers[~np.isnan(numbers)]
        self.facts = FieldFacts(
            self.name,
            texts=self._codes.counts(),
            shown=self._codes.shown(),
            numbers=len(numbers),
            low=float(numbers.min()) if len(numbers) else None,
            high=float(numbers.max()) if len(numbers) else None,
            units=frozenset(self._unit_codes.counts()),
        )
        same = before.texts.keys() == self.facts.texts.keys() and before.units == self.facts.units
        return not same or bool(before.numbers) != bool(self.facts.numbers)

    @property
    def is_empty(self) -> bool:
        """Whether no product has such a fact any more."""
        return not self.facts.texts and not self.facts.numbers

    def _having(self, texts: Sequence[str]) -> Mask:
        codes = [code for text in texts if (code := self._codes.code(text)) != NOBODY]
        wanted = np.zeros(self._codes.size, bool)
        wanted[codes] = True
        found: Mask = wanted[self._texts]
        return found

    def _make_room(self, count: int) -> None:
        held = len(self._rows)
        missing = count - len(self._free)
        if missing <= 0:
            return
        size = max(held * GROWTH, held + missing, SMALLEST)
        self._rows = _grown(self._rows, size, NOBODY)
        self._texts = _grown(self._texts, size, NOTHING)
        self._numbers = _grown(self._numbers, size, np.nan)
        self._units = _grown(self._units, size, NOTHING)
        self._free += range(size - 1, held - 1, -1)


class _Codes:
    """Numbers for texts; 0 is the empty text. A text that nobody has gives its number back."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._texts: list[str] = [""]
        self._free: list[int] = []
        self._counts: dict[str, int] = {}
        self._shown: dict[str, str] = {}

    @property
    def size(self) -> int:
        return len(self._texts)

    def code(self, text: str) -> int:
        return self._of.get(text, NOBODY) if text else NOTHING

    def take(self, text: str, shown: str) -> int:
        if not text:
            return NOTHING
        code = self._of.get(text)
        if code is None:
            code = self._free.pop() if self._free else len(self._texts)
            self._texts[code : code + 1] = [text]
            self._of[text] = code
            self._shown[text] = shown
        self._counts[text] = self._counts.get(text, 0) + 1
        return code

    def drop(self, code: int, count: int) -> None:
        if code == NOTHING:
            return
        text = self._texts[code]
        self._counts[text] -= count
        if not self._counts[text]:
            del self._of[text], self._counts[text], self._shown[text]
            self._free.append(code)

    def counts(self) -> dict[str, int]:
        return dict(self._counts)

    def shown(self) -> dict[str, str]:
        return dict(self._shown)


def _grown(array: NDArray[Any], size: int, filling: float) -> NDArray[Any]:
    larger = np.full(size, filling, array.dtype)
    larger[: len(array)] = array
    return larger
