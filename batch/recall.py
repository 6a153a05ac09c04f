"""The outcome of a row, from what is stored of an equal one.

Knows nothing of where equal rows are found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch import approved
from batch.columns import Columns
from batch.corrections import answered
from batch.extract import Outcome
from batch.flags import Flag
from batch.grounding import placed
from batch.inputs import Input
from core.statuses import RowStatus
from core.values import Origin, Value


def recalled(stored: Mapping[str, Any], item: Input, columns: Columns) -> Outcome:
    """The outcome of a row, from the stored result of an equal one.

    Where a value stands is looked for again: the cells may differ in what the
    model does not see. Of a row whose values were approved it is the model's own
    result: what was approved is looked up anew, since it may have changed since.
    """
    own = stored["extracted"] if stored["text_key"] is not None else None
    given = stored["values"] if own is None else own
    values = {name: Value.from_json(value) for name, value in given.items()}
    outcome = Outcome(
        item.row_no,
        RowStatus(stored["status"]),
        values={name: _regrounded(value, item, columns) for name, value in values.items()},
        notes=tuple(stored["notes"]),
        flags=_open_flags(stored, given),
        error=stored["error"],
        reason=stored["reason"],
        raw=stored["raw"],
        key=item.key,
        product_type=item.product_type,
        model=stored["model"],
        attempts=0,
    )
    return approved.applied(outcome, item)


def _open_flags(stored: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Flag, ...]:
    """What is doubted about these values; what a person has put there is not."""
    changed = answered(stored) if given is stored["values"] else frozenset()
    flags = (Flag.from_json(one) for one in stored["flags"])
    return tuple(one for one in flags if one.field is None or one.field not in changed)


def _regrounded(value: Value, item: Input, columns: Columns) -> Value:
    if value.origin is Origin.HUMAN:
        return value
    found = placed(value, value.raw or value.value, item.row, columns.text)
    return found if found.column else placed(value, value.value, item.row, columns.text)
