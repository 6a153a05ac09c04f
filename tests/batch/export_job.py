"""A finished job with whatever cells and values a test wants to see in a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from batch import jobs, rows, uploads
from batch.columns import Columns
from batch.extract import Outcome
from batch.fields import FieldSet
from batch.flags import Flag
from batch.jobs import Job
from batch.plan import Plan
from batch.submission import submit
from batch.table import SHARD_ROWS
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus
from core.values import Value


def csv_bytes(rows_of_cells: Sequence[Sequence[str]], encoding: str = "utf-8") -> bytes:
    """A CSV of these rows, the header first."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows_of_cells)
    return text.getvalue().encode(encoding)


def export_job(
    settings: Settings,
    db: Database,
    file: bytes,
    fields: FieldSet,
    values: Mapping[int, Mapping[str, Value]],
    *,
    failed: Sequence[int] = (),
    flagged: Sequence[int] = (),
    columns: Columns | None = None,
    name: str = "Spring",
) -> Job:
    """A job over a file; rows without values that have not failed are still waiting."""
    upload = uploads.store(settings, db, "shop.csv", io.BytesIO(file))
    roles = columns or uploads.guess(settings, upload)
    job = submit(db, upload.id, roles, Plan(fields), name)
    doubt = (Flag(None, "Looks like a link, code or an order"),)
    outcomes = [
        Outcome(number, RowStatus.DONE, dict(row), flags=doubt if number in flagged else ())
        for number, row in values.items()
    ]
    outcomes += [Outcome(number, RowStatus.FAILED, error="No answer.") for number in failed]
    by_shard: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_shard.setdefault((outcome.row_no - 1) // SHARD_ROWS, []).append(outcome)
    for shard_no, some in by_shard.items():
        rows.record(db, job.id, shard_no, some, 1)
    return jobs.get(db, job.id)
