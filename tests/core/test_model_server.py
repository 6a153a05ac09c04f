from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from core import local_model, model_server, progress
from core.progress import Task
from core.settings import Settings, load_settings


def test_the_parameters_keep_newcomers_and_neighbours_in_mind() -> None:
    token = SecretStr("a secret token")
    params = model_server.parameters(
        Path("m.gguf"), alias="mine", port=1234, slots=3, threads=2, token=token
    )
    assert params.api_keys == ["a secret token"]
    assert params.model.path == "m.gguf"
    assert params.model_alias == {"mine"}
    assert (params.hostnames, params.port) == (["127.0.0.1"], 1234)
    assert (params.n_parallel, params.n_ctx) == (3, 3 * 4096)
    assert params.n_batch == params.n_ubatch == model_server.BATCH_TOKENS
    assert params.n_batch <= 256, "a newcomer waits for as long as one batch takes"
    assert params.cpuparams.n_threads == params.cpuparams_batch.n_threads == 2
    assert params.cpuparams.poll == params.cpuparams_batch.poll == 0


def test_a_missing_model_is_fetched_with_its_progress_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(home=tmp_path, cache=tmp_path / "cache")
    told: list[progress.Progress | None] = []

    def fetch(settings: Settings, tell: local_model.Progress) -> Path:
        tell("Fetching", 1, 2)
        told.append(progress.read(settings, task=Task.MODEL))
        return tmp_path / "m.gguf"

    monkeypatch.setattr(local_model, "fetch", fetch)
    assert model_server.obtain(settings) == tmp_path / "m.gguf"
    assert told == [progress.Progress("Fetching", 1, 2)]
    assert progress.read(settings, task=Task.MODEL) is None


def test_slots_follow_the_setting(tmp_path: Path) -> None:
    assert model_server.slots(load_settings(home=tmp_path, slots=7)) == 7
    assert model_server.slots(load_settings(home=tmp_path, slots=None)) == 4
