"""What a merchandiser should see about a file, in a bounded number of notes."""

from __future__ import annotations

from dataclasses import dataclass

MAX_NOTES = 200


@dataclass(frozen=True, slots=True)
class Note:
    """Something a merchandiser should see.

    Attributes:
        row: 1-based data row (the header is 0), where one is concerned.
        column: Column name, where one is concerned.
        message: What was found and what was done about it, a whole sentence.
    """

    row: int | None
    column: str | None
    message: str


class Notes:
    """Collects notes; memory stays bounded however bad the file is."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._beyond = 0
        self._counted: dict[str, tuple[int, int]] = {}

    def add(self, row: int | None, column: str | None, message: str) -> None:
        """Note one thing; beyond :data:`MAX_NOTES` it is only counted."""
        if len(self._notes) < MAX_NOTES:
            self._notes.append(Note(row, column, message))
        else:
            self._beyond += 1

    def count(self, row: int, message: str) -> None:
        """Note a thing that may happen on every row, as one note in the end.

        Args:
            row: Where it happened.
            message: Its sentence, with ``{times}`` and ``{row}`` (the first one).
        """
        first, times = self._counted.get(message, (row, 0))
        self._counted[message] = (first, times + 1)

    def all(self) -> tuple[Note, ...]:
        """Counted notes first; if some had to be left out, the last one says how many."""
        counted = [
            Note(first, None, message.format(times=f"{times:,}", row=first))
            for message, (first, times) in self._counted.items()
        ]
        notes = counted + self._notes
        kept = notes[:MAX_NOTES]
        left_out = len(notes) - MAX_NOTES + self._beyond
        if left_out > 0:
            kept[-1] = Note(None, None, f"And {left_out + 1:,} more notes of these kinds.")
        return tuple(kept)
