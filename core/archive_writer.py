"""Writes the file of a backup as a stream: it appears under its name when it is complete.

Knows nothing of what its members mean.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import orjson

from core import encrypted
from core.archive import BLOCK_BYTES, MANIFEST, Manifest, Member
from core.errors import BackupError

#: Fast, and most of what there is has been compressed before.
_LEVEL = 1


@dataclass
class ArchiveWriter:
    """Writes an archive member by member."""

    _zip: zipfile.ZipFile
    members: list[Member] = field(default_factory=list)

    @contextmanager
    def member(self, name: str, *, compress: bool = True) -> Iterator[BinaryIO]:
        """A file of the archive for writing, from its beginning to its end.

        Args:
            name: Its path in the archive.
            compress: Whether that is worth it.
        """
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        info._compresslevel = _LEVEL  # type: ignore[attr-defined]
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as file:
            counted = _Counted(file)
            yield cast(BinaryIO, counted)
        self.members.append(Member(name=name, size=counted.size, sha256=counted.digest))

    def put(self, name: str, source: IO[bytes] | Any, *, compress: bool = True) -> None:
        """Copy a file into the archive."""
        with self.member(name, compress=compress) as file:
            while block := source.read(BLOCK_BYTES):
                file.write(block)

    def end(self, manifest: Manifest) -> None:
        """Write the manifest, after everything else."""
        self._zip.writestr(MANIFEST, orjson.dumps(manifest.model_dump()))


class _Counted:
    """A file for writing that knows how much went into it, and its checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self.size += memoryview(data).nbytes
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    @property
    def digest(self) -> str:
        """SHA-256 of all that was written."""
        return self._hash.hexdigest()


@contextmanager
def writing(path: Path, keys: Sequence[str] = ()) -> Iterator[ArchiveWriter]:
    """An archive for writing; it takes its place at the end, and not at all after an error.

    Only its owner may read it. A backup that was there before stays until then.

    Args:
        path: The file.
        keys: Public keys of those who shall be able to open it; none: it is not encrypted.

    Raises:
        BackupError: It cannot be written there, or a key is none.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        _check_target(path, bool(keys))
        with _exclusive(part) as file:
            way = encrypted.encrypting(file, keys) if keys else nullcontext(file)
            with way as stream, zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
                yield ArchiveWriter(archive)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.") from error


def _check_target(path: Path, encrypting: bool) -> None:
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")
    if path.is_dir():
        raise BackupError(f"{path} is a folder; name a file, such as {path / 'shop.backup'}.")
    if not path.exists() or (encrypting and encrypted.is_encrypted(path)) or _is_archive(path):
        return
    raise BackupError(f"{path} is there already and is no backup like this. Name another file.")


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04" and MANIFEST in _names(path)


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except zipfile.BadZipFile:
        return []


@contextmanager
def _exclusive(part: Path) -> Iterator[BinaryIO]:
    """The unfinished file, for one process at a time; what another one left is overwritten."""
    number = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(f"Another backup is being written to {part.name}.") from error
        os.fchmod(number, 0o600)
        file.truncate(0)
        try:
            yield file
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
