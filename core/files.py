"""Small files of ours on disk: whole or not at all, and with a clear word when it fails."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import ServiceError


def make_folder(folder: Path) -> Path:
    """Create a folder with its parents where missing.

    Raises:
        ServiceError: It cannot be created; the message says why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError(f"Cannot create the folder {folder}: {error.strerror}.") from error
    return folder


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's content; a reader sees the old text or the new, never a part.

    Raises:
        ServiceError: The disk is full or the folder is not writable.
    """
    make_folder(path.parent)
    try:
        _replace(path, text)
    except OSError as error:
        raise ServiceError(f"Cannot write {path}: {error.strerror}.") from error


def _replace(path: Path, text: str) -> None:
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
