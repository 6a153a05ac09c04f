from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from batch.__main__ import app
from core.settings import Settings


class Shell:
    """Runs ``python -m batch demonstrations`` in a home of its own."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {"SHOPKEEPER_HOME": str(settings.home)}

    def __call__(self, *arguments: object) -> Result:
        words = ["demonstrations", *map(str, arguments)]
        return CliRunner().invoke(app, words, env=self._environment)

    def listed(self, *arguments: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self("list", "--json", *arguments).stdout)
        return found


@pytest.fixture
def shell(settings: Settings) -> Shell:
    return Shell(settings)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = (
        json.dumps({"text": f"Tea {at}", "product_type": "Tea", "answer": {"brand": f"B{at}"}})
        for at in range(40)
    )
    path = tmp_path / "tea.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_a_file_is_taken_listed_and_written_again(shell: Shell, file: Path, tmp_path: Path) -> None:
    said = shell("import", file).stderr
    assert "40 examples read, 40 new or changed" in said
    assert "kept aside to measure quality by" in said
    assert len(shell.listed("--search", "tea B1")) == 11
    assert len(shell.listed("--type", "Coffee")) == 0
    assert "Tea 39" in shell("list").stdout
    out = tmp_path / "out.jsonl"
    assert "40 examples written" in shell("export", out).stderr
    assert sorted(out.read_text().splitlines()) == sorted(shell("export").stdout.splitlines())
    assert "0 new or changed" in shell("import", out).stderr


def test_an_example_is_switched_off_and_on_and_removed(shell: Shell, file: Path) -> None:
    shell("import", file)
    one = next(item for item in shell.listed() if item["use"] == "shown to the model")["id"]
    assert shell("off", one).exit_code == 0
    assert json.loads(shell("show", one).stdout)["use"] == "switched off"
    assert shell("on", one).exit_code == 0
    assert json.loads(shell("show", one).stdout)["use"] == "shown to the model"
    assert shell("remove", one).exit_code == 0
    missing = shell("show", one)
    assert missing.exit_code != 0
    assert "There is no example" in missing.stderr


def test_a_file_that_is_none_is_bad_input(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("hello")
    result = shell("import", path)
    assert result.exit_code == 2
    assert "bad.jsonl, line 1 is not JSON" in result.stderr
