from __future__ import annotations

import asyncio
import json

import pytest
from tenacity import wait_none

from batch import extract
from batch.columns import Columns
from batch.extract import Ask, Extraction, Outcome
from batch.fields import FieldSet, parse_fields
from batch.inputs import Inputs
from batch.plan import Plan
from core.endpoints import Endpoint
from core.errors import EndpointError
from core.model_client import ModelClient
from core.statuses import RowStatus
from core.values import Origin
from tests.fake_endpoint import FakeEndpoint, Reply, Script

ROW = {"id": "P1", "title": "Acme bottle 2 l", "notes": "Made by ACME"}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "BACKOFF", wait_none())


def asking(client: ModelClient) -> Ask:
    return lambda request, note: client.complete(request)


def extract_row(
    script: Script,
    fields: FieldSet,
    row: dict[str, str] = ROW,
    *,
    timeout_s: float = 5.0,
    attempts: int = 3,
) -> tuple[Outcome, FakeEndpoint]:
    async def once(fake: FakeEndpoint) -> Outcome:
        client = ModelClient(
            Endpoint(name="fake", base_url=fake.url, model="fake"), timeout_s=timeout_s
        )
        columns = Columns(id="id", text=("title", "notes"))
        extraction = Extraction(columns, Plan(fields), attempts=attempts)
        try:
            return await extraction.extract(
                asking(client), Inputs(columns, Plan(fields)).of(1, row)
            )
        finally:
            await client.close()

    fake = FakeEndpoint(script)
    with fake.running():
        return asyncio.run(once(fake)), fake


def always(reply: Reply) -> Script:
    return lambda _text, _before: reply


def good() -> Reply:
    return Reply(json.dumps({"brand": "acme", "capacity": 2}))


def test_values_are_typed_and_say_where_they_stand(fields: FieldSet) -> None:
    outcome, _ = extract_row(always(good()), fields)
    assert outcome.status is RowStatus.DONE
    brand, capacity = outcome.values["brand"], outcome.values["capacity"]
    assert (brand.value, brand.origin, brand.column) == ("Acme", Origin.STATED, "title")
    assert ROW["title"][brand.start : brand.end] == "Acme"
    assert (capacity.value, capacity.start) == (2.0, 12)


def test_a_value_that_is_not_in_the_row_is_marked_as_inferred(fields: FieldSet) -> None:
    outcome, _ = extract_row(always(Reply(json.dumps({"brand": "Zenith"}))), fields)
    assert outcome.values["brand"].origin is Origin.INFERRED


def test_the_shared_part_comes_first_and_the_answer_is_constrained(fields: FieldSet) -> None:
    _, fake = extract_row(always(good()), fields)
    body = fake.requests[0]
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "Acme" not in body["messages"][0]["content"]
    schema = body["response_format"]["json_schema"]["schema"]
    assert set(schema["properties"]) == {"brand", "capacity"}


FAULTS = {
    "invalid JSON": (Reply('{"brand": "Ac'), "not valid JSON"),
    "JSON that is no object": (Reply("[1]"), "not a JSON object"),
    "an empty answer": (Reply(""), "empty answer"),
    "a cut answer": (Reply('{"brand": "A"}', finish_reason="length"), "cut off"),
    "a malformed body": (Reply(body=b"<html>"), "not in the expected form"),
    "a 429": (Reply(status=429, body=b"{}", headers=(("retry-after", "0"),)), "rate limit"),
    "a 500": (Reply(status=500, body=b"{}"), "500"),
}


@pytest.mark.parametrize(("reply", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_that_stays_makes_a_failed_row_with_its_reason(
    reply: Reply, reason: str, fields: FieldSet
) -> None:
    outcome, fake = extract_row(always(reply), fields)
    assert outcome.status is RowStatus.FAILED
    assert reason in outcome.error
    assert outcome.values == {}
    assert outcome.attempts == fake.calls.total() == (2 if "cut off" in reason else 3)


@pytest.mark.parametrize(("reply", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_that_passes_costs_nothing_but_the_calls(
    reply: Reply, reason: str, fields: FieldSet
) -> None:
    outcome, _ = extract_row(lambda _text, before: good() if before else reply, fields)
    assert outcome.status is RowStatus.DONE
    assert outcome.attempts == 2


def test_a_cut_answer_after_another_fault_is_asked_for_once_more(fields: FieldSet) -> None:
    cut = Reply('{"brand": "A"}', finish_reason="length")
    replies = [Reply(status=500, body=b"{}"), cut, good()]
    outcome, _ = extract_row(lambda _text, before: replies[before], fields)
    assert outcome.status is RowStatus.DONE
    assert outcome.attempts == 3


def test_a_second_cut_answer_ends_a_row_whatever_came_between(fields: FieldSet) -> None:
    cut = Reply('{"brand": "A"}', finish_reason="length")
    replies = [cut, Reply(status=500, body=b"{}"), cut, good()]
    outcome, fake = extract_row(lambda _text, before: replies[before], fields, attempts=5)
    assert outcome.status is RowStatus.FAILED
    assert "cut off" in outcome.error
    assert fake.calls.total() == 3


def test_no_answer_at_all_is_a_failed_row(fields: FieldSet) -> None:
    outcome, _ = extract_row(always(Reply(delay_s=5)), fields, timeout_s=0.2, attempts=2)
    assert outcome.status is RowStatus.FAILED
    assert "did not answer in time" in outcome.error


def test_an_endpoint_that_is_not_there_is_a_failed_row(fields: FieldSet) -> None:
    async def once() -> Outcome:
        nowhere = Endpoint(name="gone", base_url="http://127.0.0.1:9/v1", model="fake")
        client = ModelClient(nowhere, timeout_s=2)
        columns = Columns(text=("title",))
        extraction = Extraction(columns, Plan(fields), attempts=2)
        try:
            return await extraction.extract(
                asking(client), Inputs(columns, Plan(fields)).of(1, ROW)
            )
        finally:
            await client.close()

    outcome = asyncio.run(once())
    assert "cannot be reached" in outcome.error
    assert outcome.attempts == 2


def test_a_400_is_not_tried_again(fields: FieldSet) -> None:
    outcome, fake = extract_row(always(Reply(status=400, body=b"{}")), fields)
    assert outcome.status is RowStatus.FAILED
    assert fake.calls.total() == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_row_can_escape_is_an_error_not_a_row(status: int, fields: FieldSet) -> None:
    with pytest.raises(EndpointError) as caught:
        extract_row(always(Reply(status=status, body=b"{}")), fields)
    assert caught.value.status == status


def test_a_missing_required_value_fails_the_row_and_keeps_the_raw_answer() -> None:
    fields = parse_fields([{"name": "brand", "type": "text", "required": True}])
    outcome, _ = extract_row(always(Reply("{}")), fields)
    assert "required brand" in outcome.error
    assert outcome.raw == "{}"


def test_a_row_without_text_is_not_sent(fields: FieldSet) -> None:
    outcome, fake = extract_row(always(good()), fields, {"id": "1", "title": " ", "notes": ""})
    assert outcome.status is RowStatus.FAILED
    assert "no text" in outcome.error
    assert fake.calls.total() == 0


def test_a_very_long_row_is_cut_and_says_so(fields: FieldSet) -> None:
    row = {"id": "1", "title": "Acme " + "x" * 200_000, "notes": ""}
    outcome, fake = extract_row(always(good()), fields, row)
    assert outcome.status is RowStatus.DONE
    assert "Read 1 of the 34 parts of this long text." in outcome.notes
    assert len(fake.requests[0]["messages"][1]["content"]) == 6000
