"""The folder of this machine that catalogs are taken from: nothing outside it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from batch.catalog_offer import Offer
from core.errors import CatalogError
from core.files import make_folder
from core.settings import Settings


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
