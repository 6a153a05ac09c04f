from __future__ import annotations

import math

import pytest

from batch.columns import Columns
from batch.confidence import confidences
from batch.fields import Field
from batch.inputs import Inputs
from batch.plan import Plan
from batch.reading import read
from core.model import Answer, Token
from core.usage import Tokens


def tokens(*parts: tuple[str, float]) -> tuple[Token, ...]:
    """Pieces of an answer with the probability of each."""
    return tuple(Token(text, math.log(probability)) for text, probability in parts)


WRITTEN = tokens(
    ('{"brand": "', 1.0), ("Ac", 0.9), ("me", 0.4), ('", "size": ', 1.0), ("12", 0.5), ("}", 1.0)
)
TEXT = '{"brand": "Acme", "size": 12}'


def test_a_values_confidence_is_the_mean_of_its_own_tokens() -> None:
    found = confidences(TEXT, WRITTEN, ["brand", "size", "color"])
    assert found == {"brand": pytest.approx(0.6, abs=0.001), "size": pytest.approx(0.5)}


def test_what_the_server_has_left_out_around_the_answer_does_not_matter() -> None:
    fenced = tokens(("```json\n", 1.0), *((one.text, math.exp(one.logprob)) for one in WRITTEN))
    assert confidences(TEXT, fenced, ["size"]) == {"size": pytest.approx(0.5)}


def test_tokens_that_do_not_make_up_the_answer_tell_nothing() -> None:
    assert confidences(TEXT, WRITTEN[:-1], ["brand"]) == {}
    assert confidences(TEXT, (), ["brand"]) == {}


def test_a_value_keeps_its_confidence_when_it_is_found_in_the_row() -> None:
    columns = Columns(text=("title",))
    item = Inputs(columns, Plan((Field(name="brand"),))).of(1, {"title": "ACME bottle"})
    written = tokens(('{"brand": "', 1.0), ("Acme", 0.4), ('"}', 1.0))
    answer = Answer('{"brand": "Acme"}', Tokens(), 1.0, "e", "m", written=written)
    value = read(answer, item, columns.text).values["brand"]
    assert value.column == "title"
    assert value.confidence == pytest.approx(0.4)
