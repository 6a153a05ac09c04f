"""What a searching process holds in memory of one kind of thing: by words and by meaning.

Each thing has a row, which everything else here goes by; the row of a thing
that is no more goes to the next that comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from rag.fact_column import Mask
from rag.lexical import LexicalIndex
from rag.things import Thing
from rag.vector_rows import VectorRows
from rag.vectors import text_key

GROWTH = 1.25
SMALLEST = 64

#: Gives the stored vectors among some keys.
Lookup = Callable[[Iterable[bytes]], Mapping[bytes, bytes]]


class Held:
    """Things of one kind. One thread may change them while others search.

    Attributes:
        alive: The rows that there are; replaced, never changed, when it grows.
        row_of: Rows by id.
    """

    def __init__(self) -> None:
        self.words = LexicalIndex()
        self.vectors = VectorRows()
        self.row_of: dict[str, int] = {}
        self.alive: Mask = np.zeros(0, bool)
        self._ids: list[str] = []
        self._free: list[int] = []
        self._keys: dict[int, bytes] = {}
        self._waiting: dict[bytes, set[int]] = {}

    def __len__(self) -> int:
        return len(self.row_of)

    def id(self, row: int) -> str:
        """The id of what has this row; of what had it last, when that is no more."""
        return self._ids[row]

    def replace(self, things: Sequence[Thing], gone: Iterable[str], lookup: Lookup) -> list[int]:
        """Take things in anew, and forget some; returns the rows of those taken in, in order.

        Args:
            things: New or changed.
            gone: Ids; unknown ones are ignored.
            lookup: Finds the vectors; those that are not there yet are waited for.
        """
        left = self._forget(gone)
        rows = [self._row(thing.id) for thing in things]
        by_row = dict(zip(rows, things, strict=True))
        self.words.replace(dict.fromkeys(left) | {row: one.words for row, one in by_row.items()})
        self._await({row: text_key(thing.embedded) for row, thing in by_row.items()})
        self.give(lookup(self._keys[row] for row in by_row))
        self.alive[rows] = True
        return rows

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Those of some vectors' keys that something here waits for."""
        return [key for key in keys if key in self._waiting]

    def give(self, vectors: Mapping[bytes, bytes]) -> None:
        """Take in those vectors that something here waits for."""
        self.vectors.put(
            {row: vector for key, vector in vectors.items() for row in self._waiting.pop(key, ())}
        )

    def rows_of(self, ids: Iterable[str]) -> list[int]:
        """The rows of those ids that are here, in order."""
        return [row for id in ids if (row := self.row_of.get(id)) is not None]

    def _forget(self, gone: Iterable[str]) -> list[int]:
        left = [row for id in gone if (row := self.row_of.pop(id, None)) is not None]
        self.alive[left] = False
        self._await(dict.fromkeys(left))
        self._free += left
        return left

    def _row(self, id: str) -> int:
        row = self.row_of.get(id)
        if row is None:
            row = self._free.pop() if self._free else len(self._ids)
            self._ids[row : row + 1] = [id]
            self._make_room(row + 1)
            self.row_of[id] = row
        return row

    def _await(self, keys: Mapping[int, bytes | None]) -> None:
        """Note which vectors rows need; a row whose text is the same keeps its own."""
        other = [row for row, key in keys.items() if self._keys.get(row) != key]
        self.vectors.remove(other)
        for row in other:
            before, key = self._keys.pop(row, None), keys[row]
            if before in self._waiting:
                self._waiting[before].discard(row)
            if key is not None:
                self._keys[row] = key
                self._waiting.setdefault(key, set()).add(row)

    def _make_room(self, size: int) -> None:
        if size > len(self.alive):
            grown = np.zeros(max(size, int(len(self.alive) * GROWTH), SMALLEST), bool)
            grown[: len(self.alive)] = self.alive
            self.alive = grown
