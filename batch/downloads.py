"""A job's results as files, streamed: never the whole catalog in memory."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from batch import jobs, uploads
from batch.results import ResultRow, csv_lines, failed_csv_lines, jsonl_lines, safe_name
from batch.rows import iterate
from core.db import Database
from core.schema import RowStatus
from core.settings import Settings


class Form(StrEnum):
    """What a download looks like."""

    CSV = "csv"  #: the original columns in order, then the new ones
    JSONL = "jsonl"  #: a JSON object a row, with where each value came from
    FAILED = "failed"  #: a CSV of the failed rows with their reasons


def download(settings: Settings, db: Database, job_id: str, form: Form) -> Iterator[bytes]:
    """The lines of a download, in the catalog's order.

    Rows that are not extracted yet stand there with empty new cells.

    Raises:
        JobError: There is no such job.
        NotFoundError: Its catalog is gone.
    """
    job = jobs.get(db, job_id)
    columns = uploads.get(db, job.upload_id).catalog.columns
    results = iterate(settings, db, job)
    if form is Form.CSV:
        return csv_lines(columns, job.fields, results)
    if form is Form.JSONL:
        return jsonl_lines(results)
    return failed_csv_lines(columns, _failed(results))


def file_name(job: jobs.Job, form: Form) -> str:
    """A safe name for the downloaded file."""
    if form is Form.FAILED:
        return safe_name(f"{job.name} failed rows", ".csv")
    return safe_name(job.name, f".{form}")


def _failed(results: Iterator[ResultRow]) -> Iterator[ResultRow]:
    return (row for row in results if row.status == RowStatus.FAILED)
