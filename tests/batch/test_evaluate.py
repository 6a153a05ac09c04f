from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batch.__main__ import app
from batch.golden import read_golden, sample
from batch.scoring import Counts, count, interval
from core.settings import Settings
from tests.fake_endpoint import FakeEndpoint, Reply

Call = Callable[..., tuple[int, str, str]]


def line(text: str, category: str, **values: str) -> str:
    scores = {name: {value: 1} for name, value in values.items()}
    return json.dumps({"input": text, "category": category, "target_scores": scores})


TRAIN = [
    line("Acme Mug, Red", "Mugs", Brand="Acme", Color="Red"),
    line("Bolt Mug, Blue", "Mugs", Brand="Bolt", Color="n/a"),
    line("Cask Tent, 2 kg", "Tents", Brand="Cask", Weight="2 kg"),
]
TEST = [
    line("Dune Mug, Green", "Mugs", Brand="Dune", Color="Green", Shape="Round"),
    line("Elm Mug", "Mugs", Brand="Elm", Color="n/a"),
    line("Fox Tent, 3 kg", "Tents", Brand="Fox", Weight="3 kg"),
]
ANSWERS = {
    "Dune Mug, Green": {"Brand": "Dune", "Color": "Green"},
    "Elm Mug": {"Brand": "", "Color": "Mug"},
    "Fox Tent, 3 kg": {"Brand": "Fox", "Weight": "3"},
}


def write(folder: Path, name: str, lines: list[str]) -> None:
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder, "test", TEST)
    write(folder, "train_small", TRAIN)
    return folder


@pytest.fixture
def call(settings: Settings, endpoint: FakeEndpoint, data: Path) -> Call:
    """The command over the folder, on an endpoint that answers each product as scripted."""
    endpoint.script = lambda text, _: Reply(json.dumps(ANSWERS.get(text, {})))
    environment = os.environ | {
        "SHOPKEEPER_HOME": str(settings.home),
        "OPENAI_BASE_URL": endpoint.url,
        "OPENAI_MODEL": "fake",
    }

    def call(*arguments: str, folder: Path = data) -> tuple[int, str, str]:
        given = ["evaluate", "--data", str(folder), *arguments]
        result = CliRunner().invoke(app, given, env=environment)
        return result.exit_code, result.stdout, result.stderr

    return call


def figures(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_wrong_value_counts_as_wrong_and_as_missed() -> None:
    accepted = {"a": frozenset(["x"]), "b": frozenset(["y", "z"]), "c": frozenset(["w"])}
    given = {"a": "X", "b": "z", "d": "new"}
    assert count("abcd", given, accepted) == Counts(right=1, wrong=2, missed=2)
    assert count("a", {"a": "x", "b": "no"}, accepted) == Counts(right=1)
    assert count("d", {}, accepted) == Counts()


def test_the_figures_follow_from_the_counts() -> None:
    counts = Counts(right=6, wrong=2, missed=4)
    assert (counts.precision, counts.recall) == (0.75, 0.6)
    assert counts.f1 == pytest.approx(2 / 3)
    assert (Counts().precision, Counts().f1) == (0.0, 0.0)


def test_the_interval_is_narrow_for_many_rows_that_are_alike() -> None:
    assert interval([Counts(1, 0, 0)] * 50) == (1.0, 1.0)
    low, high = interval([Counts(1, 0, 0), Counts(0, 1, 1)] * 50)
    assert 0.35 < low < 0.5 < high < 0.65


def test_precision_recall_and_f1_are_told_by_category_and_overall(call: Call) -> None:
    code, out, told = call("--json")
    found = figures(out)
    # Right: Dune, Green, Fox. Wrong: Mug, 3. Missed: Elm, 3 kg. Shape is no field of the training.
    assert (found["precision"], found["recall"], found["f1"]) == (0.6, 0.6, 0.6)
    assert (found["rows"], found["valid"], code) == (3, 3, 0)
    assert found["seconds"] >= 0
    assert found["categories"]["Tents"]["f1"] == 0.5
    assert "Mugs" in told
    assert "rows a minute" in told


def test_each_category_is_asked_for_the_fields_of_its_training(
    call: Call, endpoint: FakeEndpoint
) -> None:
    call()
    asked = {one["messages"][-1]["content"]: one for one in endpoint.requests}
    form = asked["Fox Tent, 3 kg"]["response_format"]["json_schema"]["schema"]
    assert list(form["properties"]) == ["Brand", "Weight"]


def test_an_answer_that_cannot_be_used_is_told_and_ends_with_a_code(
    call: Call, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_ROW_ATTEMPTS", "1")
    endpoint.script = lambda text, _: Reply("[]" if "Elm" in text else "{}")
    code, out, _ = call("--json")
    assert (figures(out)["valid"], code) == (2, 3)


def test_the_limit_takes_every_category_in_turn_and_the_same_rows_each_time(data: Path) -> None:
    found = read_golden(data / "test.jsonl")
    assert {one.category for one in sample(found, 2)} == {"Mugs", "Tents"}
    assert sample(found, 2) == sample(found, 2)
    assert sample(found, None) == found


def test_a_product_that_is_asked_for_is_never_learnt_from(
    call: Call, data: Path, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def nearest_among(found: Any) -> Any:
        seen.extend(one.text for one in found)
        return lambda texts, kind, k: (
            [[one for one in found if one.product_type == kind][:k]] * len(texts)
        )

    monkeypatch.setattr("batch.evaluation.nearest_among", nearest_among)
    write(data, "train", [*TRAIN, TEST[0]])
    code, _, _ = call("--demos", "train")
    assert code == 0
    assert seen == ["Acme Mug, Red", "Bolt Mug, Blue", "Cask Tent, 2 kg"]
    shown = [turn["content"] for turn in endpoint.requests[0]["messages"]]
    assert '{"Brand":"Acme","Color":"Red"}' in shown or '{"Brand":"Cask","Weight":"2 kg"}' in shown


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{", "test.jsonl, line 2: not valid JSON"),
        ("[]", "test.jsonl, line 2: not a JSON object"),
        ('{"category": "Mugs", "target_scores": {}}', "line 2: “input” must be a text"),
        ('{"input": "x", "category": "Mugs"}', "line 2: “target_scores” must be an object"),
        ('{"input": "x", "category": 3, "target_scores": {}}', "line 2: “category” must be"),
    ],
)
def test_a_line_that_is_no_product_is_named(call: Call, data: Path, bad: str, said: str) -> None:
    write(data, "test", [TEST[0], bad])
    code, _, told = call()
    assert code == 2
    assert said in " ".join(told.split())


def test_missing_folders_and_files_are_named(call: Call, data: Path, tmp_path: Path) -> None:
    code, _, told = call(folder=tmp_path / "nowhere")
    assert (code, "There is no folder" in told) == (2, True)
    code, _, told = call("--demos", "nothing.jsonl")
    assert (code, "nothing.jsonl cannot be read" in " ".join(told.split())) == (2, True)
    (data / "train_small.jsonl").unlink()
    code, _, told = call()
    assert (code, "neither train_small.jsonl nor train.jsonl" in " ".join(told.split())) == (
        2,
        True,
    )
    write(data, "train_small", TRAIN)
    (data / "test.jsonl").write_text("\n")
    code, _, told = call()
    assert (code, "has no products" in told) == (2, True)


def test_what_is_measured_by_cannot_be_learnt_from(call: Call, data: Path) -> None:
    for name in ("test", str(data / "test.jsonl")):
        code, _, told = call("--demos", name)
        assert (code, "cannot be learnt from" in told) == (2, True)
