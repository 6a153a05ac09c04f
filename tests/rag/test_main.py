from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core import release_staging, services
from core.db import open_database
from core.products import Product
from core.settings import Settings
from rag import golden
from rag.__main__ import app
from rag.golden import Expected
from rag.index import Index
from tests.fakes import FakeModel, Script
from tests.rag.conftest import TOKEN, ChromaServer

pytestmark = pytest.mark.processes
CSV = "id,title,description,price,currency\nt1,Halden 4 Tent,Sleeps four people.,$289.00,USD\n"


@pytest.fixture
def shell(
    settings: Settings,
    chroma: ChromaServer,
    index: Index,
    model: FakeModel,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CliRunner]:
    """Commands in a home whose services are those of the tests."""
    settings.run.mkdir(parents=True)
    (settings.run / "ports.json").write_text(f'{{"chroma": {chroma.port}, "model": 1}}')
    for name in ("ensure", "wait_healthy", "stop"):
        monkeypatch.setattr(services, name, lambda *_, **__: None)
    monkeypatch.setenv("SHOPKEEPER_HOME", str(settings.home))
    monkeypatch.setenv("SHOPKEEPER_CHROMA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOPKEEPER_SAMPLE_SHOP", "false")
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    monkeypatch.setenv("OPENAI_MODEL", "fake")
    yield CliRunner()


def run(shell: CliRunner, *words: str) -> Result:
    return shell.invoke(app, list(words))


def indexed(shell: CliRunner, folder: Path) -> Path:
    path = folder / "shop.csv"
    path.write_text(CSV)
    (folder / "policies").mkdir()
    (folder / "policies" / "returns.md").write_text("# Returns\n\nSend it back in 60 days.\n")
    result = run(shell, "index", str(path), "--policies", str(folder / "policies"), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"products": 1, "documents": 1, "notes": []}
    return path


def test_indexed_products_and_policies_are_found(shell: CliRunner, tmp_path: Path) -> None:
    indexed(shell, tmp_path)
    result = run(shell, "search", "tent", "-k", "2", "--json")
    first, second = json.loads(result.stdout)["results"]
    assert (first["id"], first["title"], first["price"]) == ("product:t1", "Halden 4 Tent", 289.0)
    assert second["id"] == "policy:returns#1"
    assert first["score"] > second["score"]
    assert "product:t1" in run(shell, "search", "tent").stdout


def test_question_is_answered_with_sources(shell: CliRunner, tmp_path: Path) -> None:
    indexed(shell, tmp_path)
    result = run(shell, "ask", "Which tent sleeps four?", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["answer"] == "Yes [1]."
    assert answer["refused"] is False
    assert answer["sources"][0]["title"] == "Halden 4 Tent"
    assert answer["retrieve_ms"] <= answer["first_token_ms"] <= answer["total_ms"]
    assert answer["tokens"] == {"prompt": 100, "completion": 2}
    assert run(shell, "ask", "Which tent sleeps four?").stdout.startswith("Yes [1].\n[1] Halden")


def test_refusal_is_no_failure(shell: CliRunner, tmp_path: Path) -> None:
    indexed(shell, tmp_path)
    result = run(shell, "ask", "What is the capital of France?", "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["refused"], answer["sources"]) == (0, True, [])
    assert answer["first_token_ms"] is None


def test_model_failure_prints_what_was_found_and_is_exit_1(
    shell: CliRunner, tmp_path: Path, model: FakeModel
) -> None:
    indexed(shell, tmp_path)
    model.answer(Script(status=500))
    result = run(shell, "ask", "Which tent sleeps four?", "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["sources"][0]["title"] == "Halden 4 Tent"
    assert answer["answer"].startswith("Halden 4 Tent")
    assert "could not be written" in answer["details"]["notice"]
    assert result.stderr.count("Error:") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("index", "gone.csv"), "cannot be read"),
        (("ask", " "), "must not be empty"),
        (("search", "tent", "-k", "0"), "Error"),
        (("cook",), "cook"),
    ],
)
def test_bad_input_is_exit_2(shell: CliRunner, words: tuple[str, ...], message: str) -> None:
    result = run(shell, *words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_check_questions_are_asked_of_the_shop_and_of_a_release(
    shell: CliRunner, settings: Settings, tmp_path: Path
) -> None:
    indexed(shell, tmp_path)
    with closing(open_database(settings)) as db:
        golden.add(db, "Which tent sleeps four?", Expected(products=("t1",)))
        release = release_staging.prepare(db, "Empty", "job", [Product("k1", "Kettle")], alone=True)
    result = run(shell, "check")
    assert (result.exit_code, result.stdout) == (0, "right  Which tent sleeps four?\n")
    result = run(shell, "check", "--release", release.id, "--json")
    assert result.exit_code == 3
    (checked,) = json.loads(result.stdout)
    assert (checked["question"], checked["right"]) == ("Which tent sleeps four?", False)
    assert "“Halden 4 Tent” is not shown." in checked["why"]
