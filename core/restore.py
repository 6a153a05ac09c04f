"""Puts a backup back: into an empty home and database, or in the place of another shop.

What was there is kept aside. Killed at any moment, the home is as it was, or
the same command goes on; meanwhile nothing starts in it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from core import sealed, storage, stored_files
from core.archive import Manifest
from core.archive_reader import ArchiveReader, reading
from core.backup import HOME, HOME_FILES, SETTINGS, TABLES, UPLOADS, setting_files, tables
from core.errors import BackupError
from core.files import make_folder
from core.migrations import newest
from core.restore_database import Target, target
from core.restore_moves import Moves, in_use, old_things, unfinished
from core.settings import Settings

_NAME = re.compile(
    rf"({TABLES}/[a-z_]{{1,60}}\.arrow|{HOME}/[a-z.]{{1,40}}|{SETTINGS}/[a-z.]{{1,40}}"
    rf"|{UPLOADS}/[A-Za-z0-9]{{1,40}}/[A-Za-z][A-Za-z0-9._-]{{0,80}})"
)

#: Told what is being done, and of how many rows, bytes or files how many are done.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        made_at: When the backup was made, in seconds since the epoch; None where an
            interrupted restore was brought to its end instead.
        rows: How many rows of all tables were put back.
        kept: Where what was there before is now, for people.
        notes: What the person should know.
    """

    made_at: float | None
    rows: int
    kept: list[str]
    notes: list[str]


def restore(
    settings: Settings,
    path: Path,
    *,
    replace: bool = False,
    key: Path | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Restored:
    """Put a backup back.

    Args:
        settings: Names the home, the database and the storage.
        path: The backup.
        replace: Whether it may take the place of what is there, which is kept aside.
        key: The file of the key that opens it, if it is encrypted.
        progress: Told how far it is.

    Raises:
        BackupError: The backup or the place does not do; nothing was changed.
    """
    make_folder(settings.home)
    try:
        with FileLock(settings.home / "restore.lock", timeout=0):
            if (moves := unfinished(settings)) is not None:
                moves.carry_out()
                return Restored(None, 0, moves.kept, [])
            with reading(
                path.expanduser(), partial(progress, "Checking, by bytes"), key
            ) as archive:
                return _restore(settings, archive, replace, progress)
    except Timeout as error:
        raise BackupError(f"Another restore into {settings.home} is under way.") from error


def _restore(
    settings: Settings, archive: ArchiveReader, replace: bool, progress: Progress
) -> Restored:
    _check_contents(archive)
    with target(settings) as database:
        _check_place(settings, archive, database, replace)
        # What an interrupted restore has put aside a moment ago keeps its name.
        moves = Moves.begin(settings, f"{datetime.now():%Y%m%d-%H%M%S-%f}")
        try:
            notes = _stage(settings, archive, moves, progress)
            rows = database.fill(archive, moves, progress)
            moves.record()
        except BaseException:
            moves.give_up()
            raise
    moves.carry_out()
    notes += _about_key(settings, archive.manifest)
    return Restored(archive.manifest.made_at, rows, moves.kept, notes)


def verify(
    path: Path,
    key: Path | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Manifest:
    """Read a backup to its end and see that this version could put it back; changes nothing.

    Args:
        path: The backup.
        key: The file of the key that opens it, if it is encrypted.
        progress: Told how far it is.

    Raises:
        BackupError: It could not.
    """
    checked = partial(progress, "Checking, by bytes")
    with reading(path.expanduser(), checked, key) as archive:
        _check_contents(archive)
        return archive.manifest


def _check_contents(archive: ArchiveReader) -> None:
    manifest = archive.manifest
    if manifest.revision > newest():
        raise BackupError(
            f"This backup was made by a newer version of Shopkeeper (its tables are at "
            f"{manifest.revision}, this version knows {newest()}). Install that version first."
        )
    for name in archive.names:
        if not _NAME.fullmatch(name):
            raise BackupError(f"This backup has a file that no backup has ({name!r}). Refused.")
    known = {table.name for table in tables()}
    if strange := set(manifest.tables) - known:
        raise BackupError(f"This backup has tables that are not known here: {sorted(strange)}.")


def _check_place(
    settings: Settings, archive: ArchiveReader, database: Target, replace: bool
) -> None:
    """Refuse a home or a database that is in use, not empty, or too small.

    Raises:
        BackupError: The message says what to do.
    """
    if user := in_use(settings) or database.in_use():
        raise BackupError(f"{user} Stop it, then restore.")
    needed, free = archive.size, shutil.disk_usage(settings.home).free
    if needed > free:
        raise BackupError(
            f"It needs {needed / 1e6:,.0f} MB on the disk of {settings.home}, and "
            f"{free / 1e6:,.0f} MB are free."
        )
    there = [str(path) for path in old_things(settings)]
    if database.is_filled():
        there.append(database.name)
    if there and not replace:
        raise BackupError(
            f"There is something already: {', '.join(there[:5])}. Set SHOPKEEPER_HOME (and "
            "DATABASE_URL) to an empty one, or say --replace: what is there is then kept aside."
        )


def _stage(
    settings: Settings, archive: ArchiveReader, moves: Moves, progress: Progress
) -> list[str]:
    """Lay every file ready; returns notes about those that could not go where they were."""
    for name in archive.names:
        kind, _, rest = name.partition("/")
        if kind == HOME and rest in HOME_FILES:
            with moves.place(rest).open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                archive.save(name, file)
    _stage_uploads(settings, archive, moves, progress)
    return [note for name in archive.names if (note := _setting(settings, archive, moves, name))]


def _stage_uploads(
    settings: Settings, archive: ArchiveReader, moves: Moves, progress: Progress
) -> None:
    names = [name for name in archive.names if name.startswith(f"{UPLOADS}/")]
    in_home = settings.storage is None
    place = (
        stored_files.local(moves.place("uploads")) if in_home else storage.open_storage(settings)
    )
    for number, name in enumerate(names, start=1):
        _, upload_id, file_name = name.split("/")
        spot = place / upload_id / file_name
        # A file of an upload never changes: what is there already is the same.
        if not spot.exists():
            with spot.create() as file:
                archive.save(name, file)
        progress("Uploaded catalogs, by files", number, len(names))


def _setting(settings: Settings, archive: ArchiveReader, moves: Moves, name: str) -> str:
    """Put a file of settings back where there is none; what differs is laid beside it."""
    kind, _, rest = name.partition("/")
    wanted = setting_files(settings).get(rest) if kind == SETTINGS else None
    if wanted is None:
        return ""
    with archive.member(name) as file:
        data = file.read()
    if wanted.exists() and wanted.read_bytes() == data:
        return ""
    beside = moves.place("settings-of-the-backup") / wanted.name
    beside.parent.mkdir(exist_ok=True)
    beside.write_bytes(data)
    beside.chmod(0o600)
    final = settings.home / "settings-of-the-backup" / wanted.name
    return f"The backup's {wanted.name} is at {final}; put it to {wanted} if it is to be used."


def _about_key(settings: Settings, manifest: Manifest) -> list[str]:
    if sealed.key_id(settings) == manifest.key_id:
        return []
    other = (
        "or unset it to use the one of the backup" if manifest.key_inside else "or enter them again"
    )
    return [
        "Passwords and tokens of destinations were stored under another key than the one that is "
        f"set now: set SHOPKEEPER_SECRET_KEY to the key of that time, {other}."
    ]
