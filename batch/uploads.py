"""Uploaded catalogs: stored as they came and as a table, and found again by id."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import OperationalError

from batch.catalog import Catalog, ingest
from batch.columns import Columns, guess_columns
from batch.dialect import Dialect
from batch.ids import check_ids
from batch.notes import Note
from batch.table import read_table
from core.db import Database
from core.errors import CatalogError, NotFoundError, SettingError
from core.schema import jobs, uploads
from core.settings import Settings
from core.storage import open_storage
from core.stored_files import Stored

#: Rows that the guess of the columns looks at.
GUESS_ROWS = 200
BLOCK_BYTES = 1 << 20
MB = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Stage(StrEnum):
    """What storing a file is busy with."""

    STORING = "Storing"  #: copying it as it is
    READING = "Reading"  #: making a table of it


#: Told a stage, and of how many bytes how many are done.
Progress = Callable[[Stage, int, int], None]


@dataclass(frozen=True, slots=True)
class Upload:
    """A catalog that was read to its end and stored."""

    id: str
    name: str
    catalog: Catalog
    created_at: float


def store(
    settings: Settings,
    db: Database,
    name: str,
    data: BinaryIO,
    progress: Progress | None = None,
) -> Upload:
    """Copy a file to storage as it comes, read it whole from there, and record it.

    Args:
        name: The file's name, as its owner knows it.
        data: The file, at its beginning.
        progress: Told how far each stage is.

    Raises:
        CatalogError: It is no usable catalog, or larger than the limit; nothing is kept.
        SettingError: The storage does not take it; nothing is kept.
    """
    upload_id = secrets.token_hex(5)
    original, table = original_path(settings, upload_id), table_path(settings, upload_id)
    tell = progress or (lambda _stage, _done, _total: None)
    try:
        _copy(data, original, settings.upload_limit_mb, partial(tell, Stage.STORING))
        catalog = ingest(original, table, partial(tell, Stage.READING))
        return _record(db, Upload(upload_id, name, catalog, time.time()))
    except BaseException as error:
        # What cannot be removed either must not hide why.
        with suppress(OSError, SettingError):
            folder(settings, upload_id).remove()
        if isinstance(error, OSError):
            raise CatalogError(_not_stored(settings, name, error)) from error
        if isinstance(error, OperationalError):
            raise CatalogError(f"{name} could not be recorded: {error.orig}.") from error
        raise


def _copy(data: BinaryIO, target: Stored, limit_mb: int, tell: Callable[[int, int], None]) -> None:
    total = _size(data)
    check_size(total, limit_mb)
    size = 0
    with target.create() as file:
        while block := data.read(BLOCK_BYTES):
            size += len(block)
            check_size(size, limit_mb)
            file.write(block)
            tell(size, max(size, total))


def _size(data: BinaryIO) -> int:
    """Bytes of a file that can be measured, else 0."""
    if not data.seekable():
        return 0
    here = data.tell()
    size = data.seek(0, os.SEEK_END) - here
    data.seek(here)
    return size


def check_size(size_bytes: int, limit_mb: int) -> None:
    """Refuse a file that is too large.

    Raises:
        CatalogError: The message says what to do about it.
    """
    if size_bytes > limit_mb * MB:
        raise CatalogError(
            f"This file is larger than {limit_mb:,} MB, the largest that is taken. Split it, or "
            "raise SHOPKEEPER_UPLOAD_LIMIT_MB (in .env) and start Shopkeeper again."
        )


def _not_stored(settings: Settings, name: str, error: OSError) -> str:
    message = f"{name} could not be stored: {error.strerror}."
    if error.errno in _NO_ROOM:
        message += (
            f" Free some room in {open_storage(settings).path}, or have SHOPKEEPER_STORAGE name "
            "another place; then choose the file again."
        )
    return message


def _record(db: Database, upload: Upload) -> Upload:
    with db.write() as connection:
        connection.execute(
            uploads.insert().values(
                id=upload.id,
                name=upload.name,
                rows=upload.catalog.rows,
                size_bytes=upload.catalog.size_bytes,
                sha256=upload.catalog.sha256,
                catalog=asdict(upload.catalog),
                created_at=upload.created_at,
            )
        )
    return upload


def get(db: Database, upload_id: str) -> Upload:
    """One upload.

    Raises:
        NotFoundError: There is none of this id.
    """
    with db.read() as connection:
        found = (
            connection.execute(uploads.select().where(uploads.c.id == upload_id)).mappings().first()
        )
    if found is None:
        raise NotFoundError("The uploaded file is no longer there; please upload it again.")
    return _upload(found)


def find(db: Database, sha256: str) -> Upload | None:
    """The newest upload of exactly this content."""
    with db.read() as connection:
        found = (
            connection.execute(
                uploads.select()
                .where(uploads.c.sha256 == sha256)
                .order_by(uploads.c.created_at.desc())
                .limit(1)
            )
            .mappings()
            .first()
        )
    return _upload(found) if found else None


def remove(settings: Settings, db: Database, upload_id: str) -> bool:
    """Remove an upload with its files, unless a job needs it; returns whether it was removed.

    Raises:
        OSError: Its files could not be removed; nothing refers to them any more.
        SettingError: The same, at an object store.
    """
    unused = ~sa.exists().where(jobs.c.upload_id == upload_id)
    with db.write() as connection:
        gone = connection.execute(uploads.delete().where(uploads.c.id == upload_id, unused))
    if gone.rowcount:
        folder(settings, upload_id).remove()
    return bool(gone.rowcount)


def _upload(row: RowMapping) -> Upload:
    stored: dict[str, Any] = dict(row["catalog"])
    stored["columns"] = tuple(stored["columns"])
    stored["dialect"] = Dialect(**stored["dialect"])
    stored["notes"] = tuple(Note(**note) for note in stored["notes"])
    return Upload(row["id"], row["name"], Catalog(**stored), row["created_at"])


def preview(settings: Settings, upload: Upload, rows: int = 20) -> list[dict[str, str]]:
    """The first rows as they stand in the file."""
    table = table_path(settings, upload.id)
    return [row for _, row in islice(read_table(table, 1, rows), rows)]


def guess(settings: Settings, upload: Upload) -> Columns:
    """Which column is the id, the title, and so on, as far as can be guessed."""
    return guess_columns(upload.catalog.columns, preview(settings, upload, GUESS_ROWS))


def id_notes(settings: Settings, upload: Upload, columns: Columns) -> tuple[Note, ...]:
    """Rows whose id is missing or not unique."""
    if columns.id is None:
        return ()
    return check_ids(table_path(settings, upload.id), columns.id)


def original_path(settings: Settings, upload_id: str) -> Stored:
    """Where the file is kept as it came."""
    return folder(settings, upload_id) / "original"


def table_path(settings: Settings, upload_id: str) -> Stored:
    """Where the file is kept as a table of rows."""
    return folder(settings, upload_id) / "rows.parquet"


def folder(settings: Settings, upload_id: str) -> Stored:
    """Where everything of an upload is kept."""
    return open_storage(settings) / upload_id
