from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingError
from core.roster import needs_embedded
from core.settings import load_settings
from core.sign_in_settings import SignIn


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


PROVIDER = {
    "oidc_metadata": "https://id.example/.well-known/openid-configuration",
    "oidc_client_id": "shop",
    "oidc_client_secret": "not for anybody",
}


def test_people_sign_in_with_a_password_unless_it_is_said_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SHOPKEEPER_SIGN_IN")
    assert load_settings().sign_in is SignIn.PASSWORD


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "10.1.2.3", "shop.example"])
def test_sign_in_cannot_be_off_where_other_machines_reach_the_shop(address: str) -> None:
    with pytest.raises(SettingError, match="SHOPKEEPER_ADDRESS"):
        load_settings(sign_in="off", address=address)
    for own in ("127.0.0.1", "127.0.0.2", "localhost", "::1"):
        assert load_settings(sign_in="off", address=own).sign_in is SignIn.OFF


def test_shoppers_cannot_be_asked_to_sign_in_without_a_way_to() -> None:
    with pytest.raises(SettingError, match="SHOPKEEPER_SHOPPERS_SIGN_IN"):
        load_settings(sign_in="off", shoppers_sign_in=True)


@pytest.mark.parametrize("missing", list(PROVIDER))
def test_a_provider_needs_all_that_it_is_reached_by(missing: str) -> None:
    given = {name: value for name, value in PROVIDER.items() if name != missing}
    with pytest.raises(SettingError, match="SHOPKEEPER_OIDC_") as refused:
        load_settings(sign_in="oidc", oidc_administrators="ada@shop.example", **given)
    assert "not for anybody" not in refused.value.message


def test_with_a_provider_somebody_has_to_become_administrator() -> None:
    with pytest.raises(SettingError, match="SHOPKEEPER_OIDC_ADMINISTRATORS"):
        load_settings(sign_in="oidc", **PROVIDER)
    for more in ({"oidc_administrators": "ada@shop.example"}, {"oidc_role_claim": "groups"}):
        settings = load_settings(sign_in="oidc", **PROVIDER, **more)
        assert "not for anybody" not in repr(settings)


def test_people_reach_the_shop_by_its_name_where_it_has_one() -> None:
    assert load_settings(port=8600).address_for_people == "http://localhost:8600"
    assert load_settings(url="https://shop.example/").address_for_people == "https://shop.example"
    elsewhere = load_settings(address="10.1.2.3", port=80, sign_in="password")
    assert elsewhere.address_for_people == "http://10.1.2.3:80"
