"""Writes docs/house.md: what each module owns, in the first sentence of its docstring.

``make house`` runs it after a module has come, gone or changed its docstring;
a test sees that the page is up to date.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "house.md"
PACKAGES = (
    "pages",
    "pages/parts",
    "rag",
    "batch",
    "batch/normal",
    "core",
    "benchmarks",
    "benchmarks/peers",
)
HEAD = """\
# The house

Every module, and what it owns. `app.py` and `pages/` draw, `rag/` and `batch/` work, `core/` serves
both and imports neither ([CONTRIBUTING.md](../CONTRIBUTING.md) has the rules). `tests/` mirrors the
source, file by file. Written by `make house` from the modules' own first sentences.
"""


def first_sentence(path: Path) -> str:
    """What a module says of itself, up to its first empty line.

    Raises:
        ValueError: It says nothing.
    """
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not docstring:
        raise ValueError(f"{path.relative_to(ROOT)} has no docstring")
    said = " ".join(docstring.partition("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")
    return re.sub(r"(?<=\w)\.$", "", said)


def page() -> str:
    """The whole of docs/house.md."""
    parts = [HEAD, *map(_rooms, PACKAGES)]
    return "\n".join(parts)


def _rooms(package: str) -> str:
    folder = ROOT / package
    paths = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    if package == PACKAGES[0]:
        paths.insert(0, ROOT / "app.py")
    lines = [f"| `{path.relative_to(ROOT)}` | {first_sentence(path)} |" for path in paths]
    about = first_sentence(folder / "__init__.py")
    return "\n".join(
        [f"## {package}/", "", f"{about}.", "", "| module | owns |", "|---|---|", *lines, ""]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
