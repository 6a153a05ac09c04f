"""What the commands about a catalog have in common: its file, its columns, who reads it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import typer

from batch import uploads
from batch.columns import Columns, check_columns
from batch.uploads import Upload
from core.console import say, stages
from core.db import Database
from core.errors import CatalogError
from core.roster import configured
from core.settings import Settings


def choose_provider(settings: Settings, name: str | None, *, cheapest: bool) -> str | None:
    """The endpoint whose provider is to do the rows, if one is."""
    if not cheapest:
        if name is not None:
            raise typer.BadParameter("--endpoint goes with --cheapest.")
        return None
    offering = [one.name for one in configured(settings) if one.offers_batches]
    if not offering:
        raise typer.BadParameter(
            "No endpoint offers batches: name provider_batch among its `supports` in "
            "endpoints.toml, where its provider speaks OpenAI's Batch API."
        )
    if name is None:
        return offering[0]
    if name not in offering:
        raise typer.BadParameter(
            f"The endpoint “{name}” does not offer batches; {', '.join(offering)} does."
        )
    return name


def store_catalog(settings: Settings, db: Database, catalog: Path) -> Upload:
    """The stored catalog; one that was stored before is not copied again."""
    try:
        uploads.check_size(catalog.stat().st_size, settings.upload_limit_mb)
        with catalog.open("rb") as file:
            stored = uploads.find(db, hashlib.file_digest(file, "sha256").hexdigest())
            if stored is not None and uploads.table_path(settings, stored.id).exists():
                return stored
            file.seek(0)
            with stages("Storing") as advance:
                upload = uploads.store(settings, db, catalog.name, file, advance)
    except OSError as error:
        raise CatalogError(f"{catalog} cannot be read: {error.strerror}.") from error
    for note in upload.catalog.notes:
        say(f"Note: {note.message}")
    return upload


def choose_columns(
    settings: Settings, upload: Upload, id_column: str | None, text: list[str] | None
) -> Columns:
    """The columns to read: guessed, where nothing else is said."""
    columns = uploads.guess(settings, upload)
    chosen: dict[str, Any] = {}
    if id_column is not None:
        chosen["id"] = id_column
    if text:
        chosen["text"] = tuple(text)
    columns = Columns.from_json(columns.to_json() | chosen)
    check_columns(columns, upload.catalog.columns)
    for note in uploads.id_notes(settings, upload, columns):
        say(f"Note: {note.message}")
    return columns
