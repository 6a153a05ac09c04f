from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingError
from core.roster import needs_embedded
from core.settings import load_settings


def test_the_embedded_model_serves_when_no_endpoint_is_named() -> None:
    assert needs_embedded(load_settings())
    assert not needs_embedded(load_settings(openai_api_key="k"))
    url = "http://localhost:11434/v1"
    assert not needs_embedded(load_settings(openai_base_url=url, openai_model="m"))


def test_the_environment_is_read_and_arguments_win(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(tmp_path / "a"))
    monkeypatch.setenv("PORT", "8600")
    assert load_settings().home == tmp_path / "a"
    assert load_settings(home=tmp_path / "b").home == tmp_path / "b"
    assert load_settings().port == 8600


def test_a_blank_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert needs_embedded(load_settings())


def test_the_operating_systems_own_variables_are_not_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings().home != tmp_path


@pytest.mark.parametrize("value", ["abc", "0", "70000"])
def test_a_malformed_setting_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(SettingError, match="PORT"):
        load_settings()


def test_the_key_is_never_shown() -> None:
    assert "sk-secret" not in repr(load_settings(openai_api_key="sk-secret"))
