"""The file of a backup: a ZIP archive with a manifest that names everything in it.

Written and read as a stream, whole or not at all: the file appears under its
name when it is complete, and nothing is taken out of it before every checksum
was found right. Knows nothing of what its members mean.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from core import encrypted
from core.errors import BackupError

#: Raised when an older version could not read what this one writes.
FORMAT = 1
MANIFEST = "manifest.json"
BLOCK_BYTES = 1 << 20
#: A manifest names every file; one of ten million rows has a few thousand.
MANIFEST_BYTES = 64 << 20
#: Fast, and most of what there is has been compressed before.
_LEVEL = 1

#: Told how many bytes are done, and of how many.
Tell = Callable[[int, int], None]


class Member(BaseModel):
    """One file of an archive."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """What an archive says of itself.

    Attributes:
        format: Of the archive; see :data:`FORMAT`.
        made_at: When, in seconds since the epoch.
        revision: Of the tables.
        database: Which kind it was, for people.
        key_id: Tells whether a home has the key that stored secrets were sealed with.
        key_inside: Whether that key is in the archive.
        tables: How many rows each table had, in an order in which they can be filled.
        marks: The highest number that each numbered table has given out.
        members: Every file, but the manifest.
        notes: What the person who restores it should know.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    made_at: float
    revision: str
    database: str
    key_id: str
    key_inside: bool
    tables: dict[str, int]
    marks: dict[str, int]
    members: list[Member]
    notes: list[str] = []


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
