"""A model's answer, read: typed values with where they stand, and what is to be doubted.

The one way from an answer to a result, whoever gave the answer: parsed, weighed
against what approved rows say (:mod:`batch.evidence`), typed (:mod:`batch.answers`),
checked against the row and brought into form (:mod:`batch.verify`), and doubted
where there is reason to (:mod:`batch.doubts`).

An answer that is not a whole JSON object is an error: nothing here repairs
broken JSON, because a repaired answer looks like a good one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from batch.answers import coerce
from batch.confidence import confidences, told
from batch.doubts import FROM_AN_ORDER, doubts
from batch.evidence import settle
from batch.fields import FieldSet
from batch.flags import Flag
from batch.inputs import Input
from batch.prompt import ROW_CHARACTERS
from batch.verify import verify
from core.errors import AnswerError
from core.model import Answer
from core.values import Origin, Value

CUT = "Only a part of the text was read"
FIRST_PART = f"Only the first {ROW_CHARACTERS:,} characters were read."


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says about one row.

    Attributes:
        values: By field name, in the order of the fields.
        notes: What was noticed and corrected, in words.
        flags: Why a person should look at it.
    """

    values: dict[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()


def read(answer: Answer, item: Input, columns: Sequence[str], *, partly: bool = False) -> Reading:
    """What an answer says about a row.

    Args:
        answer: As the model gave it.
        item: The row that it was asked about.
        columns: Columns the model read, in order.
        partly: Whether there is more of the row to read: what is required may stand there.

    Raises:
        AnswerError: It is not what was asked for.
    """
    lesson, given = item.lesson, _parsed(answer.text)
    settled = settle(item.fields, given, item.text, lesson.evidence, lesson.rules)
    typed = coerce(item.fields, settled)
    sure = confidences(answer.text, answer.written, told(given, settled))
    values: dict[str, Value] = {}
    flags = list(typed.flags)
    for one in item.fields:
        if value := typed.values.get(one.name):
            value = replace(value, confidence=sure[one.name]) if one.name in sure else value
            verified = verify(one, value, item.row, columns)
            flags += verified.flags
            if verified.value is not None:
                values[one.name] = verified.value
    notes = [*map(_note, typed.flags), *typed.notes]
    if not lesson.rules.trust:
        notes += _leave_out_echoes(item.fields, values)
    flags += doubts(item, values, columns)
    _leave_out_ordered(flags, values)
    missing = [one.name for one in item.fields if one.required and one.name not in values]
    if missing and not partly:
        raise AnswerError(f"No value for the required {', '.join(missing)}.", raw=answer.text)
    if item.rest:
        notes.append(FIRST_PART)
        flags.append(Flag(None, CUT))
    return Reading(values, tuple(notes), tuple(flags))


def _note(flag: Flag) -> str:
    said = f": “{flag.detail}”" if flag.detail else ""
    return f"{flag.field}: {flag.reason[0].lower()}{flag.reason[1:]}{said}"


def _leave_out_echoes(fields: FieldSet, values: dict[str, Value]) -> list[str]:
    """Leave out what was said before: small models give one passage for several fields.

    Returns:
        What was left out, in words.
    """
    given: dict[tuple[str | None, int | None, int | None], str] = {}
    problems = []
    for one in fields:
        value = values.get(one.name)
        if value is None or not one.copied or value.origin is not Origin.STATED:
            continue
        first = given.setdefault((value.column, value.start, value.end), one.name)
        if first != one.name and not one.required:
            del values[one.name]
            problems.append(f"{one.name}: the same words as {first}, left out")
    return problems


def _leave_out_ordered(flags: Sequence[Flag], values: dict[str, Value]) -> None:
    """Leave out what only stands in text that speaks to the model; the flags say so."""
    for flag in flags:
        if flag.reason == FROM_AN_ORDER:
            values.pop(flag.field or "", None)


def _parsed(text: str) -> dict[str, Any]:
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise AnswerError("The model's answer was not valid JSON.", raw=text) from error
    if not isinstance(parsed, dict):
        raise AnswerError("The model's answer was not a JSON object.", raw=text)
    return parsed
