"""Results of rows that were read for an estimate: kept, so that no job pays for them again."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.extract import Outcome
from batch.flags import Flag
from batch.inputs import Input
from core.db import Database, upsert
from core.schema import estimates
from core.statuses import RowStatus
from core.usage import Tokens
from core.values import Value

#: Looked up with one statement.
AT_ONCE = 1000


def keep(db: Database, outcomes: Sequence[Outcome]) -> None:
    """Store what came of rows; those that failed are read again by whoever needs them."""
    done = [
        {
            "input_key": one.key,
            "model": one.model,
            "result": _result(one),
            "created_at": time.time(),
        }
        for one in outcomes
        if one.status is RowStatus.DONE and one.key is not None and one.model
    ]
    with db.write() as connection:
        upsert(connection, estimates, done)


def _result(outcome: Outcome) -> dict[str, Any]:
    """As a job's row has it, with what it took."""
    tokens = outcome.tokens
    return {
        "values": {name: value.to_json() for name, value in outcome.values.items()},
        "notes": list(outcome.notes),
        "flags": [flag.to_json() for flag in outcome.flags],
        "tokens": [tokens.prompt, tokens.completion, tokens.cached],
        "total_ms": outcome.total_ms,
    }


def find(
    connection: Connection, keys: Collection[bytes], answering: Collection[str]
) -> dict[bytes, Mapping[str, Any]]:
    """Kept results by input, from models that may answer, as if they were rows of a job."""
    ordered = sorted(keys)
    found: dict[bytes, Mapping[str, Any]] = {}
    for at in range(0, len(ordered), AT_ONCE):
        query = estimates.select().where(
            estimates.c.input_key.in_(ordered[at : at + AT_ONCE]),
            estimates.c.model.in_(sorted(answering)),
        )
        for row in connection.execute(query.order_by(estimates.c.created_at)).mappings():
            found[row["input_key"]] = _as_row(row)
    return found


def _as_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    empty = {"error": "", "reason": "", "raw": "", "text_key": None, "extracted": None}
    return {**empty, **row["result"], "status": RowStatus.DONE, "model": row["model"]}


def outcome(kept: Mapping[str, Any], item: Input) -> Outcome:
    """What had come of a row when it was read, with what that took; no call is made for it."""
    prompt, completion, cached = kept["tokens"]
    return Outcome(
        item.row_no,
        RowStatus.DONE,
        values={name: Value.from_json(one) for name, one in kept["values"].items()},
        notes=tuple(kept["notes"]),
        flags=tuple(Flag.from_json(one) for one in kept["flags"]),
        key=item.key,
        product_type=item.product_type,
        model=kept["model"],
        attempts=0,
        tokens=Tokens(prompt, completion, cached),
        total_ms=kept["total_ms"],
    )


def remove_older(db: Database, before: float, limit: int) -> bool:
    """Remove some that were kept before then; returns whether there may be more."""
    old = sa.select(estimates.c.input_key, estimates.c.model).where(estimates.c.created_at < before)
    with db.write() as connection:
        found = connection.execute(old.limit(limit)).all()
        for key, model in found:
            connection.execute(
                estimates.delete().where(estimates.c.input_key == key, estimates.c.model == model)
            )
    return len(found) == limit
