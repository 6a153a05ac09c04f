"""A job's results as files, streamed: never the whole catalog in memory."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from batch import jobs, uploads
from batch.results import ResultRow, csv_lines, failed_csv_lines, jsonl_lines, safe_name
from batch.rows import iterate, page
from batch.table import SHARD_ROWS
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus

BLOCK_BYTES = 1 << 17


class Form(StrEnum):
    """What a download looks like."""

    CSV = "csv"  #: the original columns in order, then the new ones
    JSONL = "jsonl"  #: a JSON object a row, with where each value came from
    FAILED = "failed"  #: a CSV of the failed rows with their reasons

    @property
    def media_type(self) -> str:
        """What a browser is told of it."""
        return "application/jsonl" if self is Form.JSONL else "text/csv; charset=utf-8"


def download(settings: Settings, db: Database, job_id: str, form: Form) -> Iterator[bytes]:
    """The lines of a download, in the catalog's order.

    Rows that are not extracted yet stand there with empty new cells.

    Raises:
        JobError: There is no such job.
        NotFoundError: Its catalog is gone.
    """
    job = jobs.get(db, job_id)
    columns = uploads.get(db, job.upload_id).catalog.columns
    if form is Form.FAILED:
        return failed_csv_lines(columns, _failed(settings, db, job))
    results = iterate(settings, db, job)
    if form is Form.JSONL:
        return jsonl_lines(results)
    return csv_lines(columns, job.fields, results)


def file_name(job: jobs.Job, form: Form) -> str:
    """A safe name for the downloaded file."""
    if form is Form.FAILED:
        return safe_name(f"{job.name} failed rows", ".csv")
    return safe_name(job.name, f".{form}")


def blocks(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces: a million small ones cost more than what is in them."""
    gathered, size = [], 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= BLOCK_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _failed(settings: Settings, db: Database, job: jobs.Job) -> Iterator[ResultRow]:
    first_row = 1
    while found := page(settings, db, job, first_row, SHARD_ROWS, RowStatus.FAILED):
        yield from found
        first_row = found[-1].row_no + 1
