from __future__ import annotations

from pathlib import Path

import pytest

from core import progress
from core.progress import Progress, Task
from core.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path)


def test_a_report_is_read_back_until_cleared(settings: Settings) -> None:
    progress.report(settings, "Indexing the sample shop", 25, 100)
    state = progress.read(settings)
    assert state == Progress("Indexing the sample shop", 25, 100)
    assert state.fraction == 0.25
    progress.clear(settings)
    progress.clear(settings)
    assert progress.read(settings) is None


def test_tasks_do_not_overwrite_each_other(settings: Settings) -> None:
    progress.report(settings, "Fetching", 1, 2, task=Task.MODEL)
    assert progress.read(settings) is None
    assert progress.read(settings, task=Task.MODEL) == Progress("Fetching", 1, 2)


def test_a_damaged_file_is_no_progress(settings: Settings) -> None:
    settings.run.mkdir(parents=True)
    (settings.run / "progress.json").write_text("{")
    assert progress.read(settings) is None


def test_no_part_file_is_left_behind(settings: Settings) -> None:
    progress.report(settings, "x", 0, 0)
    assert [path.name for path in settings.run.iterdir()] == ["progress.json"]


def test_an_unknown_total_is_nothing_done() -> None:
    assert Progress("x", 5, 0).fraction == 0.0
