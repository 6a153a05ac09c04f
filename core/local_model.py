"""The embedded model's file on this machine: fetched once, verified, found again.

Kept in the user's cache, since homes come and go and the file is large.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core import weight_sources
from core.errors import DownloadError
from core.files import make_folder
from core.settings import Settings
from core.weight_sources import Progress
from core.weights import KNOWN, Weights, choose

__all__ = ["KNOWN", "Progress", "fetch", "resolve"]

log = logging.getLogger(__name__)

MEGABYTE = 1_000_000
#: Room to leave for a wheel in flight and for everything else.
SPARE_BYTES = 300 * MEGABYTE
WAIT_S = 0.5


def resolve(settings: Settings) -> Path | None:
    """The model's file, if it is here and was verified; quick, nothing is hashed again.

    Raises:
        SettingError: ``SHOPKEEPER_MODEL`` names nothing that can be had.
    """
    chosen = choose(settings.model)
    if isinstance(chosen, Path):
        return chosen
    path = _cached(settings, chosen)
    return path if _is_verified(path) else None


def fetch(settings: Settings, progress: Progress) -> Path:
    """The model's file, downloaded first where it is missing.

    Args:
        settings: Names the model and the cache.
        progress: Told a label, the bytes done and the bytes in all (0: unknown).

    Raises:
        SettingError: ``SHOPKEEPER_MODEL`` names nothing that can be had.
        DownloadError: No source has it, the disk is full, or it is not what it should be.
    """
    chosen = choose(settings.model)
    if isinstance(chosen, Path):
        return chosen
    path = _cached(settings, chosen)
    make_folder(path.parent)
    try:
        with _alone(path, chosen, progress):
            if not _is_verified(path):
                _obtain(settings, chosen, path, progress)
    except OSError as error:
        reason = error.strerror or error
        raise DownloadError(f"Cannot store the model at {path}: {reason}.") from error
    return path


def _cached(settings: Settings, weights: Weights) -> Path:
    folder = settings.cache / "models"
    if weights in KNOWN.values():
        return folder / weights.file
    return folder / weights.repo.replace("/", "--") / weights.file


@contextmanager
def _alone(path: Path, weights: Weights, progress: Progress) -> Iterator[None]:
    """Hold the machine-wide right to fetch this file; two homes must not do it twice."""
    lock = FileLock(f"{path}.lock")
    while True:
        try:
            lock.acquire(timeout=WAIT_S)
            break
        except Timeout:
            progress(f"Waiting for another process to fetch {path.name}", 0, weights.size or 0)
    try:
        yield
    finally:
        lock.release()


def _obtain(settings: Settings, weights: Weights, path: Path, progress: Progress) -> None:
    if path.exists() and weights.sha256 is not None:
        # Put there by hand, or the mark was lost: believe it when it proves itself.
        progress(f"Checking {path.name}", 0, weights.size or 0)
        if _digest(path) == weights.sha256:
            _mark(path)
            return
    _require_room(path.parent, weights)
    part = path.with_name(f"{path.name}.part")
    _download(settings, weights, part, progress)
    _verify(part, weights)
    part.replace(path)
    _mark(path)


def _download(settings: Settings, weights: Weights, part: Path, progress: Progress) -> None:
    progress(f"Fetching {weights.file}", 0, weights.size or 0)
    try:
        weight_sources.from_hub(weights, part, progress)
        return
    except DownloadError as error:
        hub_problem = error
        log.info("model %s: %s; trying its mirror", weights.file, error)
    try:
        weight_sources.from_mirror(settings, weights, part, progress)
    except DownloadError as error:
        raise DownloadError(
            f"Could not fetch the model {weights.file}: {hub_problem}; {error}. Check the "
            "connection and try again, point SHOPKEEPER_MODEL at a .gguf file, or set "
            "OPENAI_BASE_URL or OPENAI_API_KEY to use another model."
        ) from error


def _require_room(folder: Path, weights: Weights) -> None:
    needed = (weights.size or 0) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DownloadError(
            f"The model needs {needed / MEGABYTE:,.0f} MB in {folder}, which has "
            f"{free / MEGABYTE:,.0f} MB free. Free some space, or set SHOPKEEPER_CACHE to "
            "a folder on a larger disk."
        )


def _verify(part: Path, weights: Weights) -> None:
    if weights.sha256 is None:
        return
    found = _digest(part)
    if found != weights.sha256:
        part.unlink()
        raise DownloadError(
            f"The model {weights.file} arrived damaged or altered: its SHA-256 is {found}, "
            f"expected {weights.sha256}. It has been deleted; please try again."
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(path: Path) -> str:
    state = path.stat()
    return f"{state.st_size} {state.st_mtime_ns}"


def _ok(path: Path) -> Path:
    return path.with_name(f"{path.name}.ok")


def _mark(path: Path) -> None:
    _ok(path).write_text(_fingerprint(path), encoding="ascii")


def _is_verified(path: Path) -> bool:
    try:
        return _ok(path).read_text(encoding="ascii") == _fingerprint(path)
    except (OSError, ValueError):
        return False
