"""Vectors in memory by row number, compared exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.embedding import DIMENSIONS
from rag.fact_column import Mask
from rag.vectors import Vectors, from_bytes

if TYPE_CHECKING:
    import torch

GROWTH = 1.25
SMALLEST = 64
#: Vectors widened at a time: they stay in the processor's cache.
BLOCK = 2048
#: Of what has no vector: further away than anything.
NO_VECTOR = -1.0
#: A greater share than this is compared where it lies.
MOST = 0.15


class VectorRows:
    """A vector for each row that has one; similarities are cosines, the vectors being normalised.

    Searching while another thread replaces vectors is safe: what is replaced at
    that moment may be judged by either of its vectors.
    """

    def __init__(self) -> None:
        self._table = _Table(0)
        self.has: Mask = self._table.has

    def put(self, stored: Mapping[int, bytes]) -> None:
        """Set the vectors of rows, as float16 numbers in bytes."""
        if not stored:
            return
        self._make_room(max(stored) + 1)
        for row, vector in stored.items():
            self._table.vectors[row] = from_bytes(vector)
        self._table.has[list(stored)] = True

    def remove(self, rows: Sequence[int]) -> None:
        """Forget the vectors of rows."""
        known = [row for row in rows if row < len(self._table.has)]
        self._table.has[known] = False

    def count(self) -> int:
        """How many rows have a vector."""
        return int(np.count_nonzero(self._table.has))

    def similarities(self, vector: Sequence[float], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """How near rows are to a vector; -1 for those without one."""
        table = self._table
        found = np.full(len(rows), NO_VECTOR, np.float32)
        inside = rows < len(table.has)
        inside[inside] = table.has[rows[inside]]
        found[inside] = table.compared(vector, rows[inside])
        return found

    def nearest(
        self, vector: Sequence[float], k: int, admitted: Mask | None = None
    ) -> list[tuple[int, float]]:
        """The ``k`` nearest of all rows, or of the admitted ones, each with its similarity."""
        table = self._table
        wanted = table.has
        if admitted is not None:
            # Either may have grown meanwhile.
            shared = min(len(wanted), len(admitted))
            wanted = wanted[:shared] & admitted[:shared]
        rows = np.flatnonzero(wanted)
        found = table.compared(vector, rows)
        best = np.argpartition(-found, k)[:k] if len(found) > k else np.arange(len(found))
        best = best[np.lexsort((rows[best], -found[best]))]
        return [(int(rows[at]), float(found[at])) for at in best]

    def _make_room(self, size: int) -> None:
        held = len(self._table.has)
        if size <= held:
            return
        grown = _Table(max(size, int(held * GROWTH), SMALLEST))
        grown.vectors[:held] = self._table.vectors
        grown.has[:held] = self._table.has
        self._table = grown


class _Table:
    """Arrays of one size, so that a search never meets two of different sizes."""

    def __init__(self, size: int) -> None:
        self.vectors: Vectors = np.zeros((size, DIMENSIONS), np.float16)
        self.has: Mask = np.zeros(size, bool)

    @cached_property
    def tensor(self) -> torch.Tensor:
        import torch

        return torch.from_numpy(self.vectors)

    def compared(self, vector: Sequence[float], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        # NumPy takes ten times as long as Torch to widen float16 numbers.
        import torch

        asked = torch.tensor(vector, dtype=torch.float32)
        if len(rows) > len(self.has) * MOST:
            # Gathering them first would take longer than comparing all that lie between.
            return _compared(self.tensor, asked)[rows]
        return _compared(self.tensor[torch.from_numpy(rows)], asked)


def _compared(vectors: torch.Tensor, asked: torch.Tensor) -> NDArray[np.float32]:
    found = asked.new_empty(len(vectors))
    for start in range(0, len(vectors), BLOCK):
        found[start : start + BLOCK] = vectors[start : start + BLOCK].float() @ asked
    return found.numpy()
