"""Reads the file of a backup: nothing is taken out of it before every checksum was found right.

Knows nothing of what its members mean.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import orjson
from pydantic import ValidationError

from core import encrypted
from core.archive import BLOCK_BYTES, FORMAT, MANIFEST, Manifest
from core.errors import BackupError

#: A manifest names every file; one of ten million rows has a few thousand.
MANIFEST_BYTES = 64 << 20
#: Told how many bytes are done, and of how many.
Tell = Callable[[int, int], None]


class ArchiveReader:
    """Reads an archive whose every member was checked."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip = archive
        self.manifest = manifest

    @property
    def names(self) -> list[str]:
        """All its members."""
        return [member.name for member in self.manifest.members]

    @property
    def size(self) -> int:
        """Bytes of all its members."""
        return sum(member.size for member in self.manifest.members)

    @contextmanager
    def member(self, name: str) -> Iterator[IO[bytes]]:
        """A file of the archive for reading, from its beginning to its end."""
        with self._zip.open(name) as file:
            yield file

    def save(self, name: str, target: BinaryIO | Any) -> None:
        """Copy a file out of the archive."""
        with self.member(name) as file:
            while block := file.read(BLOCK_BYTES):
                target.write(block)


@contextmanager
def reading(
    path: Path, tell: Tell = lambda _done, _total: None, key: Path | None = None
) -> Iterator[ArchiveReader]:
    """An archive for reading; every checksum was found right before it is handed out.

    Args:
        path: The file.
        tell: Told how far the check is.
        key: The file of the key that opens it, if it is encrypted.

    Raises:
        BackupError: It is not there, cannot be opened with that key, is no backup, is damaged,
            or is of a newer version.
    """
    try:
        locked = encrypted.is_encrypted(path)
        way = encrypted.decrypted(path, key) if locked else path.open("rb")
        with way as file, zipfile.ZipFile(file) as archive:
            manifest = _manifest(path, archive)
            _check(path, archive, manifest, tell)
            yield ArchiveReader(archive, manifest)
    except (zipfile.BadZipFile, EOFError) as error:
        raise BackupError(_damaged(path, str(error))) from error
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        size = archive.getinfo(MANIFEST).file_size
    except KeyError as error:
        raise BackupError(f"{path} is no backup of Shopkeeper: it has no manifest.") from error
    if size > MANIFEST_BYTES:
        raise BackupError(_damaged(path, "its manifest is too large"))
    try:
        stored = orjson.loads(archive.read(MANIFEST))
        if int(stored["format"]) > FORMAT:
            raise BackupError(
                f"{path} was made by a newer version of Shopkeeper. Install that version, then "
                "restore it."
            )
        return Manifest.model_validate(stored)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise BackupError(_damaged(path, "its manifest cannot be read")) from error


def _check(path: Path, archive: zipfile.ZipFile, manifest: Manifest, tell: Tell) -> None:
    """See that exactly what the manifest names is there, unharmed."""
    there = [name for name in archive.namelist() if name != MANIFEST]
    if sorted(there) != sorted(member.name for member in manifest.members):
        raise BackupError(_damaged(path, "what is in it is not what its manifest names"))
    total, done = sum(member.size for member in manifest.members), 0
    for member in manifest.members:
        digest = hashlib.sha256()
        with archive.open(member.name) as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                done += len(block)
                if done > total:
                    break
                tell(done, total)
        if digest.hexdigest() != member.sha256:
            raise BackupError(_damaged(path, f"{member.name} has another checksum"))


def _damaged(path: Path, why: str) -> str:
    return f"{path} is damaged ({why}). Nothing was changed; take another backup."
