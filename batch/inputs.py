"""What goes into a row's result: its text as the model reads it, and a key that names all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson

from batch.answers import answer_schema
from batch.columns import Columns
from batch.fields import FieldSet
from batch.lessons import NO_LESSON, Lesson, Lessons
from batch.parts import split
from batch.plan import Plan
from batch.prompt import PROMPT_VERSION, ROW_CHARACTERS, system_text, whole_text

KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Judged:
    """What a person has said about a product; see :mod:`batch.approved`.

    Attributes:
        key: Names the product; see :func:`batch.demonstrations.text_key`.
        answer: Field name to the right value; None where there is none. A field that is
            not in it was not judged.
        held_back: Whether the model is measured by it.
    """

    key: bytes
    answer: Mapping[str, Any]
    held_back: bool


@dataclass(frozen=True, slots=True)
class Input:
    """One row, ready to be asked for.

    Attributes:
        row_no: 1-based.
        row: Its cells by column, as they stand in the catalog.
        text: What of it the model reads at once.
        rest: The parts that follow it, where it is too long for that.
        product_type: What kind of product it is; empty where no column says.
        fields: What is asked for.
        lesson: What it learns from approved rows.
        key: The same for every row of which a model is asked exactly the same,
            in this and in other catalogs; 16 bytes.
        judged: What a person has said about this very product, if anybody has.
    """

    row_no: int
    row: Mapping[str, str]
    text: str
    rest: tuple[str, ...]
    key: bytes
    product_type: str
    fields: FieldSet
    judged: Judged | None = None
    lesson: Lesson = NO_LESSON


class Inputs:
    """Makes inputs of rows; the part that all rows share is prepared once.

    Which model answers is not in the key: it is known only once it has.

    Args:
        columns: Which columns the model reads.
        plan: What is asked for.
        lessons: What rows learn from approved ones; None: nothing.
    """

    def __init__(self, columns: Columns, plan: Plan, lessons: Lessons | None = None) -> None:
        self._columns = columns
        self._plan = plan
        self._lessons = lessons
        self._type_column = plan.by or columns.department
        # By identity, since the plan keeps its sets: hashing one takes longer than all the rest.
        self._shared: dict[int, bytes] = {}

    def of(self, row_no: int, row: Mapping[str, str]) -> Input:
        """The input that a row is, which learns from nothing; see :meth:`all`."""
        whole = whole_text(row, self._columns)
        text, *rest = split(whole, ROW_CHARACTERS)
        product_type = row.get(self._type_column or "", "").strip()
        fields = self._plan.of_type(product_type)
        digest = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES)
        digest.update(self._shared_by(fields))
        return Input(row_no, row, text, tuple(rest), digest.digest(), product_type, fields)

    def all(self, rows: Iterable[tuple[int, Mapping[str, str]]]) -> list[Input]:
        """The inputs that rows are, with what they learn; in their order.

        Raises:
            ServiceError: The search for demonstrations cannot be made.
        """
        items = [self.of(row_no, row) for row_no, row in rows]
        if self._lessons is None:
            return items
        alike: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for place, item in enumerate(items):
            if item.text:
                alike[item.product_type, id(item.fields)].append(place)
        for places in alike.values():
            some = [items[place] for place in places]
            texts = [item.text for item in some]
            found = self._lessons.of(texts, some[0].product_type, some[0].fields)
            for place, item, lesson in zip(places, some, found, strict=True):
                items[place] = _taught(item, lesson)
        return items

    def _shared_by(self, fields: FieldSet) -> bytes:
        """What all rows of these fields share."""
        if id(fields) not in self._shared:
            shared = [
                PROMPT_VERSION,
                system_text(fields),
                answer_schema(fields),
                [field.model_dump(mode="json") for field in fields],
            ]
            digest = blake2b(orjson.dumps(shared), digest_size=KEY_BYTES).digest()
            self._shared[id(fields)] = digest
        return self._shared[id(fields)]


def _taught(item: Input, lesson: Lesson) -> Input:
    """The input with what it learns, and so with a key of its own."""
    if not lesson:
        return item
    digest = blake2b(item.key, digest_size=KEY_BYTES)
    digest.update(orjson.dumps(lesson.to_json()))
    return replace(item, lesson=lesson, key=digest.digest())


def in_prompt_order(items: Sequence[Input]) -> list[Input]:
    """Rows whose prompts begin alike beside each other: a server reads what they share once."""
    return sorted(items, key=lambda item: (item.product_type, item.lesson.shown, item.row_no))
