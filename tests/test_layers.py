"""The arrows of the house: which package may import which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("core", "rag", "batch", "pages", "app", "benchmarks", "tests")

#: What each package may import of ours.
ALLOWED = {
    "core": {"core"},
    "rag": {"rag", "core"},
    "batch": {"batch", "core"},
    "pages": {"pages", "rag", "batch", "core"},
    "app": {"pages", "rag", "batch", "core"},
}
#: Libraries that belong to one place only.
CONFINED = {
    "streamlit": {"app", "pages"},
    "starlette": {"app", "pages"},
    "langchain": {"rag"},
    "langchain_core": {"rag"},
    "langchain_openai": {"rag"},
    "langchain_chroma": {"rag"},
    "langchain_text_splitters": {"rag"},
    "chromadb": {"rag"},
    "dbos": {"batch"},
}


def sources(package: str) -> list[Path]:
    if package == "app":
        return [ROOT / "app.py"]
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Top-level names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def modules() -> list[tuple[str, Path]]:
    return [(package, path) for package in ALLOWED for path in sources(package)]


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_only_what_they_may(package: str) -> None:
    assert sources(package)
    for path in sources(package):
        wrong = (set(imported(path)) & set(OURS)) - ALLOWED[package]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


@pytest.mark.parametrize("library", CONFINED)
def test_libraries_stay_where_they_belong(library: str) -> None:
    users = {package for package, path in modules() if library in set(imported(path))}
    assert users <= CONFINED[library]


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for _, path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert readers <= {"core/settings.py"}
