from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from core.endpoints import OPENAI_URL, Endpoint, Feature
from core.errors import EndpointError, RateLimited
from core.model import Answer, Request, read_answer, request_body
from core.model_client import ModelClient
from core.statuses import Lane
from tests.fake_endpoint import FakeEndpoint, Reply


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(lambda _text, _before: Reply('{"a": 1}')).running() as running:
        yield running


def complete(endpoint: Endpoint, lane: Lane = Lane.BATCH) -> Answer:
    async def once() -> Answer:
        client = ModelClient(endpoint, timeout_s=5)
        try:
            request = Request([{"role": "user", "content": "x"}], {"type": "object"}, 9)
            return await client.complete(request, lane=lane, slot=2)
        finally:
            await client.close()

    return asyncio.run(once())


def sent(fake: FakeEndpoint, *supports: Feature, lane: Lane = Lane.BATCH) -> dict[str, Any]:
    """What an endpoint that supports this is sent."""
    complete(Endpoint("remote", fake.url, "m", supports=frozenset(supports)), lane)
    return fake.requests[-1]


def test_an_answer_comes_with_its_tokens(fake: FakeEndpoint) -> None:
    answer = complete(Endpoint("remote", fake.url, "m"))
    assert answer.text == '{"a": 1}'
    assert (answer.tokens.prompt, answer.tokens.completion) == (100, 10)


def test_each_server_is_asked_in_words_it_knows(fake: FakeEndpoint) -> None:
    ordinary = sent(fake, Feature.JSON_SCHEMA)
    assert (ordinary["max_tokens"], ordinary["temperature"]) == (9, 0)
    assert "response_format" in ordinary
    assert not {"id_slot", "priority", "service_tier"} & set(ordinary)
    assert sent(fake, Feature.ID_SLOT)["id_slot"] == 2
    assert "response_format" not in sent(fake)
    assert sent(fake, Feature.LOGPROBS)["logprobs"] is True
    assert "logprobs" not in ordinary


def test_the_server_is_told_who_waits_where_it_can_make_use_of_it(fake: FakeEndpoint) -> None:
    batch, chat = (sent(fake, Feature.PRIORITY, lane=lane) for lane in (Lane.BATCH, Lane.CHAT))
    assert chat["priority"] < batch["priority"]
    assert sent(fake, Feature.SERVICE_TIER)["service_tier"] == "flex"
    assert "service_tier" not in sent(fake, Feature.SERVICE_TIER, lane=Lane.CHAT)


def test_openai_is_not_sent_what_it_refuses(fake: FakeEndpoint) -> None:
    body = request_body(Endpoint("any name", OPENAI_URL, "m"), Request([], {}, 9))
    assert "temperature" not in body
    assert body["max_completion_tokens"] > 9


def test_a_rate_limit_says_when_to_come_back(fake: FakeEndpoint) -> None:
    fake.script = lambda _t, _b: Reply(status=429, body=b"{}", headers=(("retry-after", "7"),))
    with pytest.raises(RateLimited) as caught:
        complete(Endpoint("remote", fake.url, "m"))
    assert caught.value.retry_after_s == 7


def test_a_server_that_is_overloaded_says_when_to_come_back(fake: FakeEndpoint) -> None:
    fake.script = lambda _t, _b: Reply(status=503, body=b"{}", headers=(("retry-after", "7"),))
    with pytest.raises(EndpointError) as caught:
        complete(Endpoint("remote", fake.url, "m"))
    assert (caught.value.retry_after_s, caught.value.transient) == (7, True)


def test_a_refusal_repeats_the_servers_words_but_never_the_key(fake: FakeEndpoint) -> None:
    fake.script = lambda _t, _b: Reply(
        status=400, body=b'{"error": {"message": "no such\\nthing"}}'
    )
    endpoint = Endpoint("remote", fake.url, "m", api_key=SecretStr("sk-secret"))
    with pytest.raises(EndpointError, match="no such thing") as caught:
        complete(endpoint)
    assert "sk-secret" not in str(caught.value)
    assert not caught.value.transient


def test_how_likely_each_token_was_comes_with_the_answer_where_the_server_tells() -> None:
    told = [{"token": '{"a"', "logprob": -0.1}, {"token": ": 1}", "logprob": -0.2}]
    choice = {"message": {"content": '{"a": 1}'}, "logprobs": {"content": told}}
    answer = read_answer({"choices": [choice]}, Endpoint("remote", "http://x", "m"))
    assert answer.written == (('{"a"', -0.1), (": 1}", -0.2))
    del choice["logprobs"]
    assert not read_answer({"choices": [choice]}, Endpoint("remote", "http://x", "m")).written
