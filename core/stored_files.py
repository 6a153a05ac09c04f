"""Files and folders of a storage: on this machine or in an object store, read and written alike.

A file appears whole or not at all; it is read as a stream or at random. Knows
nothing of which storage is used, nor of what the files hold.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile

from core.errors import SettingError, ShopkeeperError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

#: How much of a remote file is held in memory while it is read or written as a stream.
BLOCK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A place in the storage: a file or a folder, whether there is one or not.

    Methods raise ``OSError`` for a folder of this machine, and for any
    storage ``FileNotFoundError`` where nothing is; whatever else an object
    store answers is a ``SettingError``.

    Attributes:
        named_by: What the person has to look at who wants another place.
    """

    filesystem: Any = field(repr=False)
    path: str
    named_by: str = "SHOPKEEPER_STORAGE"

    def __truediv__(self, name: str) -> Stored:
        return replace(self, path=f"{self.path}/{name}")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def on_disk(self) -> bool:
        """Whether it is in a folder of this machine."""
        return isinstance(self.filesystem, LocalFileSystem)

    def exists(self) -> bool:
        """Whether there is a file or a folder."""
        with self._told():
            return bool(self.filesystem.exists(self.path))

    def names(self) -> list[str]:
        """What is in the folder; nothing where there is none."""
        try:
            with self._told():
                found = self.filesystem.ls(self.path, detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(one).rstrip("/").rpartition("/")[2] for one in found)

    def size(self) -> int:
        """Bytes of the file."""
        with self._told():
            return int(self.filesystem.size(self.path))

    def version(self) -> str:
        """Changes whenever the file's content does."""
        with self._told():
            return str(self.filesystem.ukey(self.path))

    def open(self) -> io.RawIOBase:
        """The file for reading at random: only what is asked for is fetched."""
        return self._reader("none")

    def stream(self) -> io.RawIOBase:
        """The file for reading from its beginning to its end."""
        return self._reader("readahead")

    def _reader(self, cache: str) -> io.RawIOBase:
        if self.on_disk:
            return Path(self.path).open("rb", buffering=0)
        with self._told():
            file = self.filesystem.open(self.path, "rb", block_size=BLOCK_BYTES, cache_type=cache)
        return _RemoteFile(self, file)

    def create(self) -> AbstractContextManager[BinaryIO]:
        """The file for writing; it appears at the end, and not at all after an error."""
        return _on_disk(Path(self.path)) if self.on_disk else self._remotely()

    @contextmanager
    def _remotely(self) -> Iterator[BinaryIO]:
        with self._told(missing="there is no such bucket"):
            file = self.filesystem.open(self.path, "wb", block_size=BLOCK_BYTES, autocommit=False)
        try:
            yield cast(BinaryIO, _RemoteFile(self, file))
            with self._told(missing="there is no such bucket"):
                file.close()
                file.commit()
        except BaseException:
            # What cannot be given up either must not hide why.
            with suppress(SettingError), self._told():
                file.discard()
            if isinstance(file, AbstractBufferedFile):
                file.closed = True  # else it would be sent when it is garbage
            raise

    def remove(self) -> None:
        """Remove the file, or the folder with all that is in it; nothing there is fine."""
        try:
            with self._told():
                self.filesystem.rm(self.path, recursive=True)
        except FileNotFoundError:
            return

    @contextmanager
    def _told(self, missing: str = "") -> Iterator[None]:
        """Put what an object store refuses into words.

        Args:
            missing: What it means when something is not there, where that is an error too.
        """
        try:
            yield
        except ShopkeeperError:
            raise
        except Exception as error:
            absent = isinstance(error, FileNotFoundError)
            if self.on_disk or (absent and not missing):
                raise
            address = self.filesystem.unstrip_protocol(self.path)
            why = missing if absent else str(error).rstrip(".") or type(error).__name__
            raise SettingError(
                f"The storage at {address} cannot be used: {why}. Check {self.named_by}, "
                f"{_credentials(address)}."
            ) from error


@contextmanager
def _on_disk(path: Path) -> Iterator[BinaryIO]:
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


class _RemoteFile(io.RawIOBase):
    """A file of an object store whose failures are told in our words."""

    def __init__(self, place: Stored, file: Any) -> None:
        super().__init__()
        self._place = place
        self._file = file

    def readable(self) -> bool:
        return bool(self._file.readable())

    def writable(self) -> bool:
        return bool(self._file.writable())

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def readinto(self, buffer: WriteableBuffer) -> int:
        with self._place._told():
            return int(self._file.readinto(buffer))

    def write(self, data: ReadableBuffer) -> int:
        with self._place._told():
            written = self._file.write(data)
        # A file of an SFTP server does not say; it takes all or fails.
        return memoryview(data).nbytes if written is None else int(written)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with self._place._told():
            return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed and self._file.readable():
            self._file.close()
        super().close()


def local(path: Path) -> Stored:
    """A file or a folder of this machine."""
    return Stored(LocalFileSystem(), path.expanduser().resolve().as_posix())


def _credentials(address: str) -> str:
    if address.startswith("s3"):
        return "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL"
    return "its credentials and the network"
