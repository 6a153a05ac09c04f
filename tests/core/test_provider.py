"""The calls to a provider, against a server that speaks OpenAI's Batch API."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from openai.types import Batch, FileObject
from pydantic import SecretStr

from core.endpoints import Endpoint
from core.errors import EndpointError, RateLimited, Refused, TimedOut, Unreachable
from core.provider import URL, Provider
from core.remote_batch import RemoteBatch
from tests.fake_batches import KEY, FakeBatches, Fault, Times
from tests.fake_endpoint import Reply


@pytest.fixture
def fake() -> Iterator[FakeBatches]:
    times = Times(validate_s=0.0, work_s=0.0, finalize_s=0.0, cancel_s=0.0)
    with FakeBatches(lambda text, _: Reply(text), times).running() as running:
        yield running


def endpoint_of(fake: FakeBatches, key: str = KEY) -> Endpoint:
    return Endpoint("far", fake.url, "m", api_key=SecretStr(key))


@pytest.fixture
def provider(fake: FakeBatches) -> Iterator[Provider]:
    with closing(Provider(endpoint_of(fake))) as made:
        yield made


def requests(*texts: str) -> io.BytesIO:
    lines = [
        {
            "custom_id": f"j-{number}",
            "method": "POST",
            "url": URL,
            "body": {"model": "m", "messages": [{"role": "user", "content": text}]},
        }
        for number, text in enumerate(texts, start=1)
    ]
    return io.BytesIO("\n".join(map(json.dumps, lines)).encode())


def send(provider: Provider, *texts: str, name: str = "ours") -> RemoteBatch:
    return provider.create(provider.upload("rows.jsonl", requests(*texts)), name)


def ended(provider: Provider, remote_id: str) -> RemoteBatch:
    deadline = time.monotonic() + 10
    while True:
        found = provider.look(remote_id)
        assert found is not None
        if found.ended:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.01)


def lines_of(provider: Provider, file_id: str) -> dict[str, Any]:
    content = b"".join(provider.download(file_id))
    return {line["custom_id"]: line for line in map(json.loads, content.splitlines())}


def test_the_server_speaks_as_the_official_package_expects(
    fake: FakeBatches, provider: Provider
) -> None:
    created = send(provider, "a")
    ended(provider, created.id)
    FileObject.model_validate(next(iter(fake.files.values())).info, strict=True)
    Batch.model_validate(fake.batches[created.id], strict=True)
    fake.refusal = ({"code": "x", "message": "y", "param": None, "line": 1},)
    Batch.model_validate(fake.batches[ended(provider, send(provider, "a").id).id], strict=True)


def test_a_batch_goes_its_way_and_its_answers_come_as_a_stream(
    fake: FakeBatches, provider: Provider
) -> None:
    fake.script = lambda text, _: Reply(text, status=400 if text == "bad" else 200, body=None)
    created = send(provider, "good", "bad", "fine")
    assert created.can_be_cancelled
    found = ended(provider, created.id)
    assert (found.status, found.answered, found.findings) == ("completed", 3, ())
    assert found.output_file is not None
    assert found.error_file is not None
    assert set(lines_of(provider, found.output_file)) == {"j-1", "j-3"}
    assert set(lines_of(provider, found.error_file)) == {"j-2"}
    for file_id in found.files:
        provider.delete(file_id)
        provider.delete(file_id)
        assert not list(provider.download(file_id))
    assert not fake.files


def test_a_batch_is_found_by_our_name_over_several_pages(
    fake: FakeBatches, provider: Provider
) -> None:
    mine = send(provider, "a", name="mine")
    others = [send(provider, "a", name=f"other {number}") for number in range(7)]
    assert [found.id for found in provider.find("mine", 0.0)] == [mine.id]
    assert [found.id for found in provider.find("other 3", 0.0)] == [others[3].id]
    assert provider.find("nobody", 0.0) == []
    fake.calls.clear()
    assert provider.find("mine", time.time() + 60) == []
    assert len(fake.calls) == 1, "it stops at batches that are too old"


def test_what_a_provider_says_of_a_whole_batch_is_kept(
    fake: FakeBatches, provider: Provider
) -> None:
    fake.most_enqueued = 0
    found = ended(provider, send(provider, "a").id)
    assert (found.status, found.met_token_limit) == ("failed", True)
    assert "Enqueued token limit reached" in found.findings[0].message


def test_a_batch_is_cancelled_and_one_that_has_ended_is_left(
    fake: FakeBatches, provider: Provider
) -> None:
    fake.times.work_s = 60
    created = send(provider, "a", "b")
    provider.cancel(created.id)
    assert ended(provider, created.id).status == "cancelled"
    provider.cancel(created.id)
    assert provider.look("batch_unknown") is None


FAULTS = {
    "no answer": (Fault("GET /v1/batches/{id}"), Unreachable, None),
    "server error": (Fault("GET /v1/batches/{id}", 500), EndpointError, 500),
    "rate limit": (
        Fault("GET /v1/batches/{id}", 429, headers=(("Retry-After", "7"),)),
        RateLimited,
        429,
    ),
    "no permission": (Fault("GET /v1/batches/{id}", 403), Refused, 403),
}


@pytest.mark.parametrize(("fault", "kind", "status"), FAULTS.values(), ids=FAULTS)
def test_what_goes_wrong_is_told_in_our_words(
    fake: FakeBatches,
    provider: Provider,
    fault: Fault,
    kind: type[EndpointError],
    status: int | None,
) -> None:
    fake.faults.append(fault)
    with pytest.raises(kind, match="far") as caught:
        provider.look("batch_1")
    assert caught.value.status == status
    assert len(fake.calls) == 1, "whether to try again is not decided here"
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after_s == 7


def test_a_wrong_key_is_refused_and_not_repeated_in_words(fake: FakeBatches) -> None:
    stranger = Provider(endpoint_of(fake, "sk-secret"))
    with closing(stranger), pytest.raises(Refused, match="Incorrect API key") as caught:
        stranger.upload("rows.jsonl", requests("a"))
    assert "sk-secret" not in str(caught.value)


def test_a_server_that_is_not_there_or_does_not_answer_is_told(
    fake: FakeBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Provider(Endpoint("far", "http://127.0.0.1:9/v1", "m"))
    with closing(nobody), pytest.raises(Unreachable, match=r"cannot be reached at http://127\."):
        nobody.look("batch_1")
    monkeypatch.setattr("core.provider.ANSWER_S", 0.05)
    fake.times.create_s = 1.0
    with closing(Provider(endpoint_of(fake))) as provider:
        file_id = provider.upload("rows.jsonl", requests("a"))
        with pytest.raises(TimedOut, match="did not answer in time"):
            provider.create(file_id, "ours")


def test_a_download_that_breaks_off_is_no_whole_file(fake: FakeBatches, provider: Provider) -> None:
    found = ended(provider, send(provider, *(f"text {number}" for number in range(200))).id)
    assert found.output_file is not None
    fake.cuts = 1
    with pytest.raises(EndpointError, match="broke the connection"):
        list(provider.download(found.output_file))
    assert len(lines_of(provider, found.output_file)) == 200
