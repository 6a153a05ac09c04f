"""What a row may learn from: approved rows like it, and what they say about its values.

Told by the row and the demonstrations alone, never by the rows beside it: a row
that comes again has the same lesson, and with it the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from batch.evidence import NO_RULES, Evidence, Rules, Witness
from batch.fields import FieldSet
from core.nearest import Demonstration, Nearest

#: Characters that they may have together; about 1,000 tokens of English.
BUDGET = 4000
#: One that is longer leaves no room for others.
LONGEST = 1500


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """A demonstration as it stands in a prompt.

    Attributes:
        text: The product.
        answer: What the model should have said about it, as JSON.
    """

    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one row learns from.

    Attributes:
        shown: In the order of the prompt.
        evidence: What all demonstrations of its type say about its values.
        rules: What they say of its fields.
    """

    shown: tuple[Shown, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rules: Rules = NO_RULES

    def __bool__(self) -> bool:
        return bool(self.shown or self.evidence)

    def to_json(self) -> list[Any]:
        """All that makes a difference to the row's result."""
        return [self.shown, self.evidence, self.rules]


NO_LESSON = Lesson()

#: All demonstrations of a product type, the oldest first.
OfType = Callable[[str], Sequence[Demonstration]]


class Lessons:
    """Makes the lessons of rows.

    Args:
        of_type: All demonstrations of a product type.
        nearest: Finds those that are most like a row.
        shown: Demonstrations that a row is shown at most.
    """

    def __init__(self, of_type: OfType, nearest: Nearest, *, shown: int) -> None:
        self._of_type = of_type
        self._nearest = nearest
        self._shown = shown
        self._witnesses: dict[tuple[str, int], Witness | None] = {}

    def of(self, texts: Sequence[str], product_type: str, fields: FieldSet) -> list[Lesson]:
        """The lesson of each row, all of them of one product type.

        Raises:
            ServiceError: The search for demonstrations cannot be made.
        """
        witness = self._witness(product_type, fields)
        if witness is None:
            return [NO_LESSON] * len(texts)
        found = (
            self._nearest(texts, product_type, self._shown) if self._shown else [[]] * len(texts)
        )
        return [
            Lesson(shown(like, fields), witness.about(text), witness.rules)
            for text, like in zip(texts, found, strict=True)
        ]

    def _witness(self, product_type: str, fields: FieldSet) -> Witness | None:
        """Made once for a product type; None where nothing is known of it."""
        key = (product_type.casefold(), id(fields))
        if key not in self._witnesses:
            found = self._of_type(product_type)
            known = [replace(one, answer=_judged(one, fields)) for one in found]
            self._witnesses[key] = Witness(known, fields) if known else None
        return self._witnesses[key]


def shown(like: Sequence[Demonstration], fields: FieldSet) -> tuple[Shown, ...]:
    """Demonstrations as they stand in a prompt, as many as there is room for.

    In an order that does not depend on the row: rows that are sorted by what they are
    shown then begin alike, and a server reads what they share once.

    Args:
        like: The most alike first.
        fields: What is asked for.
    """
    room, chosen = BUDGET, []
    for one in like:
        answer = _answer(one, fields)
        size = len(one.text) + len(answer or "")
        if answer is not None and size <= min(LONGEST, room):
            room -= size
            chosen.append((one.id, Shown(one.text, answer)))
    return tuple(each for _, each in sorted(chosen, key=lambda pair: pair[0]))


def _answer(one: Demonstration, fields: FieldSet) -> str | None:
    """The right answer as the model should give it; None where no field was judged."""
    judged = _judged(one, fields)
    if not judged:
        return None
    stated = {name: value for name, value in judged.items() if value not in (None, "", [])}
    return orjson.dumps(stated).decode()


def _judged(one: Demonstration, fields: FieldSet) -> dict[str, Any]:
    """The values of the fields that are asked for, whatever the case of their names."""
    given = {name.casefold(): value for name, value in one.answer.items()}
    names = {field.name: field.name.casefold() for field in fields}
    return {name: given[folded] for name, folded in names.items() if folded in given}
