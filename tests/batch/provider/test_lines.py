"""Rows as lines of requests, and lines of answers as outcomes; without a provider."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest

from batch.answer_lines import NO_ANSWER, TOO_LATE, AnswerLines, AnswerReader
from batch.extract import Extraction
from batch.inputs import Input, Inputs
from batch.plan import Plan
from batch.request_lines import CheckedFile, RequestLines, custom_id, row_of
from core.endpoints import Endpoint, Feature
from core.statuses import RowStatus
from tests.batch.conftest import COLUMNS, FIELDS
from tests.fake_endpoint import Reply, completion

JOB = "0a1b2c3d4e"
TIERED = frozenset({Feature.JSON_SCHEMA, Feature.SERVICE_TIER, Feature.PRIORITY})
ENDPOINT = Endpoint("e", "http://e", "m", batch_requests=3, input_price=4.0, supports=TIERED)
EXTRACTION = Extraction(COLUMNS, Plan(FIELDS), attempts=3)
GOOD = json.loads(completion(Reply('{"brand": "Acme"}')))


def items(count: int, size: int = 0) -> list[Input]:
    inputs = Inputs(COLUMNS, Plan(FIELDS))
    return [inputs.of(row, {"title": f"Acme {row}" + "x" * size}) for row in range(1, count + 1)]


def lines_of(endpoint: Endpoint, count: int, size: int = 0) -> RequestLines:
    return RequestLines(JOB, endpoint, EXTRACTION, iter(items(count, size)))


def test_a_row_is_asked_as_in_a_single_call_but_without_a_lane() -> None:
    file = io.BytesIO()
    lines_of(ENDPOINT, 1).fill(file, 10)
    (line,) = file.getvalue().splitlines()
    asked = json.loads(line)
    assert (asked["custom_id"], asked["method"], asked["url"]) == (
        f"{JOB}-1",
        "POST",
        "/v1/chat/completions",
    )
    assert asked["body"]["model"] == "m"
    assert asked["body"]["messages"][-1]["content"] == "Acme 1"
    assert asked["body"]["response_format"]["type"] == "json_schema"
    assert not {"service_tier", "priority"} & set(asked["body"])


def test_files_hold_at_most_so_many_lines_and_no_row_is_left_out() -> None:
    lines = lines_of(ENDPOINT, 7)
    found = [lines.fill(io.BytesIO(), most) for most in (10, 2, 10, 10)]
    assert found == [[1, 2, 3], [4, 5], [6, 7], []]


def test_files_hold_at_most_so_many_bytes_and_no_row_is_left_out() -> None:
    small = Endpoint("e", "http://e", "m", batch_mb=0.01)
    lines, sizes, numbers = lines_of(small, 20, size=2000), [], []
    while True:
        file = io.BytesIO()
        if not (found := lines.fill(file, 100)):
            break
        sizes.append(len(file.getvalue()))
        numbers += found
    assert numbers == list(range(1, 21))
    assert max(sizes) <= 10_000
    assert len(sizes) > 2


def test_a_row_is_known_by_its_name_and_others_are_not() -> None:
    assert row_of(JOB, custom_id(JOB, 1205)) == 1205
    for name in ("", "x", f"{JOB}-", f"{JOB}-x", "another-7", None, 7):
        assert row_of(JOB, name) is None


def test_sending_a_file_ends_when_the_job_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    class StoppedError(Exception):
        pass

    def check() -> None:
        raise StoppedError

    file = CheckedFile(io.BytesIO(b"abc"), check)
    assert file.read(1) == b"a"
    monkeypatch.setattr("batch.request_lines.CHECK_S", 0.0)
    with pytest.raises(StoppedError):
        file.read(1)


def answer(row: int, body: Any = GOOD, status: int = 200) -> dict[str, Any]:
    response = {"status_code": status, "request_id": "r", "body": body}
    return {"id": "x", "custom_id": custom_id(JOB, row), "response": response, "error": None}


def error(row: int, code: str, message: str = "said") -> dict[str, Any]:
    told = {"code": code, "message": message}
    return {"id": "x", "custom_id": custom_id(JOB, row), "response": None, "error": told}


def test_answers_are_found_by_row_in_whatever_order_and_pieces_they_come() -> None:
    answers = [answer(row, {"row": row}) for row in (3, 1, 4, 2)]
    strange = [answer(9), {"custom_id": "another-1"}, {"no": "id"}, 7]
    content = b"\n".join(orjson.dumps(one) for one in [*answers, *strange])
    for size in (1, 7, 100, 10_000):
        pieces = (content[at : at + size] for at in range(0, len(content), size))
        lines = AnswerLines(JOB, io.BytesIO())
        lines.take(pieces, range(1, 6))
        lines.take([orjson.dumps(error(5, "batch_expired")), b"\n{broken\n"], range(1, 6))
        for row in range(1, 5):
            found = lines.line(row)
            assert found is not None
            assert found["response"]["body"] == {"row": row}
        assert lines.line(6) is None
        assert (lines.answered, lines.strange) == (4, 5)


def test_the_first_line_of_a_row_counts() -> None:
    lines = AnswerLines(JOB, io.BytesIO())
    lines.take([orjson.dumps(answer(1, {"n": 1})) + b"\n"], [1])
    lines.take([orjson.dumps(answer(1, {"n": 2})) + b"\n"], [1])
    found = lines.line(1)
    assert found is not None
    assert found["response"]["body"] == {"n": 1}


def read(line: dict[str, Any] | None, ending: str = "completed", before: int = 0) -> Any:
    reader = AnswerReader(EXTRACTION, ENDPOINT.in_batches(), ending)
    return reader.outcome(items(1)[0], line, before)


def test_a_good_answer_is_a_result_and_costs_the_batch_price() -> None:
    outcome = read(answer(1))
    assert (outcome.status, outcome.model, outcome.attempts) == (RowStatus.DONE, "m", 1)
    assert outcome.values["brand"].column == "title"
    assert [call.cost for call in outcome.calls] == [pytest.approx(100 * 4.0 / 2 / 1_000_000)]


UNUSABLE = {
    "no completion": "a string",
    "no choices": {"choices": []},
    "nothing": None,
    "no text": json.loads(completion(Reply(""))),
    "no JSON": json.loads(completion(Reply("{"))),
}


@pytest.mark.parametrize("body", UNUSABLE.values(), ids=UNUSABLE)
def test_an_answer_that_cannot_be_used_is_tried_again_and_then_given_up(body: Any) -> None:
    again, last = read(answer(1, body)), read(answer(1, body), before=2)
    assert (again.status, last.status) == (RowStatus.RETRY, RowStatus.FAILED)
    assert again.error
    assert again.error == last.error
    assert [call.outcome for call in again.calls] == ["bad answer"]


def test_an_answer_that_was_cut_off_is_tried_once_more() -> None:
    body = json.loads(completion(Reply('{"brand', finish_reason="length")))
    assert read(answer(1, body)).status is RowStatus.RETRY
    last = read(answer(1, body), before=1)
    assert (last.status, last.raw) == (RowStatus.FAILED, '{"brand')


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RowStatus.FAILED),
        (404, RowStatus.FAILED),
        (408, RowStatus.RETRY),
        (429, RowStatus.RETRY),
        (500, RowStatus.RETRY),
    ],
)
def test_an_error_is_tried_again_where_that_can_help(status: int, expected: RowStatus) -> None:
    outcome = read(answer(1, {"error": {"message": "no such thing"}}, status))
    assert outcome.status is expected
    assert str(status) in outcome.error
    assert outcome.calls[0].outcome == f"http {status}"
    assert outcome.calls[0].cost == 0


def test_a_row_without_an_answer_had_its_chance_only_in_a_batch_that_was_not_given_up() -> None:
    assert read(None, "completed").error == NO_ANSWER
    assert read(None, "expired").error == TOO_LATE
    assert read(error(1, "batch_expired"), "expired").error == TOO_LATE
    assert read(error(1, "server_error"), "completed").error == "said"
    assert read(error(1, "batch_expired"), "expired", before=2).status is RowStatus.FAILED
    for ending in ("cancelled", "failed", "lost"):
        assert read(None, ending) is None
    assert read(error(1, "batch_cancelled"), "cancelled") is None


def test_of_a_row_that_is_too_long_the_first_part_is_read_and_the_result_says_so() -> None:
    (item,) = items(1, size=7000)
    reader = AnswerReader(EXTRACTION, ENDPOINT.in_batches(), "completed")
    outcome = reader.outcome(item, answer(1), 0)
    assert outcome is not None
    assert outcome.status is RowStatus.DONE
    assert outcome.notes == ("Only the first 6,000 characters were read.",)
    assert [flag.reason for flag in outcome.flags][-1] == "Only a part of the text was read"
