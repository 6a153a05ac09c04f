from __future__ import annotations

import json

from batch.flags import Flag
from batch.jsonl_results import jsonl_lines
from batch.results import ResultRow
from core.statuses import Review
from core.values import Origin, Value

DONE = ResultRow(
    1,
    {"id": "=A1", "color": "red\nish"},
    "done",
    {
        "Color": Value("Réd", Origin.STATED, "color", 0, 3),
        "weight": Value(-2.5),
        "uses": Value(["a", "b"], Origin.HUMAN),
    },
    notes=("doubted",),
    review=Review.FLAGGED,
    flags=(Flag("Color", "Not in the product's text"),),
)
FAILED = ResultRow(2, {"id": "2", "color": "?"}, "failed", {}, error="=No answer")
WAITING = ResultRow(3, {"id": "3"}, "waiting", {})


def test_a_row_is_an_object_with_typed_values_and_their_sources() -> None:
    lines = list(jsonl_lines((DONE, FAILED, WAITING)))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    done, failed, waiting = map(json.loads, lines)
    assert done == {
        "row": 1,
        "status": "done",
        "notes": ["doubted"],
        "review": "flagged",
        "flags": [{"field": "Color", "reason": "Not in the product's text"}],
        "original": {"id": "=A1", "color": "red\nish"},
        "values": {"Color": "Réd", "weight": -2.5, "uses": ["a", "b"]},
        "sources": {
            "Color": {"origin": "stated", "column": "color", "start": 0, "end": 3},
            "weight": {"origin": "inferred"},
            "uses": {"origin": "human"},
        },
    }
    assert (failed["status"], failed["error"], failed["values"]) == ("failed", "=No answer", {})
    assert "error" not in waiting


def test_what_was_written_stands_beside_the_form_it_was_given() -> None:
    value = Value(30.48, Origin.STATED, "title", 0, 5, raw="12 in", confidence=0.9)
    row = ResultRow(1, {"title": "12 in"}, "done", {"length": value})
    (line,) = jsonl_lines([row])
    found = json.loads(line)
    assert found["values"] == {"length": 30.48}
    assert found["sources"]["length"] == {
        "origin": "stated",
        "column": "title",
        "start": 0,
        "end": 5,
        "raw": "12 in",
        "confidence": 0.9,
    }


def test_half_a_surrogate_pair_does_not_break_the_file() -> None:
    (line,) = jsonl_lines([ResultRow(1, {"id": "1"}, "done", {"x": Value("a\ud800")})])
    assert json.loads(line)["values"] == {"x": "a\ud800"}
