"""Uploaded catalogs: stored as they came and as a table, and found again by id."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.engine import RowMapping

from batch.catalog import Catalog, ingest
from batch.columns import Columns, guess_columns
from batch.dialect import Dialect
from batch.ids import check_ids
from batch.notes import Note
from batch.table import read_table
from core.db import Database
from core.errors import CatalogError, NotFoundError
from core.schema import uploads
from core.settings import Settings

#: Rows that the guess of the columns looks at.
GUESS_ROWS = 200
BLOCK_BYTES = 1 << 20


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
    progress: Callable[[int, int], None] | None = None,
) -> Upload:
    """Copy a file to storage, read it whole, and record it.

    Args:
        name: The file's name, as its owner knows it.
        data: The file, at its beginning.
        progress: Called with bytes read and bytes in all.

    Raises:
        CatalogError: It is no usable catalog, or larger than the limit; nothing is kept.
    """
    upload_id = secrets.token_hex(5)
    folder = _folder(settings, upload_id)
    folder.mkdir(parents=True)
    try:
        _copy(data, original_path(settings, upload_id), settings.upload_limit_mb)
        catalog = ingest(
            original_path(settings, upload_id), table_path(settings, upload_id), progress
        )
        return _record(db, Upload(upload_id, name, catalog, time.time()))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise CatalogError(f"{name} could not be stored: {error.strerror}.") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _copy(data: BinaryIO, target: Path, limit_mb: int) -> None:
    size = 0
    with target.open("wb") as file:
        while block := data.read(BLOCK_BYTES):
            size += len(block)
            if size > limit_mb * 1_000_000:
                raise CatalogError(
                    f"The file is larger than {limit_mb} MB. Split it, or raise "
                    "SHOPKEEPER_UPLOAD_LIMIT_MB."
                )
            file.write(block)


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


def original_path(settings: Settings, upload_id: str) -> Path:
    """Where the file is kept as it came."""
    return _folder(settings, upload_id) / "original"


def table_path(settings: Settings, upload_id: str) -> Path:
    """Where the file is kept as a table of rows."""
    return _folder(settings, upload_id) / "rows.parquet"


def _folder(settings: Settings, upload_id: str) -> Path:
    return settings.uploads / upload_id
