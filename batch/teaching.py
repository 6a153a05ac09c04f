"""What the model is taught: approved rows become demonstrations, and cease to be.

A demonstration is a product: its text as the model reads it, its type, and what
should be answered. It is made of every approval that stands behind it, the latest
of which counts for each field. A fifth of them is held back, to measure the model by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from batch.answers import answer_schema
from batch.demonstrations import Product, add, change, text_key
from batch.fields import Field, FieldSet, FieldType
from batch.inputs import Input, Inputs
from batch.jobs import Job
from batch.plan import Plan
from batch.table import read_rows
from batch.uploads import table_path
from core.review_tables import demonstrations
from core.schema import jobs, rows
from core.settings import Settings
from core.statuses import JobStatus, Review
from core.values import Origin, Scalar, Value

#: Rows named in one statement.
AT_ONCE = 500

T = TypeVar("T")


def read_inputs(settings: Settings, job: Job, row_nos: Collection[int]) -> dict[int, Input]:
    """Rows of a job as the model reads them, by number; what :func:`learn` needs.

    Reads the catalog's file, which may take long: not to be called in a transaction.

    Raises:
        CatalogError: The stored catalog is missing or damaged.
    """
    inputs = Inputs(job.columns, job.plan)
    found = read_rows(table_path(settings, job.upload_id), sorted(set(row_nos)))
    return {row_no: inputs.of(row_no, cells) for row_no, cells in found}


def learn(connection: Connection, job: Job, inputs: Mapping[int, Input]) -> None:
    """Bring demonstrations in step with rows whose review has changed, or whose values have.

    An approved row becomes a demonstration, or changes the one of the same product. A row
    that is not approved any more takes its demonstration away, unless another approval
    stands behind it.

    Args:
        connection: In the write transaction that changed the rows.
        job: Their job.
        inputs: The rows, from :func:`read_inputs`, read before the transaction began.
    """
    keys = {
        row_no: text_key(item.text, item.product_type)
        for row_no, item in inputs.items()
        if item.text
    }
    _name(connection, job, keys)
    of_key = {key: inputs[row_no] for row_no, key in keys.items()}
    standing: set[bytes] = set()
    for some in _blocks(sorted(of_key)):
        approvals = _approvals(connection, some, {job.id: inputs})
        there = _there(connection, some)
        for key in some:
            _teach(connection, of_key[key], key, approvals.get(key, []), there.get(key))
        standing |= approvals.keys()
    _name(connection, job, {row_no: None for row_no, key in keys.items() if key not in standing})


def _blocks(names: Sequence[T]) -> Iterator[Sequence[T]]:
    return (names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE))


def _name(connection: Connection, job: Job, keys: Mapping[int, bytes | None]) -> None:
    """Note on the rows which product they are; None: that it does not matter any more."""
    named = [{"number": row_no, "key": key} for row_no, key in sorted(keys.items())]
    if named:
        change = (
            rows.update()
            .where(rows.c.job_id == job.id, rows.c.row_no == sa.bindparam("number"))
            .values(text_key=sa.bindparam("key"))
        )
        connection.execute(change, named)


@dataclass(frozen=True, slots=True)
class _Approval:
    """A row that a person has approved, and what it says."""

    job_id: str
    row_no: int
    answer: Mapping[str, Any]
    values: Mapping[str, Any]


def _approvals(
    connection: Connection, keys: Sequence[bytes], known: Mapping[str, Mapping[int, Input]]
) -> dict[bytes, list[_Approval]]:
    """The approvals behind each product, the latest last."""
    query = (
        sa.select(rows.c.job_id, rows.c.row_no, rows.c.text_key)
        .add_columns(rows.c["values"], rows.c.product_type, jobs.c.fields, jobs.c.types)
        .join(jobs, jobs.c.id == rows.c.job_id)
        .where(rows.c.text_key.in_(keys), rows.c.review == Review.APPROVED)
        .where(jobs.c.status != JobStatus.DELETED)
        .order_by(sa.func.coalesce(rows.c.reviewed_at, 0), rows.c.job_id, rows.c.row_no)
    )
    plans: dict[str, Plan] = {}
    found: dict[bytes, list[_Approval]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        job_id, row_no = row["job_id"], row["row_no"]
        if job_id not in plans:
            plans[job_id] = Plan.from_json(row["fields"], row["types"])
        fields = plans[job_id].of_type(row["product_type"])
        item = known.get(job_id, {}).get(row_no)
        answer = _answer(fields, row["values"], item.row if item else {})
        values = _values(fields, row["values"])
        found[row["text_key"]].append(_Approval(job_id, row_no, answer, values))
    return found


def _there(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, RowMapping]:
    """The demonstrations of these products, held until the transaction ends."""
    query = (
        demonstrations.select()
        .where(demonstrations.c.text_key.in_(keys))
        # In one order everywhere: two reviewers can then not wait for each other.
        .order_by(demonstrations.c.text_key)
        .with_for_update()
    )
    return {row["text_key"]: row for row in connection.execute(query).mappings()}


def _teach(
    connection: Connection,
    item: Input,
    key: bytes,
    approvals: Sequence[_Approval],
    there: RowMapping | None,
) -> None:
    """Bring one demonstration in step with the approvals behind it."""
    if not approvals:
        if there is not None and there["job_id"] is not None and not there["deleted"]:
            change(connection, there["id"], {"deleted": True})
        return
    # What came from a file, or from a job that is gone, holds for the fields not judged since.
    lasting = there is not None and there["job_id"] is None and not there["deleted"]
    answer = dict(there["answer"]) if there and lasting else {}
    values = dict(there["values"]) if there and lasting else {}
    for approval in approvals:
        answer |= approval.answer
        values |= approval.values
    last = approvals[-1]
    stands = {"answer": answer, "values": values, "job_id": last.job_id, "row_no": last.row_no}
    stands["deleted"] = False
    if there is None:
        product = Product(item.text, item.product_type, answer, values, last.job_id, last.row_no)
        add(connection, [product])
    elif any(there[name] != value for name, value in stands.items()):
        # One that was removed by hand and is approved anew is wanted again.
        change(connection, there["id"], stands | ({"enabled": True} if there["deleted"] else {}))


def _answer(
    fields: FieldSet, values: Mapping[str, Any], cells: Mapping[str, str]
) -> dict[str, Any]:
    """What the model should have answered about a row."""
    answer: dict[str, Any] = {}
    for field in fields:
        stored = values.get(field.name)
        answer[field.name] = _as_answered(field, Value.from_json(stored), cells) if stored else None
    return answer


def _values(fields: FieldSet, stored: Mapping[str, Any]) -> dict[str, Any]:
    """What was approved, typed, with the unit that it is in."""
    return {
        field.name: {"value": stored[field.name]["value"] if field.name in stored else None}
        | ({"unit": field.unit} if field.unit else {})
        for field in fields
    }


def _as_answered(field: Field, value: Value, cells: Mapping[str, str]) -> Scalar | int:
    """A value in the form that the model is asked for: copied ones as they are written."""
    if field.copied or (field.type is FieldType.NUMBER and _takes_text(field)):
        written = value.raw or _span(value, cells)
        if written:
            return written
    if isinstance(value.value, float) and value.value.is_integer():
        return int(value.value)
    return value.value


def _span(value: Value, cells: Mapping[str, str]) -> str:
    """The text where a value is stated; empty where that is not known."""
    if value.origin is not Origin.STATED or value.column is None:
        return ""
    return cells.get(value.column, "")[value.start : value.end].strip()


def _takes_text(field: Field) -> bool:
    """Whether the model is to answer with a text."""
    (form,) = answer_schema((field,))["properties"].values()
    return "string" in form["type"]
