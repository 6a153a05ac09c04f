"""Files of results on disk: their names, and written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file that is either whole or not there.

    Raises:
        OSError: It could not be written; an older file of that name is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as file:
            file.writelines(lines)
        # mkstemp makes it private; a download should be as readable as its neighbours.
        Path(part).chmod(0o644)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def safe_name(text: str, suffix: str) -> str:
    """A file name for a download, safe on every system.

    Args:
        text: What it should be called; any characters.
        suffix: With its dot, such as ``.csv``.
    """
    name = unicodedata.normalize("NFKC", text)
    name = re.sub(r"[^\w.-]+", "-", name)
    name = re.sub(r"-{2,}", "-", name).strip("-._")[:80].rstrip("-._")
    if not name:
        name = "results"
    if _RESERVED.match(name.split(".")[0]):
        name = f"{name.split('.')[0]}-results"
    return f"{name}{suffix}"
