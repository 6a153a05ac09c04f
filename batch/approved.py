"""What was approved holds: a product that a person has judged gets the same values ever after.

In later jobs and versions those values stand over the model's, so nobody corrects a
mistake twice. A row of which everything was judged takes no call, except where the model
is measured by it: then its own values are kept beside the approved ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.answers import coerce
from batch.demonstrations import THERE, text_key
from batch.extract import Outcome
from batch.fields import FieldSet
from batch.inputs import Input, Judged
from core.db import Database
from core.review_tables import demonstrations
from core.statuses import RowStatus
from core.values import Origin, Scalar, Value

#: Products looked up with one statement.
AT_ONCE = 1000


def with_judgements(db: Database, items: Sequence[Input]) -> list[Input]:
    """The same rows, each with what a person has said about its product."""
    if not items:
        return []
    with db.read() as connection:
        if not any_there(connection):
            return list(items)
        keys = [text_key(item.text, item.product_type) for item in items]
        found = judged(connection, set(keys))
    return [
        replace(item, judged=_of(item.fields, found[key])) if key in found and item.text else item
        for key, item in zip(keys, items, strict=True)
    ]


def any_there(connection: Connection) -> bool:
    """Whether anything was approved at all."""
    return (
        connection.execute(sa.select(demonstrations.c.id).where(THERE).limit(1)).first() is not None
    )


def judged(connection: Connection, keys: set[bytes]) -> dict[bytes, dict[str, Any]]:
    """The demonstrations of products, by their keys."""
    ordered = sorted(keys)
    return {
        row["text_key"]: dict(row)
        for at in range(0, len(ordered), AT_ONCE)
        for row in connection.execute(
            demonstrations.select().where(
                THERE, demonstrations.c.text_key.in_(ordered[at : at + AT_ONCE])
            )
        ).mappings()
    }


def _of(fields: FieldSet, row: Mapping[str, Any]) -> Judged:
    return Judged(row["text_key"], right_answer(fields, row), row["held_back"])


def right_answer(fields: FieldSet, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a demonstration says about these fields, as it was approved.

    A value that was approved in another unit is taken as it is written.
    """
    return {
        field.name: kept["value"]
        if (kept := row["values"].get(field.name)) and kept.get("unit", "") == field.unit
        else row["answer"][field.name]
        for field in fields
        if field.name in row["answer"]
    }


def right_values(fields: FieldSet, answer: Mapping[str, Any]) -> dict[str, Scalar | None]:
    """The judged fields with their typed values; None where there is none.

    A value that does not fit its field any more counts as not judged.
    """
    typed = coerce(fields, answer).values
    return {
        field.name: typed[field.name].value if field.name in typed else None
        for field in fields
        if field.name in answer and (field.name in typed or answer[field.name] is None)
    }


def suffices(item: Input) -> bool:
    """Whether a row takes no call: everything of it was judged, and nothing is measured by it."""
    return item.judged is not None and not item.judged.held_back and _is_whole(item)


def _is_whole(item: Input) -> bool:
    said = right_values(item.fields, item.judged.answer) if item.judged else {}
    return all(
        field.name in said and (said[field.name] is not None or not field.required)
        for field in item.fields
    )


def outcome(item: Input) -> Outcome:
    """What comes of a row that takes no call."""
    bare = Outcome(
        item.row_no,
        RowStatus.DONE,
        key=item.key,
        product_type=item.product_type,
        attempts=0,
    )
    return replace(applied(bare, item), extracted=None)


def applied(came: Outcome, item: Input) -> Outcome:
    """What came of a row, with the approved values over the model's.

    A row that failed is done even so where everything of it was judged.
    """
    done = came.status is RowStatus.DONE
    if item.judged is None or not (done or (came.status is RowStatus.FAILED and _is_whole(item))):
        return came
    said = right_values(item.fields, item.judged.answer)
    over = replace(
        came,
        status=RowStatus.DONE,
        values=dict(_over(item.fields, came.values, said)),
        flags=() if _is_whole(item) else tuple(one for one in came.flags if one.field not in said),
        text_key=item.judged.key,
    )
    if done:
        return replace(over, extracted=came.values)
    return replace(
        over, error="", reason="", raw="", notes=(f"The model gave no result: {came.error}",)
    )


def _over(
    fields: FieldSet, own: Mapping[str, Value], said: Mapping[str, Scalar | None]
) -> Iterator[tuple[str, Value]]:
    for field in fields:
        right = said.get(field.name)
        if right is not None:
            yield field.name, Value(right, Origin.HUMAN)
        elif field.name not in said and field.name in own:
            yield field.name, own[field.name]
