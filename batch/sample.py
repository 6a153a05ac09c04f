"""A few rows that stand for a whole catalog: spread over its product types and text lengths."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from batch.inputs import Input

SAMPLE_ROWS = 20
#: The same rows each time: an estimate that is made again differs by what was changed, not by luck.
SEED = 2024

#: Whether a row's result is known: not, by jobs or people, or by an earlier estimate.
UNKNOWN, KNOWN, READ = range(3)
#: For each row its number, its product type, its characters, and whether its result is known.
Rows = npt.NDArray[np.int32]


class Population:
    """Rows to choose from; 24 bytes a row, so that a million of them fit."""

    def __init__(self) -> None:
        self._types: dict[str, int] = {}
        self._blocks: list[npt.NDArray[np.int32]] = []
        self._keys: list[npt.NDArray[np.uint64]] = []

    def add(self, items: Sequence[Input], known: Collection[int], read: Collection[int]) -> None:
        """Add rows, with the numbers of those that are known, and of those read for an estimate."""
        types = self._types
        block = [
            (
                item.row_no,
                types.setdefault(item.product_type.casefold(), len(types)),
                len(item.text),
                KNOWN if item.row_no in known else READ if item.row_no in read else UNKNOWN,
            )
            for item in items
        ]
        self._blocks.append(np.array(block, dtype=np.int32).reshape(-1, 4))
        # The first eight bytes of a key tell millions apart, and take little memory.
        joined = b"".join(item.key[:8] for item in items)
        self._keys.append(np.frombuffer(joined, dtype=np.uint64))

    def distinct(self) -> Rows:
        """The rows that equal no earlier one."""
        if not self._blocks:
            return np.empty((0, 4), dtype=np.int32)
        _, first = np.unique(np.concatenate(self._keys), return_index=True)
        found: Rows = np.concatenate(self._blocks)[np.sort(first)]
        return found


def stratified(rows: Rows, count: int = SAMPLE_ROWS, seed: int = SEED) -> tuple[int, ...]:
    """Numbers of rows that stand for all.

    Every so-manieth row in the order of type and length: each product type has its
    share of the sample, and its short and long texts have theirs, so that plain means
    hold for the whole.

    Args:
        rows: Those to choose from.
        count: How many are wanted; all, where there are no more.
        seed: Chooses where to begin.

    Returns:
        The numbers, ascending.
    """
    total = len(rows)
    if total <= count:
        return tuple(sorted(int(number) for number in rows[:, 0]))
    ordered = rows[np.lexsort((rows[:, 0], rows[:, 2], rows[:, 1])), 0]
    start = np.random.default_rng(seed).random()
    places = ((np.arange(count) + start) * total / count).astype(int)
    return tuple(sorted(int(number) for number in ordered[places]))
