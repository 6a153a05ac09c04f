from __future__ import annotations

import pytest

from core.endpoints import OPENAI_URL, endpoint
from core.errors import ServiceError, SettingError
from core.settings import Settings, load_settings


def test_openai_is_meant_when_only_a_key_is_given() -> None:
    found = endpoint(load_settings(openai_api_key="sk-secret"))
    assert (found.name, found.base_url) == ("openai", OPENAI_URL)
    assert found.api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr(found)


def test_another_server_needs_no_key_but_a_model() -> None:
    url = "http://localhost:11434/v1"
    found = endpoint(load_settings(openai_base_url=url, openai_model="llama3.2", slots=4))
    assert (found.base_url, found.model, found.batch_slots) == (url, "llama3.2", 3)
    with pytest.raises(SettingError, match="OPENAI_MODEL"):
        endpoint(load_settings(openai_base_url=url))


def test_batch_has_a_slot_even_where_there_is_only_one() -> None:
    assert endpoint(load_settings(openai_api_key="k", slots=1)).batch_slots == 1


def test_the_embedded_model_must_have_been_started(settings: Settings) -> None:
    with pytest.raises(ServiceError, match="make run"):
        endpoint(settings)
