"""Every comparable fact of the products in memory: which products meet conditions, at once.

Speaks of products by row number only. Not safe to share between threads by
itself: whoever holds it takes care of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.facts import Fact, Filter, Order
from rag.fact_column import FactColumn, Mask
from rag.query import FieldFacts


class FactArrays:
    """Facts by field, and what there is in each field."""

    def __init__(self) -> None:
        self._columns: dict[str, FactColumn] = {}
        self._fields: dict[str, FieldFacts] = {}
        self.version = 0

    def fields(self) -> Mapping[str, FieldFacts]:
        """What there is, by field; never changed once given."""
        return self._fields

    def replace(self, facts: Mapping[int, Iterable[Fact]], size: int) -> None:
        """Forget what is known of some rows and take in what is known now.

        Args:
            facts: By row; empty for a row that is no more.
            size: One more than the highest row.
        """
        gone = np.zeros(size, bool)
        gone[list(facts)] = True
        for column in self._columns.values():
            column.remove(gone)
        for name, entries in _by_field(facts).items():
            if name not in self._columns:
                self._columns[name] = FactColumn(name)
            self._columns[name].add(entries)
        self._settle()

    def admitted(self, filters: Sequence[Filter], alive: Mask) -> Mask:
        """Which rows meet all conditions.

        Args:
            filters: See :class:`core.facts.Filter` for what they mean.
            alive: The rows that there are.
        """
        admitted = alive.copy()
        for one in filters:
            fitting = np.zeros(len(alive), bool)
            if column := self._columns.get(one.field):
                fitting[column.fitting(one)] = True
            admitted &= ~fitting if one.negated else fitting
        return admitted

    def first(self, rows: NDArray[np.intp], order: Order, size: int) -> NDArray[np.intp]:
        """The rows in the order of a field's numbers; those without one come last."""
        column = self._columns.get(order.field)
        if column is None:
            return rows
        numbers = column.numbers(size)[rows]
        return rows[np.argsort(-numbers if order.descending else numbers, kind="stable")]

    def _settle(self) -> None:
        other_words = [name for name, column in self._columns.items() if column.settle()]
        for name in [name for name, column in self._columns.items() if column.is_empty]:
            del self._columns[name]
        self._fields = {name: column.facts for name, column in self._columns.items()}
        self.version += bool(other_words)


def _by_field(facts: Mapping[int, Iterable[Fact]]) -> dict[str, list[tuple[int, Fact]]]:
    fields: dict[str, list[tuple[int, Fact]]] = {}
    for row, known in facts.items():
        # A list may name the same thing twice, which is one fact.
        for fact in {(one.field, one.text, one.number, one.unit): one for one in known}.values():
            fields.setdefault(fact.field, []).append((row, fact))
    return fields
