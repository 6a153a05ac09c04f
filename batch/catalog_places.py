"""Where catalogs come from by themselves: the folder for imports, an object store, the web.

Tells which files there are and how one is read, and keeps people from reaching what
is not meant for them: nothing outside the folder, nothing inside the shop's own network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from core.errors import CatalogError
from core.files import make_folder
from core.settings import Settings

#: A file in the folder that has just been changed may still be being copied there.
SETTLED_S = 5.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that may be taken.

    Attributes:
        path: Names it at its place.
        mark: Changes whenever its content does; empty where that cannot be told from outside.
        changed_at: When it was last changed, in seconds since the epoch; 0 where nobody tells.
    """

    path: str
    mark: str
    changed_at: float

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.path.partition("?")[0].rstrip("/").rpartition("/")[2] or self.path

    @property
    def settled(self) -> bool:
        """Whether the file is certainly not being written at this moment."""
        return time.time() - self.changed_at > SETTLED_S


class Place(Protocol):
    """Where catalogs come from."""

    def offers(self) -> list[Offer]:
        """The files that are there now, the newest first.

        Raises:
            CatalogError: That cannot be told; the message says why.
        """

    def absent(self) -> str:
        """What is missing where no file is there, and what to do about it."""

    def opened(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file, to be read from its beginning to its end.

        Raises:
            CatalogError: It cannot be read; the message says why.
        """


def place(settings: Settings, text: str) -> Place:
    """The place that somebody has typed.

    Args:
        settings: Name the folder for imports, and whom the shop may ask.
        text: A file or a pattern in that folder, or an address.

    Raises:
        CatalogError: It is none, or one that is closed.
    """
    return ImportFolder(settings, text.strip())


class ImportFolder:
    """The folder of this machine in which others put catalogs.

    Args:
        settings: Name the folder.
        pattern: The files that are meant, such as ``catalog-*.csv`` or ``shoes/*.csv``.

    Raises:
        CatalogError: The pattern leads out of the folder.
    """

    def __init__(self, settings: Settings, pattern: str) -> None:
        self._folder = settings.imports
        self._pattern = _inside(self._folder, pattern)

    def offers(self) -> list[Offer]:
        """The files that are there now, the newest first."""
        root = make_folder(self._folder).resolve()
        try:
            found = [_offer(path, root) for path in root.glob(self._pattern) if _meant(path, root)]
        except OSError as error:
            raise CatalogError(f"{root} cannot be looked through: {error.strerror}.") from error
        return sorted(found, key=lambda one: (-one.changed_at, one.path))

    def absent(self) -> str:
        """What is missing where no file is there, and what to do about it."""
        return f"There is no {self._pattern} in {self._folder}. Put the catalog there."

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A file, to be read from its beginning to its end."""
        root = self._folder.resolve()
        file = root / _inside(self._folder, path)
        if not _meant(file, root):
            raise CatalogError(f"{path} is no longer in {root}.")
        try:
            opened = file.open("rb")
        except OSError as error:
            raise CatalogError(f"{file} cannot be read: {error.strerror}.") from error
        with opened:
            yield opened


def _inside(folder: Path, pattern: str) -> str:
    """The pattern beneath the folder, also where it was written with the folder's name."""
    given = PurePosixPath(pattern.replace("\\", "/"))
    if given.is_absolute() and given.is_relative_to(folder.as_posix()):
        given = given.relative_to(folder.as_posix())
    if given.is_absolute() or ".." in given.parts or str(given).startswith("~"):
        raise CatalogError(
            f"Catalogs are taken from {folder} only, the folder for imports; “{pattern}” is not in "
            "it. Have SHOPKEEPER_IMPORT_FOLDER name another folder, or copy the file there."
        )
    if not given.parts:
        raise CatalogError("Name the file, or a pattern such as catalog-*.csv.")
    return given.as_posix()


def _meant(path: Path, root: Path) -> bool:
    """Whether a path is a file of the folder, wherever links on the way lead."""
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not hidden and path.is_file() and path.resolve().is_relative_to(root)


def _offer(path: Path, root: Path) -> Offer:
    about = path.stat()
    mark = f"{about.st_mtime_ns}-{about.st_size}"
    return Offer(path.relative_to(root).as_posix(), mark, about.st_mtime)
