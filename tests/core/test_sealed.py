from __future__ import annotations

import stat
from pathlib import Path

import pytest

from core.errors import SettingError
from core.sealed import FILE, derived, seal, unseal
from core.settings import Settings, load_settings


def test_a_secret_can_be_read_again_and_is_not_what_is_stored(settings: Settings) -> None:
    sealed = seal(settings, "pässword")
    assert "ssword" not in sealed
    assert sealed != seal(settings, "pässword")
    assert unseal(load_settings(home=settings.home), sealed) == "pässword"


def test_the_key_of_a_home_is_for_its_owner_only(settings: Settings) -> None:
    seal(settings, "x")
    assert stat.S_IMODE((settings.home / FILE).stat().st_mode) == 0o600
    assert [path.name for path in settings.home.iterdir()] == [FILE]


def test_another_key_reads_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    one = load_settings(home=tmp_path, secret_key="one long secret key")
    other = load_settings(home=tmp_path, secret_key="another secret key")
    with pytest.raises(SettingError, match="SHOPKEEPER_SECRET_KEY"):
        unseal(other, seal(one, "x"))
    assert not (tmp_path / FILE).exists()


def test_each_purpose_has_a_key_of_its_own(settings: Settings) -> None:
    assert derived(settings, "a") == derived(settings, "a") != derived(settings, "b")
