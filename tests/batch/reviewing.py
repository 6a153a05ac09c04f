"""Jobs with results to be reviewed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from batch import jobs, rows, runs, uploads
from batch.columns import Columns
from batch.extract import Outcome
from batch.fields import FieldSet, parse_fields
from batch.flags import Flag
from batch.inputs import Inputs
from batch.jobs import Job
from batch.plan import Plan
from batch.review import Reviewer
from batch.review_rows import load
from batch.submission import submit
from batch.table import read_rows
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus
from core.values import Origin, Value

FIELDS = parse_fields(
    [
        {"name": "brand", "required": True},
        {"name": "color"},
        {"name": "capacity", "type": "number"},
        {"name": "waterproof", "type": "boolean"},
        {"name": "audience", "type": "choice", "choices": ["women", "men", "kids"]},
        {"name": "tags", "type": "list"},
    ]
)
COLUMNS = Columns(id="sku", title="name", department="kind", text=("name", "about"))
NOT_THERE = "Not written in the row"


def value(given: Any, confidence: float | None = None) -> Value:
    return Value(given, Origin.INFERRED, confidence=confidence)


def tent(row_no: int, *flags: Flag, **changes: Any) -> Outcome:
    """A tent's result; each differs by its number only, unless told otherwise."""
    values = {"brand": "Tarn", "color": "NAVY", "capacity": 2.0, "tags": ["tent", "camping"]}
    given = {name: one for name, one in {**values, **changes}.items() if one is not None}
    return Outcome(
        row_no,
        RowStatus.DONE,
        {name: one if isinstance(one, Value) else value(one) for name, one in given.items()},
        flags=flags,
        model="m",
    )


def reviewed_job(
    settings: Settings,
    db: Database,
    outcomes: Sequence[Outcome],
    *,
    version_of: Job | None = None,
    fields: FieldSet = FIELDS,
    types: Mapping[int, str] | None = None,
) -> Job:
    """A finished job of tents, one for each outcome."""
    kinds = types or {}
    numbers = [one.row_no for one in outcomes]
    lines = [
        f"T{number},Tarn tent {number},Navy blue and light,{kinds.get(number, 'Tents')}"
        for number in numbers
    ]
    if version_of is None:
        data = io.BytesIO("\n".join(["sku,name,about,kind", *lines]).encode())
        upload_id = uploads.store(settings, db, "tents.csv", data).id
    else:
        upload_id = version_of.upload_id
    plan = Plan(fields)
    job = submit(db, upload_id, COLUMNS, plan, "Tents", version_of=version_of)
    record(settings, db, job, outcomes)
    runs.settle(db, job.id, 1)
    return jobs.get(db, job.id)


def record(settings: Settings, db: Database, job: Job, outcomes: Sequence[Outcome]) -> None:
    """Store outcomes with what went into them, as the worker does."""
    inputs = Inputs(job.columns, job.plan)
    cells = dict(
        read_rows(uploads.table_path(settings, job.upload_id), [one.row_no for one in outcomes])
    )
    by_shard: dict[int, list[Outcome]] = {}
    for one in outcomes:
        item = inputs.of(one.row_no, cells[one.row_no])
        filled = Outcome(
            one.row_no,
            one.status,
            one.values,
            flags=one.flags,
            key=item.key,
            product_type=item.product_type,
            model=one.model,
        )
        by_shard.setdefault((one.row_no - 1) // 1000, []).append(filled)
    for shard_no, block in by_shard.items():
        rows.record(db, job.id, shard_no, block, job.run)


def reviewer(settings: Settings, db: Database, job: Job, name: str = "ann") -> Reviewer:
    return Reviewer(settings, db, job, name)


def texts(who: Reviewer, row_no: int) -> dict[str, str]:
    """A row's values as people read them."""
    (row,) = load(who.settings, who.db, who.job, [row_no])
    return {name: one.text() for name, one in row.result.values.items()}
