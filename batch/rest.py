"""The rest of a row that is too long to be read at once: asked for what is still missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from batch.fields import FieldSet
from batch.flags import Flag
from batch.inputs import Input
from batch.outcome import Outcome
from batch.parts import likeliest
from batch.reading import CUT, FIRST_PART
from core.statuses import RowStatus

ReadPart = Callable[[Input], Awaitable[Outcome]]


class Rest:
    """Reads on in long rows. Rows that miss the same fields share one field set."""

    def __init__(self) -> None:
        self._subsets: dict[tuple[int, tuple[str, ...]], FieldSet] = {}

    async def read_on(self, item: Input, first: Outcome, read_part: ReadPart) -> Outcome:
        """The outcome of a long row, of whose first part is known what came.

        Further parts are read while fields have no value, the likeliest ones, and at
        most :data:`batch.parts.MORE_PARTS`. Each is a call of its own, and counted.

        Args:
            item: The row.
            first: What came of its first part.
            read_part: Asks for one part.
        """
        if first.status is not RowStatus.DONE:
            return first
        parts = (item.text, *item.rest)
        found, read = first, 1
        for number in likeliest(parts, self._missing(item, first)):
            missing = self._missing(item, found)
            if not missing:
                break
            # Its evidence is of places in the first part.
            lesson = replace(item.lesson, evidence=())
            part = replace(item, text=parts[number], rest=(), fields=missing, lesson=lesson)
            found = _joined(item, found, await read_part(part))
            read += 1
        return _ended(item, found, read, len(parts), self._missing(item, found))

    def _missing(self, item: Input, found: Outcome) -> FieldSet:
        """The fields without a value; the same object for the same fields, for whom it counts."""
        fields = tuple(one for one in item.fields if one.name not in found.values)
        key = (id(item.fields), tuple(one.name for one in fields))
        return self._subsets.setdefault(key, fields)


def _joined(item: Input, before: Outcome, part: Outcome) -> Outcome:
    """What came of a row so far, and of one more of its parts."""
    values = before.values | part.values
    counted = replace(
        before,
        attempts=before.attempts + part.attempts,
        tokens=before.tokens + part.tokens,
        total_ms=before.total_ms + part.total_ms,
        calls=before.calls + part.calls,
    )
    if part.status is not RowStatus.DONE:
        return replace(counted, notes=(*before.notes, f"A further part: {part.error}"))
    settled = [one for one in before.flags if one.field not in part.values]
    return replace(
        counted,
        values={one.name: values[one.name] for one in item.fields if one.name in values},
        notes=(*before.notes, *part.notes),
        flags=tuple(dict.fromkeys([*settled, *part.flags])),
    )


def _ended(item: Input, found: Outcome, read: int, parts: int, missing: FieldSet) -> Outcome:
    """The outcome with a note of how much was read; that is a doubt where something is missing."""
    note = f"Read {read} of the {parts} parts of this long text."
    notes = (note, *(one for one in found.notes if one != FIRST_PART))
    flags = tuple(one for one in found.flags if one.reason != CUT)
    required = [one.name for one in missing if one.required]
    if required:
        error = f"No value for the required {', '.join(required)}."
        return replace(
            found,
            status=RowStatus.FAILED,
            values={},
            flags=(),
            notes=notes,
            error=error,
            reason=error,
        )
    if missing and read < parts:
        flags = (*flags, Flag(None, CUT, f"{read} of {parts} parts"))
    return replace(found, notes=notes, flags=flags)
