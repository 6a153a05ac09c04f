from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from core.endpoints import Endpoint
from core.errors import EndpointError, RateLimited
from core.model import Answer, ModelClient
from tests.fake_endpoint import FakeEndpoint, Reply


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(lambda _text, _before: Reply('{"a": 1}')).running() as running:
        yield running


def complete(endpoint: Endpoint) -> Answer:
    async def once() -> Answer:
        client = ModelClient(endpoint, timeout_s=5)
        try:
            return await client.complete(
                [{"role": "user", "content": "x"}], schema={"type": "object"}, max_tokens=9, slot=2
            )
        finally:
            await client.close()

    return asyncio.run(once())


def sent(fake: FakeEndpoint, **parts: Any) -> dict[str, Any]:
    """What an endpoint with these properties is sent."""
    complete(Endpoint(**{"name": "remote", "base_url": fake.url, "model": "m"} | parts))
    return fake.requests[-1]


def test_an_answer_comes_with_its_tokens(fake: FakeEndpoint) -> None:
    answer = complete(Endpoint("remote", fake.url, "m"))
    assert answer.text == '{"a": 1}'
    assert (answer.tokens.prompt, answer.tokens.completion) == (100, 10)


def test_each_server_is_asked_in_words_it_knows(fake: FakeEndpoint) -> None:
    ordinary = sent(fake)
    assert (ordinary["max_tokens"], ordinary["temperature"]) == (9, 0)
    assert "id_slot" not in ordinary
    assert sent(fake, pins_slots=True)["id_slot"] == 2
    thinking = sent(fake, name="openai")
    assert "temperature" not in thinking
    assert thinking["max_completion_tokens"] > 9


def test_a_rate_limit_says_when_to_come_back(fake: FakeEndpoint) -> None:
    fake.script = lambda _t, _b: Reply(status=429, body=b"{}", headers=(("retry-after", "7"),))
    with pytest.raises(RateLimited) as caught:
        complete(Endpoint("remote", fake.url, "m"))
    assert caught.value.retry_after_s == 7


def test_a_refusal_repeats_the_servers_words_but_never_the_key(fake: FakeEndpoint) -> None:
    fake.script = lambda _t, _b: Reply(
        status=400, body=b'{"error": {"message": "no such\\nthing"}}'
    )
    endpoint = Endpoint("remote", fake.url, "m", api_key=SecretStr("sk-secret"))
    with pytest.raises(EndpointError, match="no such thing") as caught:
        complete(endpoint)
    assert "sk-secret" not in str(caught.value)
    assert not caught.value.transient
