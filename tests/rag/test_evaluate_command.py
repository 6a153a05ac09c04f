"""The command as it is used: a shop of its own, a real search server, a scripted model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core import services
from core.settings import Settings
from rag.__main__ import app
from rag.index import Index
from tests.fakes import FakeModel, Script
from tests.rag.conftest import TOKEN, ChromaServer

pytestmark = pytest.mark.processes
PRODUCTS = (
    '{"id": "t1", "title": "Halden Tent", "description": "Sleeps four.", "price": "$289"}\n'
    '{"id": "k1", "title": "Glass Kettle", "description": "Boils water.", "price": "$74"}\n'
)
CASES = (
    '{"id": "a", "kind": "find", "question": "Which tent sleeps four?", "must": ["t1"]}\n'
    '{"id": "b", "kind": "exact", "question": "What does the glass kettle cost?",'
    ' "must": ["k1"], "facts": [["75"]], "half": "held out"}\n'
    '{"id": "c", "kind": "not in the shop", "question": "Who is the president?", "refuse": true}\n'
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "products.jsonl").write_text(PRODUCTS)
    return folder


def evaluate(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", "--data", str(data), *words])


@pytest.fixture(autouse=True)
def environment(settings: Settings, model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(settings.home))
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    monkeypatch.setenv("OPENAI_MODEL", "fake")


def test_rankings_and_answers_are_measured_in_a_shop_apart(
    data: Path, model: FakeModel, settings: Settings
) -> None:
    (data / "queries.tsv").write_text("1\tglass kettle\n2\ttent\n")
    (data / "qrels.tsv").write_text("1\t0\tk1\t1\n2\t0\tt1\t2\n")
    (data / "cases.jsonl").write_text(CASES)
    model.answer(
        Script(pieces=("The Halden tent sleeps four [1].",)), Script(("The kettle costs $74 [1].",))
    )
    result = evaluate(data, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["retrieval"]["hybrid"]["ndcg@10"], found["retrieval"]["hybrid"]["queries"]) == (
        1.0,
        2,
    )
    answers = found["answers"]
    assert [one["right"] for one in answers["each"]] == [True, False, True]
    assert answers["each"][1]["wrong"] == ["not told: 75"]
    assert answers["citations"] == 1.0
    assert (answers["refusals"], answers["wrong_refusals"]) == (1.0, 0.0)
    assert "What does the glass kettle cost?" in result.stderr
    assert list(settings.home.glob("*")) == [], "the merchant's own home is not touched"


@pytest.fixture
def running(chroma: ChromaServer, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search server of the tests, empty, instead of one that is started for each trial."""

    def ensure(settings: Settings, needs: object) -> None:
        settings.run.mkdir(parents=True)
        (settings.run / "ports.json").write_text(f'{{"chroma": {chroma.port}, "model": 1}}')

    monkeypatch.setenv("SHOPKEEPER_CHROMA_TOKEN", TOKEN)
    monkeypatch.setattr(services, "ensure", ensure)
    for name in ("wait_healthy", "stop"):
        monkeypatch.setattr(services, name, lambda *_, **__: None)


@pytest.mark.usefixtures("running")
def test_without_a_model_what_is_shown_is_judged(data: Path, model: FakeModel) -> None:
    (data / "cases.jsonl").write_text(CASES)
    result = evaluate(data, "--no-model", "--half", "held out")
    assert result.exit_code == 0, result.output
    assert "exact" in result.stdout
    assert "0%" in result.stdout
    assert "not told: 75" in result.stderr
    assert model.requests == []


@pytest.mark.usefixtures("running")
def test_each_part_of_the_search_is_measured_by_itself(data: Path, model: FakeModel) -> None:
    (data / "queries.tsv").write_text("1\tglass kettle\n2\tshelter for four\n")
    (data / "qrels.tsv").write_text("1\t0\tk1\t1\n2\t0\tt1\t2\n")
    (data / "cases.jsonl").write_text(CASES)
    parts = ("lexical", "dense", "hybrid")
    result = evaluate(data, "--json", *(f"--part={part}" for part in parts))
    found = json.loads(result.stdout)
    assert list(found["retrieval"]) == list(parts)
    assert found["retrieval"]["dense"]["each"][1]["found"][0] == "t1"
    assert set(found["retrieval"]["lexical"]["each"][0]["found"]) == {"k1"}
    assert found["retrieval"]["hybrid"]["ndcg@10"] == 1.0
    assert "answers" not in found
    assert model.requests == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--kind", "poem"], "There are: find, exact, not in the shop."),
        (["--half", "left"], "say “tune” or “held out”"),
    ],
)
def test_a_kind_or_half_that_is_not_there_is_told(data: Path, words: list[str], told: str) -> None:
    (data / "cases.jsonl").write_text(CASES)
    result = evaluate(data, *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_folder_that_holds_nothing_to_measure_is_told(data: Path, tmp_path: Path) -> None:
    result = evaluate(data)
    assert (result.exit_code, "neither queries.tsv" in result.stderr) == (2, True)
    result = evaluate(tmp_path / "nowhere")
    assert (result.exit_code, "There is no folder" in result.stderr) == (2, True)
