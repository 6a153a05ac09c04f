"""What the documents say can be done can be done: settings, commands and files exist."""

from __future__ import annotations

import re
import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.programs import Service
from core.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = {str(field.validation_alias) for field in Settings.model_fields.values()}
#: Read by the storage, and by the makers of images.
OTHERS = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "compose.yaml").read_text())
    return found


def ours() -> dict[str, dict[str, Any]]:
    """The services that run our own image."""
    return {name: one for name, one in compose()["services"].items() if "build" in one}


def modules(text: str) -> set[str]:
    """What is started with ``python -m``."""
    return set(re.findall(r"(?:python3? -m |-m\", \")([a-z_]+(?:\.[a-z_]+)*)", text))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_what_a_document_starts_is_there(path: Path) -> None:
    for module in modules(path.read_text()):
        assert find_spec(module) is not None, module


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_what_a_document_sets_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"\bSHOPKEEPER_[A-Z_]*[A-Z]\b", path.read_text()))
    assert named <= SETTINGS


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / link).exists(), link


def test_the_containers_set_what_we_read_and_start_what_we_have() -> None:
    assert set(ours()) == {"page", "worker", "indexer", "search"}
    for service in ours().values():
        assert set(service["environment"]) <= SETTINGS | OTHERS
        assert service["environment"]["DATABASE_URL"].startswith("postgresql+psycopg://")
        command = service.get("command", ["python", "-m", "core.services", "run"])
        assert find_spec(command[2]) is not None
    assert ours()["page"]["environment"]["SHOPKEEPER_SERVICES"] == Service.PAGE
    assert '"core.services", "run"' in (ROOT / "Dockerfile").read_text()


def test_the_containers_depend_on_what_there_is() -> None:
    services = compose()["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith(".") or source in compose()["volumes"]


def test_the_house_has_a_line_for_every_module() -> None:
    page = runpy.run_path(str(ROOT / ".ci" / "house.py"))["page"]()
    assert (ROOT / "docs" / "house.md").read_text() == page, "run `make house`"
